import type { CheckoutMode } from '../../src/domain/catalogue.ts';
import type { ProviderAbilities } from '../../src/domain/routing/abilities.ts';
import { defaultReactions } from '../../src/domain/routing/reaction.ts';
import { moduleOf, operationsOf, providerIds } from '../../src/providers/accounts.ts';
import type { CredentialField, ProviderModule } from '../../src/providers/port.ts';
import { operationWords } from './operation-words.ts';

const modules: readonly ProviderModule[] = providerIds().map(moduleOf);
const yes = (is: boolean): string => (is ? '✓' : '–');
const list = (items: readonly string[]): string => (items.length === 0 ? '–' : items.join(', '));

type Served = ProviderAbilities['countries'];
const served = (of: Served, all: string): string => {
  if ('only' in of) return of.only.join(', ');
  return of.except.length === 0 ? all : `${all} but ${of.except.join(', ')}`;
};

/** Everything between the markers of docs/providers.md, from the registry alone. */
export function providerTables(): string {
  return [
    ...['### Operations', operationTable(), '### Selling', sellingTable(), '### Subscriptions', subscriptionTable()],
    ...['### Payment methods', methodTable(), ...modules.map(methodLimits)],
    ...['### Errors', errorIntroduction, ...modules.map(errorTable)],
    ...['### Credentials', ...modules.map(credentialTable)],
    ...['### What stays when a customer is erased', ...modules.map(retained)],
  ].join('\n\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '/')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const names = (first: string): readonly string[] => [first, ...modules.map(({ name }) => name)];
const row = (title: string, cell: (module: ProviderModule) => string): readonly string[] => [
  title,
  ...modules.map(cell),
];

function operationTable(): string {
  const rows = Object.entries(operationWords).flatMap(([group, { title, operations }]) => [
    row(`**${title}**`, () => ''),
    ...Object.entries(operations).map(([operation, words]) =>
      row(words, ({ id }) => yes(operationsOf(id).includes(`${group}.${operation}`))),
    ),
  ]);
  return table(names('Operation'), rows);
}

const modeWords: Readonly<Record<CheckoutMode, string>> = {
  payment: 'once',
  subscription: 'subscription',
  setup: 'saved',
};
const modes = (of: readonly CheckoutMode[]): string => list(of.map((mode) => modeWords[mode]));

function sellingTable(): string {
  return table(names('Selling'), [
    row('merchant of record', ({ abilities }) => yes(abilities.merchantOfRecord)),
    row('sells', ({ abilities }) => modes(abilities.modes)),
    row('buyers’ countries', ({ abilities }) => served(abilities.countries, 'all')),
    row('currencies', ({ abilities }) => served(abilities.currencies, 'all')),
    row('needs of the buyer', ({ abilities }) => list(abilities.requires)),
    row('needs a pushed price', ({ abilities }) => modes(abilities.needsProviderPrice)),
    row('quantities', ({ abilities }) => modes(abilities.features.quantity)),
    row('discount codes', ({ abilities }) => modes(abilities.features.discountCode)),
    row('trials', ({ abilities }) => modes(abilities.features.trialDays)),
    row('a voucher’s own end', ({ abilities }) => modes(abilities.features.voucherExpiry)),
    row('embedded in a page', ({ abilities }) => modes(abilities.features.embed)),
  ]);
}

function subscriptionTable(): string {
  type Subscriptions = NonNullable<ProviderAbilities['subscriptions']>;
  const ask = (cell: (can: Subscriptions) => string) => (module: ProviderModule) => {
    const can = module.abilities.subscriptions;
    return can ? cell(can) : '–';
  };
  const when = (of: readonly ('now' | 'period_end')[]): string =>
    list(of.map((at) => (at === 'now' ? 'at once' : 'at the period’s end')));
  return table(names('Subscriptions'), [
    row(
      'cancel',
      ask((can) => when(can.cancel)),
    ),
    row(
      'undo a cancellation',
      ask((can) => yes(can.undoCancel)),
    ),
    row(
      'pause',
      ask((can) => when(can.pause)),
    ),
    row(
      'a pause that ends by itself',
      ask((can) => yes(can.pauseUntil)),
    ),
    row(
      'change the plan',
      ask((can) => when(can.change.plan)),
    ),
    row(
      'change the interval',
      ask((can) => when(can.change.interval)),
    ),
    row(
      'change the quantity',
      ask((can) => when(can.change.quantity)),
    ),
    row(
      'proration',
      ask((can) => list(can.proration.map((mode) => mode.replaceAll('_', ' ')))),
    ),
    row(
      'exact preview',
      ask((can) => yes(can.preview)),
    ),
    row(
      'move a trial’s end',
      ask((can) => yes(can.moveTrialEnd)),
    ),
    row(
      'collects renewals itself',
      ask((can) => yes(can.renews)),
    ),
  ]);
}

function methodTable(): string {
  const methods = [
    ...new Set(modules.flatMap(({ abilities }) => abilities.paymentMethods.map(({ method }) => method))),
  ];
  return table(
    names('Method'),
    methods.map((method) =>
      row(`\`${method}\``, ({ abilities }) => {
        const offered = abilities.paymentMethods.filter((known) => known.method === method);
        return modes([...new Set(offered.flatMap((known) => known.modes))]);
      }),
    ),
  );
}

/** Where a method is not for every currency and country that the provider serves. */
function methodLimits({ name, abilities }: ProviderModule): string {
  const limited = abilities.paymentMethods.filter(({ currencies, countries }) => currencies ?? countries);
  if (limited.length === 0) return `At ${name} every method is for all its currencies and countries.`;
  const lines = limited.map(({ method, modes: of, currencies, countries }) => {
    const limits = [currencies && `in ${currencies.join(', ')}`, countries && `for buyers in ${countries.join(', ')}`];
    return `- \`${method}\` (${modes(of)}): ${limits.filter((limit) => limit !== undefined).join(', ')}`;
  });
  return [`At ${name}, not everywhere:`, lines.join('\n')].join('\n\n');
}

function credentialTable({ name, credentials }: ProviderModule): string {
  const rotation = ([key, field]: readonly [string, CredentialField]): string => {
    if (field.previousKey !== undefined && field.previousKey !== key)
      return `the one before stays under \`${field.previousKey}\``;
    return field.isSecret ? 'replaced' : '–';
  };
  const rows = Object.entries(credentials).map((entry) => {
    const [key, field] = entry;
    return [`\`${key}\``, field.description, yes(field.isRequired), yes(field.isSecret), rotation(entry)];
  });
  return [`**${name}**`, table(['Key', 'What it is', 'Required', 'Secret', 'Rotation'], rows)].join('\n\n');
}

const errorIntroduction = `What is done about each error, first line that fits; where none does: ${Object.entries(
  defaultReactions,
)
  .map(([kind, reaction]) => `\`${kind}\` → ${reaction.replace('_', ' ')}`)
  .join(', ')}. What may have been done is repeated only where the same key never does it twice.`;

function errorTable({ name, errorMap }: ProviderModule): string {
  const rows = errorMap.errors.map(({ code, status, param, reaction, refusal, because, source }) => {
    const when = [code && `\`${code}\``, status && String(status), param && `of \`${param}\``];
    const then = reaction === 'stop' ? `stop: \`${refusal ?? 'provider_refused'}\`` : reaction.replace('_', ' ');
    return [when.filter((part) => part !== undefined).join(' '), then, because, source];
  });
  const repeats = errorMap.repeatsByKey ? 'the same key never does it twice' : 'no idempotency keys';
  return [`**${name}** (${repeats})`, table(['Error', 'Reaction', 'Why', 'Source'], rows)].join('\n\n');
}

function retained({ name, abilities }: ProviderModule): string {
  const lines = abilities.retains.length === 0 ? ['- nothing'] : abilities.retains.map((words) => `- ${words}`);
  return [`**${name}**`, lines.join('\n')].join('\n\n');
}
