import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { changing, confirmed, type ChangeOptions } from '../change.ts';
import { CliFailure, exitCodes } from '../failure.ts';
import { at, isObject, listAt, textAt, type Json } from '../json.ts';
import { listing, type ListOptions } from '../options.ts';
import { openSession, type Session, type Shell } from '../session.ts';
import { columnsOf, section, show, table, type Column } from '../show.ts';
import { printList, segment } from '../subject.ts';
import { watch } from '../watch.ts';

const path = '/ops/plans/push';
const steps: readonly Column[] = [...columnsOf('provider', 'plan', 'action'), { title: 'why', of: 'why', wraps: true }];

/** `plans`: what is sold, and bringing it to the providers. */
export function addPlans(program: Command, shell: Shell): void {
  const parent = program
    .command('plans')
    .description('what is sold; bring it to the providers')
    .addHelpText(
      'after',
      `
A push creates products, prices and benefits that a provider lacks, and updates what differs. It takes nothing away.

Examples:
  plinto-billing plans list
  plinto-billing plans push --dry-run               what a push would do, at every provider
  plinto-billing plans push PROVIDER                shows the same, asks, and does it
  plinto-billing plans push PROVIDER --yes --json   for scripts`,
    );
  listing(parent.command('list').description('plans on sale')).action(
    async (options: ListOptions, command: Command) => {
      const columns: readonly Column[] = [
        ...columnsOf('key', 'name', 'kind'),
        { title: 'prices', of: (row) => show(listAt(row, 'prices').map(priceOf)) },
        { title: 'at providers', of: (row) => show(providersOf(at(row, 'provider_ids'))) },
      ];
      await printList(openSession(shell, command), { path: '/billing/plans', query: {}, columns, options });
    },
  );
  const push = parent.command('push [provider]').description('create or update our plans at the providers');
  changing(push, { asks: true, previews: true }).action(
    async (provider: string | undefined, options: ChangeOptions, command: Command) => {
      await pushPlans(openSession(shell, command), provider ?? null, options);
    },
  );
}

function priceOf(price: Json): string {
  const interval = textAt(price, 'billing_interval');
  const amount = { amount_minor: at(price, 'amount_minor') ?? null, currency: at(price, 'currency') ?? null };
  return `${show(amount)}${interval === null ? '' : ` ${interval}`}`;
}

const providersOf = (ids: Json | undefined): readonly string[] => (isObject(ids) ? Object.keys(ids) : []);

/** First what it would do, by the API's own dry run; then, where that is wanted, it. */
async function pushPlans(session: Session, provider: string | null, options: ChangeOptions): Promise<void> {
  const preview = await run(session, { provider, dry_run: true }, randomUUID());
  if (options.dryRun === true) {
    session.print(preview, () => describe(preview, session));
    return;
  }
  session.note(`${describe(preview, session)}\n`);
  await confirmed(session, options, {
    says: `Creates and updates plans at ${provider ?? 'every provider of the project'}.`,
    final: 'What is created at a provider stays there; prices cannot be deleted everywhere.',
  });
  const done = await run(session, { provider, dry_run: false }, options.idempotencyKey ?? randomUUID());
  session.print(done, () => describe(done, session));
  const conflicts = listAt(done, 'steps').filter((step) => textAt(step, 'action') === 'conflict');
  if (conflicts.length > 0)
    throw new CliFailure({
      ...{ exitCode: exitCodes.failed, code: 'conflict', fix: 'The column `why` says what to mend by hand.' },
      detail: `${conflicts.length} of ${listAt(done, 'steps').length} could not be pushed.`,
    });
}

/** @returns how it ended: a push that takes longer than a request goes on, and is followed. */
async function run(
  session: Session,
  body: { readonly provider: string | null; readonly dry_run: boolean },
  key: string,
) {
  const begun = await session.api.write('POST', path, body, key);
  if (textAt(begun, 'status') === 'done') return begun;
  const id = textAt(begun, 'id') ?? '';
  return watch(session, {
    ...{ noun: 'the push', stop: null, again: `plinto-billing plans push --idempotency-key ${key} --yes` },
    read: () => session.api.get(`${path}/${segment(id)}`),
    progress: (state) => ({ share: null, text: show(at(state, 'why')) }),
    end: (state) => (textAt(state, 'status') === 'done' ? 'good' : null),
  });
}

function describe(answer: Json, { terminal }: Session): string {
  const benefits: readonly Column[] = [
    { title: 'benefit', of: 'benefit_id' },
    ...columnsOf('plan', 'provider', 'action'),
    { title: 'why', of: 'why', wraps: true },
  ];
  const prices = listAt(answer, 'steps');
  return [
    show(at(answer, 'why')),
    ...(prices.length === 0 ? [] : ['', table(steps, prices, terminal.width)]),
    ...section('Benefits', benefits, listAt(answer, 'benefits'), terminal.width),
  ].join('\n');
}
