import type { Account } from '../accounts.ts';
import { OPERATION_NAMES, type OperationName } from '../control/operator-routes.ts';
import { testCards } from '../core/cards.ts';
import type { LedgerEntry } from '../core/ledger.ts';
import { formatMoney } from '../core/money-format.ts';
import { PROVIDERS, type ProviderId } from '../core/types.ts';
import { escape } from '../pages/html.ts';
import { type Place, deed, hidden, input, section, select, status, table } from './parts.ts';

const SHOWN = 30;

export const isOperation = (name: unknown): name is OperationName => OPERATION_NAMES.some((each) => each === name);

const FIELDS: Record<OperationName, readonly string[]> = {
  refund: ['amount_minor'],
  dispute: ['amount_minor', 'reason'],
  close: ['outcome'],
  card: ['number'],
  retry: [],
  cancel: ['when'],
};

/** The operation's input as the control interface takes it. */
export function operationInput(name: OperationName, fields: URLSearchParams): object {
  const given = FIELDS[name].flatMap((field) => {
    const text = (fields.get(field) ?? '').trim();
    return text === '' ? [] : [[field, field === 'amount_minor' ? Number(text) : text] as const];
  });
  return Object.fromEntries(given);
}

type Target = { provider: ProviderId; id: string };

function act(
  place: Place,
  target: Target,
  operation: OperationName,
  label: string,
  fields = '',
  look = 'quiet',
): string {
  return deed(place, 'operate', hidden({ ...target, operation }) + fields, label, look);
}

const amount = (hint: string): string =>
  input('Minor units', 'amount_minor', `inputmode="numeric" size="9" placeholder="${escape(hint)}"`);

function paymentActions(place: Place, entry: LedgerEntry): string {
  const target = { provider: entry.provider, id: entry.id };
  if (entry.kind === 'dispute') {
    const outcome = select('Outcome', 'outcome', [
      ['won', 'won'],
      ['lost', 'lost'],
    ]);
    return act(place, target, 'close', 'Close', outcome);
  }
  const all = amount(`all (${entry.amount_minor})`);
  const dispute = all + input('Reason', 'reason', 'size="12" placeholder="fraudulent"');
  return `${act(place, target, 'refund', 'Refund', all)}${act(place, target, 'dispute', 'Dispute', dispute, 'bad')}`;
}

function movements(account: Account, place: Place): string {
  const rows = account.sandbox.ledger
    .entries()
    .filter(({ kind }) => kind === 'charge' || kind === 'dispute')
    .reverse()
    .slice(0, SHOWN)
    .map((entry) => [
      `${escape(entry.provider)} ${escape(entry.kind)}<br><code>${escape(entry.id)}</code>`,
      escape(formatMoney(entry.amount_minor, entry.currency, 'en-US')),
      status(entry.status),
      account.desks[entry.provider].operator ? paymentActions(place, entry) : '',
    ]);
  return table('Payments', ['Payment', 'Amount', 'Status', ''], rows);
}

function subscriptionActions(place: Place, target: Target): string {
  const cards = testCards(target.provider).map(
    ({ number, label }) => [number, `…${number.slice(-4)} ${label}`] as const,
  );
  const when = select('When', 'when', [
    ['period_end', 'at the period’s end'],
    ['now', 'now'],
  ]);
  return `${act(place, target, 'card', 'Use card', select('Card', 'number', cards))}${act(place, target, 'retry', 'Retry payment')}${act(place, target, 'cancel', 'Cancel', when, 'bad')}`;
}

function subscriptions(account: Account, place: Place): string {
  const text = (row: object, field: string): string => {
    const value: unknown = Reflect.get(row, field);
    return typeof value === 'string' ? value : '';
  };
  const rows = PROVIDERS.flatMap((provider) =>
    account.sandbox.store
      .rows(`${provider}/subscriptions`)
      .filter((row): row is object => typeof row === 'object' && row !== null)
      .reverse()
      .slice(0, SHOWN)
      .map((row) => [
        `${escape(provider)}<br><code>${escape(text(row, 'id'))}</code>`,
        status(text(row, 'status')),
        account.desks[provider].operator ? subscriptionActions(place, { provider, id: text(row, 'id') }) : '',
      ]),
  );
  return table('Subscriptions', ['Subscription', 'Status', ''], rows);
}

/** What a merchant, a bank or a network does behind an app's back. */
export function actions(account: Account, place: Place): string {
  const without = PROVIDERS.filter((provider) => account.desks[provider].operator === null);
  const note =
    without.length === 0 ? '' : `<p class="note">Not possible in this sandbox at: ${escape(without.join(', '))}.</p>`;
  return `${note}${section('Payments and disputes', movements(account, place))}${section('Subscriptions', subscriptions(account, place))}`;
}
