import type { Command } from 'commander';
import { change, changing } from '../change.ts';
import { at, isObject, listAt, numberAt, textAt, type Json } from '../json.ts';
import { count, counts, gather, readFileOrInput, words } from '../options.ts';
import { openSession, type Session, type Shell } from '../session.ts';
import { columnsOf, section, sheet, show } from '../show.ts';
import { addAct, addReadings, nameOf, printStarted, type StartOptions, type Subject } from '../subject.ts';
import { addMigrationArchive } from './migration-archive.ts';
import { addMigrationItems } from './migration-items.ts';
import { addMigrationProof } from './migration-proof.ts';

const migrationsPath = '/ops/migrations';
const settledStates = new Set(['excluded', 'done', 'kept', 'left', 'rolled_back', 'attention']);

const migrations: Subject = {
  ...{ noun: 'migration', command: 'migration', path: migrationsPath, stop: 'pause' },
  columns: [
    ...columnsOf('id', 'name', 'from', 'to', 'status', 'dry_run', 'created_at'),
    { title: 'why', of: 'why', wraps: true },
  ],
  filters: [
    { name: 'status', says: 'requested, inventory, planned, running, paused, aborting, aborted, completed or failed' },
  ],
  describe,
  progress(row) {
    const states = countsOf(row);
    const total = states.reduce((sum, [, items]) => sum + items, 0);
    const settled = states.reduce((sum, [state, items]) => sum + (settledStates.has(state) ? items : 0), 0);
    const text = states.map(([state, items]) => `${items} ${state.replaceAll('_', ' ')}`).join(', ');
    const isListing = ['requested', 'inventory'].includes(textAt(row, 'status') ?? '');
    return {
      share: total === 0 || isListing ? null : settled / total,
      text: `${show(at(row, 'status'))}: ${text || show(at(row, 'why'))}`,
    };
  },
  end(row) {
    const status = textAt(row, 'status');
    if (status === 'completed' || (status === 'planned' && at(row, 'dry_run') === true)) return 'good';
    return status === 'failed' || status === 'aborted' ? 'bad' : null;
  },
};

/** `migration`: the customers of one provider moved to others, one by one. */
export function addMigration(program: Command, shell: Shell): void {
  const parent = program
    .command('migration')
    .description('move the customers of one provider to others, one by one, never billed twice and never unbilled')
    .addHelpText(
      'after',
      `
Each customer is told, agrees on a page, and pays at the new provider from the day the old one was paid for. The old
one is cancelled then, and both are watched until the first charge. Who never acts stays where they are.
docs/runbooks/migrate-a-customer.md goes through it with one customer.

Examples:
  plinto-billing migration start --from OLD --name "Leaving OLD" --dry-run --watch      who, where to, what money
  plinto-billing migration plan mig_… --csv plan.csv
  plinto-billing migration start --from OLD --name "The first one" --organizations org_123
  plinto-billing migration watch mig_…
  plinto-billing migration items mig_… --state attention        who waits for a person
  plinto-billing migration rollback mig_… mi_…                  one customer, before the old one is cancelled
  plinto-billing migration prove mig_… --watch                  each period and the one charge that covers it
  plinto-billing migration archive mig_… --recipient age1…      what OLD knew, encrypted to you`,
    );
  addStart(parent, shell);
  addReadings(parent, shell, migrations);
  addAct(parent, shell, migrations, {
    ...{ name: 'pause', description: 'nobody else is told; who is on the way is seen through', final: null },
    says: (row) => `Holds ${nameOf(row)}: nobody else is told. Customers who are on the way are seen through.`,
  });
  addAct(parent, shell, migrations, {
    ...{ name: 'resume', description: 'let a held one go on', final: null },
    says: (row) => `Resumes ${nameOf(row)}.`,
  });
  addAct(parent, shell, migrations, {
    ...{ name: 'abort', description: 'end it: who is not past the cancellation stays at the old provider' },
    says: (row) =>
      `Ends ${nameOf(row)}: nobody else is moved, and who is not past the cancellation at ${show(at(row, 'from'))} stays there.`,
    final: () =>
      'An aborted migration cannot go on. Links that customers have stop working; a new migration tells them anew.',
  });
  addMigrationItems(parent, shell);
  addMigrationProof(parent, shell);
  addMigrationArchive(parent, shell);
}

interface MigrationOptions extends StartOptions {
  readonly name: string;
  readonly from: string;
  readonly to?: string;
  readonly organizations?: readonly string[];
  readonly csv?: string;
  readonly price?: readonly string[];
  readonly concurrency?: number;
  readonly noticesPerMinute?: number;
  readonly remindAfterMinutes?: readonly number[];
  readonly deadlineMinutes?: number;
  readonly lastCallMinutes?: number;
  readonly watchMinutes?: number;
}

function addStart(parent: Command, shell: Shell): void {
  const command = parent
    .command('start')
    .description('begin a migration; with --dry-run only plan it, with the money of every customer')
    .requiredOption('--name <name>', 'what people call it')
    .requiredOption('--from <provider>', 'whom customers leave')
    .option('--to <provider>', 'preferred where it can serve; without it routing alone decides')
    .option('--organizations <list>', 'only these: org_1,org_2', words)
    .option('--csv <file>', 'the old provider’s export, where its API cannot be asked; - reads standard input')
    .option('--price <offer=price>', 'our price for an offer of the old provider; again for more', gather)
    .option('--concurrency <n>', 'customers at a time', count)
    .option('--notices-per-minute <n>', 'customers told per minute', count)
    .option('--remind-after-minutes <list>', 'after the notice, such as 4320,10080', counts)
    .option('--deadline-minutes <n>', 'who has not acted by then stays', count)
    .option('--last-call-minutes <n>', 'how long before the paid-through date nobody is moved any more', count)
    .option('--watch-minutes <n>', 'how long after the paid-through date the old side must have stayed quiet', count)
    .option('--watch', 'follow it to its end');
  changing(command, { asks: true, previews: true }).action(async (options: MigrationOptions, self: Command) => {
    const session = openSession(shell, self);
    const isDry = options.dryRun === true;
    const whom = options.organizations?.join(', ') ?? `all customers of ${options.from}`;
    // A dry run is the API's own: it lists and plans, and its plan can be read afterwards.
    const row = await change(
      session,
      { ...options, dryRun: false },
      {
        ...{ method: 'POST', path: migrationsPath, body: await bodyOf(options, shell) },
        says: isDry
          ? `Plans to move ${whom}.`
          : `Moves ${whom}: each is sent a link now, or as soon as it is their turn.`,
        final: isDry ? null : 'A customer who was told cannot be untold. A dry run (--dry-run) shows whom it would be.',
      },
    );
    if (row !== null) await printStarted(session, migrations, row, options);
  });
}

async function bodyOf(options: MigrationOptions, shell: Shell) {
  const { name, from, to, organizations, csv, price } = options;
  const settings = {
    ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
    ...(options.noticesPerMinute !== undefined && { notices_per_minute: options.noticesPerMinute }),
    ...(options.remindAfterMinutes !== undefined && { remind_after_minutes: options.remindAfterMinutes }),
    ...(options.deadlineMinutes !== undefined && { deadline_minutes: options.deadlineMinutes }),
    ...(options.lastCallMinutes !== undefined && { last_call_minutes: options.lastCallMinutes }),
    ...(options.watchMinutes !== undefined && { watch_minutes: options.watchMinutes }),
  };
  return {
    ...{ name, from, dry_run: options.dryRun === true },
    ...(to !== undefined && { to }),
    ...(organizations !== undefined && { organizations }),
    ...(csv !== undefined && { csv: await readFileOrInput(csv, shell.terminal) }),
    ...(price !== undefined && { prices: Object.fromEntries(price.map(pair)) }),
    ...settings,
  };
}

/** `offer=price`; an offer's id may hold anything but the last equals sign. */
function pair(text: string): readonly [string, string] {
  const end = text.lastIndexOf('=');
  return [text.slice(0, end), text.slice(end + 1)];
}

/** How many items are in which state, most first. */
function countsOf(row: Json): readonly (readonly [string, number])[] {
  const states = at(row, 'items.by_state');
  if (!isObject(states)) return [];
  return Object.keys(states)
    .map((state) => [state, numberAt(states, state) ?? 0] as const)
    .filter(([, items]) => items > 0)
    .sort(([, one], [, other]) => other - one);
}

function describe(row: Json, { terminal }: Session): string {
  const head = sheet(
    [
      ...columnsOf(
        'id',
        'name',
        'from',
        'to',
        'status',
        'dry_run',
        'why',
        'organizations',
        'created_at',
        'started_at',
        'finished_at',
      ),
      { title: 'failure', of: 'failure.code' },
    ],
    row,
  );
  const states = countsOf(row).map(([state, items]) => ({ state, items }));
  return [
    head,
    ...section('Customers', columnsOf('state', 'items'), states, terminal.width),
    ...section('Excluded', columnsOf('code', 'count'), listAt(row, 'items.excluded'), terminal.width),
    ...section(
      'Money',
      [
        ...columnsOf('billing_interval', 'customers'),
        { title: 'will pay', of: moneyOf('amount_minor') },
        { title: 'difference', of: moneyOf('difference_minor') },
        ...columnsOf('not_comparable'),
      ],
      listAt(row, 'money'),
      terminal.width,
    ),
  ].join('\n');
}

const moneyOf = (name: string) => (row: Json) =>
  show({ amount_minor: at(row, name) ?? null, currency: at(row, 'currency') ?? null });
