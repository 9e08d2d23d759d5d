import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { at, listAt, textAt, type Json } from '../json.ts';
import { count, readJsonObject, words } from '../options.ts';
import { openSession, type Session, type Shell } from '../session.ts';
import { columnsOf, section, sheet, show } from '../show.ts';

interface ExplainOptions {
  readonly organization?: string;
  readonly product?: string;
  readonly interval?: string;
  readonly quantity?: number;
  readonly currency?: string;
  readonly country?: string;
  readonly cardCountry?: string;
  readonly email?: string;
  readonly methods?: readonly string[];
  readonly provider?: string;
  readonly policy?: string;
  readonly body?: string;
}

/** `explain`: where a checkout would go, and why. */
export function addExplain(program: Command, shell: Shell): void {
  program
    .command('explain')
    .description('where a checkout would go, and why; nothing is written and no provider called')
    .option('--organization <id>', 'who would buy')
    .option('--product <key>', 'what: a plan or product, by key or id')
    .option('--interval <interval>', 'monthly or yearly')
    .option('--quantity <n>', 'how many', count)
    .option('--currency <code>', 'in which currency')
    .option('--country <code>', 'where the customer is')
    .option('--card-country <code>', 'where the card is from')
    .option('--email <address>', 'the customer’s')
    .option('--methods <list>', 'how they would pay, as card,oxxo', words)
    .option('--provider <id>', 'forced')
    .option('--policy <name>', 'by this policy instead of the one in force')
    .option('--body <file>', 'the rest of the checkout as JSON; - reads standard input')
    .addHelpText(
      'after',
      `
Examples:
  plinto-billing explain --organization org_123 --product pro --interval monthly --country MX
  plinto-billing explain --organization org_123 --product pro --interval monthly --policy next --json
  echo '{"organization_id":"org_123","product_id":"pro","billing_interval":"yearly"}' | plinto-billing explain --body -`,
    )
    .action(async (options: ExplainOptions, command: Command) => {
      const session = openSession(shell, command);
      const body = { ...(options.body && (await readJsonObject(options.body, shell.terminal))), ...bodyOf(options) };
      const answer = await session.api.write('POST', '/ops/routing/explain', body, randomUUID());
      session.print(answer, () => describe(answer, session));
    });
}

function bodyOf(options: ExplainOptions) {
  const {
    organization,
    product,
    interval,
    quantity,
    currency,
    country,
    cardCountry,
    email,
    methods,
    provider,
    policy,
  } = options;
  return {
    ...(organization !== undefined && { organization_id: organization }),
    ...(product !== undefined && { product_id: product }),
    ...(interval !== undefined && { billing_interval: interval }),
    ...(quantity !== undefined && { quantity }),
    ...(currency !== undefined && { currency }),
    ...(country !== undefined && { country }),
    ...(cardCountry !== undefined && { card_country: cardCountry }),
    ...(email !== undefined && { email }),
    ...(methods !== undefined && { payment_methods: methods }),
    ...(provider !== undefined && { provider }),
    ...(policy !== undefined && { policy }),
  };
}

const marks: Readonly<Record<string, string>> = { held: '✓', failed: '✗', not_reached: '·' };

function describe(answer: Json, { terminal }: Session): string {
  const attempts = listAt(answer, 'attempts').map((each) => show(each));
  const head = sheet(
    [
      { title: 'outcome', of: (row) => show(at(row, 'status')).replaceAll('_', ' ') },
      { title: 'why', of: 'why' },
      { title: 'refusal', of: 'refusal.detail' },
      { title: 'asked in order', of: () => (attempts.length === 0 ? '–' : attempts.join(' → ')) },
      { title: 'rule', of: 'rule' },
      { title: 'policy', of: (row) => `${show(at(row, 'policy'))} v${show(at(row, 'policy_version'))}` },
      { title: 'country', of: (row) => `${show(at(row, 'country'))} (${show(at(row, 'country_source'))})` },
      { title: 'amount', of: 'amount' },
      { title: 'methods', of: 'payment_methods' },
      { title: 'bucket', of: 'bucket' },
    ],
    answer,
  );
  const considered = [
    { title: '', of: (row: Json) => marks[textAt(row, 'outcome') ?? ''] ?? '?' },
    ...columnsOf('rule'),
    { title: 'says', of: 'text', wraps: true },
    { title: 'why', of: 'why', wraps: true },
  ];
  return [
    head,
    ...section('Rules, in order', considered, listAt(answer, 'considered'), terminal.width),
    ...section('Passed over', columnsOf('provider', 'reason', 'why'), listAt(answer, 'skipped'), terminal.width),
    ...section(
      'Country',
      columnsOf('source', 'country', 'used', 'note'),
      listAt(answer, 'country_evidence'),
      terminal.width,
    ),
  ].join('\n');
}
