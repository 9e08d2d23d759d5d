import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { change, changing, confirmed, type ChangeOptions } from '../change.ts';
import { CliFailure, exitCodes, usageFailure } from '../failure.ts';
import { listAt, textAt, type Json } from '../json.ts';
import { count, listing, type ListOptions } from '../options.ts';
import { openSession, type Session, type Shell } from '../session.ts';
import { columnsOf, plainSheet, table, type Column } from '../show.ts';
import { printList, segment } from '../subject.ts';
import { watch } from '../watch.ts';

const path = '/ops/webhook-events';
const columns: readonly Column[] = [
  ...columnsOf('id', 'provider', 'type', 'object_id', 'status', 'attempts', 'received_at'),
  { title: 'why', of: 'why', wraps: true },
];
const settled = ['delivered', 'ignored', 'set_aside'];

interface Filters {
  readonly provider?: string;
  readonly status?: string;
}

type ReplayOptions = ChangeOptions & Filters & { readonly limit: number; readonly watch?: boolean };

/** `webhooks`: what providers sent, and processing it again. */
export function addWebhooks(program: Command, shell: Shell): void {
  const parent = program
    .command('webhooks')
    .description('what providers sent us; process it again')
    .addHelpText(
      'after',
      `
A replay does nothing twice: a webhook only says where to look, and what is true is read from the provider.

Examples:
  plinto-billing webhooks list --status set_aside                  what could not be processed, and why
  plinto-billing webhooks replay evt_… --watch                     one, and how it ends
  plinto-billing webhooks replay --status set_aside --dry-run      which ones it would be
  plinto-billing webhooks replay --status set_aside --provider PROVIDER --limit 500`,
    );
  filtered(listing(parent.command('list').description('list webhooks received, newest first'))).action(
    async ({ provider, status, ...options }: ListOptions & Filters, command: Command) => {
      await printList(openSession(shell, command), { path, columns, query: { provider, status }, options });
    },
  );
  parent
    .command('show <id>')
    .description('one webhook, and what became of it')
    .action(async (id: string, _options: unknown, command: Command) => {
      const session = openSession(shell, command);
      const event = await session.api.get(`${path}/${segment(id)}`);
      session.print(event, () => plainSheet(event));
    });
  const replay = filtered(
    parent
      .command('replay [ids...]')
      .description('process webhooks again: named ones, or those that --status and --provider find'),
  )
    .option('--limit <n>', 'how many at most, newest first', count, 100)
    .option('--watch', 'wait until each is processed');
  changing(replay, { asks: true, previews: true }).action(
    async (ids: readonly string[], options: ReplayOptions, command: Command) => {
      await replayAll(openSession(shell, command), ids, options);
    },
  );
}

function filtered(command: Command): Command {
  return command
    .option('--provider <id>', 'of one provider')
    .option('--status <status>', 'received, noted, delivered, ignored or set_aside (could not be processed)');
}

/** One request per webhook, each under a key of its own, so that a broken off replay can be repeated under the same. */
async function replayAll(session: Session, ids: readonly string[], options: ReplayOptions): Promise<void> {
  const events = await choose(session, ids, options);
  const says = `Processes ${events.length === 1 ? 'a webhook' : `${events.length} webhooks`} again.`;
  if (options.dryRun === true) {
    const document = { dry_run: true, says, final: null, request: null, now: { data: events } };
    session.print(
      document,
      () => `Dry run: nothing was done. ${says}\n\n${table(columns, events, session.terminal.width)}`,
    );
    return;
  }
  // Many are chosen by a filter: whoever did not name them shall see how many they are.
  if (ids.length === 0 && events.length > 1)
    await confirmed(session, options, { says, final: 'They were found by a filter, not named one by one.' });
  const keys = options.idempotencyKey ?? randomUUID();
  const replayed: Json[] = [];
  for (const event of events) {
    const id = textAt(event, 'id') ?? '';
    const answer = await change(
      session,
      { idempotencyKey: `${keys}:${id}` },
      {
        ...{ method: 'POST', path: `${path}/${segment(id)}/replay`, body: {}, says, final: null },
      },
    );
    replayed.push(answer);
  }
  const data = options.watch === true ? await waitFor(session, replayed) : replayed;
  session.print({ data, next_cursor: null }, () =>
    data.length === 0 ? 'none' : table(columns, data, session.terminal.width),
  );
  const failed = data.filter((event) => options.watch === true && textAt(event, 'status') === 'set_aside');
  if (failed.length > 0)
    throw new CliFailure({
      ...{ exitCode: exitCodes.failed, code: 'set_aside', fix: 'The column `why` says what hinders.' },
      detail: `${failed.length} of ${data.length} could not be processed again.`,
    });
}

async function choose(session: Session, ids: readonly string[], options: ReplayOptions): Promise<readonly Json[]> {
  const { provider, status, limit } = options;
  if (ids.length > 0) {
    if (provider !== undefined || status !== undefined)
      throw usageFailure('Either ids or a filter: not both.', 'Leave out --provider and --status, or the ids.');
    return Promise.all(ids.map((id) => session.api.get(`${path}/${segment(id)}`)));
  }
  if (status === undefined)
    throw usageFailure('Which webhooks?', 'Name their ids, or filter by --status, as --status set_aside.');
  return (await session.api.list(path, { provider, status }, limit)).data;
}

async function waitFor(session: Session, events: readonly Json[]): Promise<readonly Json[]> {
  const ids = events.map((event) => textAt(event, 'id') ?? '');
  const open = (state: Json) =>
    listAt(state, 'data').filter((event) => !settled.includes(textAt(event, 'status') ?? ''));
  const state = await watch(session, {
    ...{ noun: 'the processing', again: `plinto-billing webhooks show ${ids[0] ?? ''}`, stop: null },
    read: async () => ({ data: await Promise.all(ids.map((id) => session.api.get(`${path}/${segment(id)}`))) }),
    progress: (now) => {
      const done = ids.length - open(now).length;
      return { share: ids.length === 0 ? 1 : done / ids.length, text: `${done} of ${ids.length} processed` };
    },
    end: (now) => (open(now).length === 0 ? 'good' : null),
  });
  return listAt(state, 'data');
}
