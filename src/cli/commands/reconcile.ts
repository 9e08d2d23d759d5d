import type { Command } from 'commander';
import { change, changing } from '../change.ts';
import { usageFailure } from '../failure.ts';
import { at, listAt, numberAt, textAt, type Json } from '../json.ts';
import { instant, listing, type ListOptions } from '../options.ts';
import { saveOrPrint } from '../save.ts';
import { openSession, type Session, type Shell } from '../session.ts';
import { columnsOf, percent, section, sheet, show, table, type Column } from '../show.ts';
import { addAct, addReadings, printList, printStarted, segment, type StartOptions, type Subject } from '../subject.ts';

const path = '/ops/reconciliations';
const phases = ['theirs', 'ours', 'workflows', 'repair', 'done'];

const reconciliations: Subject = {
  ...{ noun: 'reconciliation', command: 'reconcile', path, stop: 'pause' },
  columns: [
    ...columnsOf('id', 'provider', 'status', 'compared'),
    { title: 'differed', of: 'differences.total' },
    { title: 'repaired', of: 'differences.repaired' },
    { title: 'for a person', of: 'differences.queued' },
    { title: 'until', of: 'to' },
  ],
  filters: [
    { name: 'provider', says: 'of one provider' },
    { name: 'status', says: 'requested, running, paused, succeeded, failed or canceled' },
  ],
  describe,
  progress(row) {
    const done = Math.max(0, phases.indexOf(textAt(row, 'phase') ?? ''));
    const within = textAt(row, 'phase') === 'repair' ? (numberAt(row, 'progress_percent') ?? 0) / 100 : 0;
    return { share: Math.min(1, (done + within) / (phases.length - 1)), text: show(at(row, 'why')) };
  },
  end(row) {
    const status = textAt(row, 'status');
    if (status === 'succeeded') return 'good';
    return status === 'failed' || status === 'canceled' ? 'bad' : null;
  },
};

const differenceColumns: readonly Column[] = [
  ...columnsOf('id', 'kind', 'status'),
  { title: 'object', of: 'object.id' },
  { title: 'organization', of: 'organization_id' },
  { title: 'why', of: 'why', wraps: true },
];

/** `reconcile`: our rows against what each provider says. */
export function addReconcile(program: Command, shell: Shell): void {
  const parent = program
    .command('reconcile')
    .description('compare our rows with what a provider says, and mend what differs')
    .addHelpText(
      'after',
      `
It goes by itself on a schedule; \`start\` is for now. What cannot be mended surely is put before a person.

Examples:
  plinto-billing reconcile summary                        do we agree with every provider?
  plinto-billing reconcile start PROVIDER --watch         from where the last one ended until now
  plinto-billing reconcile start PROVIDER --from 2026-11-01 --to 2026-11-08
  plinto-billing reconcile differences rec_… --status queued
  plinto-billing reconcile pause rec_…`,
    );
  addStart(parent, shell);
  addReadings(parent, shell, reconciliations);
  addSummary(parent, shell);
  addDifferences(parent, shell);
  const act = (name: string, description: string, verb: string) =>
    addAct(parent, shell, reconciliations, {
      ...{ name, description, final: null },
      says: (row) => `${verb} the reconciliation of ${show(at(row, 'provider'))}.`,
    });
  act('pause', 'hold it before its next step', 'Holds');
  act('resume', 'let a held one go on', 'Resumes');
  act('cancel', 'end it; what it mended stays', 'Cancels');
}

type Window = StartOptions & { readonly from?: string; readonly to?: string };

function addStart(parent: Command, shell: Shell): void {
  const command = parent
    .command('start <provider>')
    .description('compare with one provider now, and mend what differs')
    .option('--from <when>', 'from then on; without it: where the last good one ended', instant)
    .option('--to <when>', 'until then; without it: now', instant)
    .option('--watch', 'follow it to its end');
  changing(command, { asks: false, previews: true }).action(
    async (provider: string, options: Window, self: Command) => {
      const { from, to } = options;
      if (from !== undefined && to !== undefined && from >= to) throw usageFailure('--from must lie before --to.');
      const session = openSession(shell, self);
      const body = { provider, ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
      const row = await change(session, options, {
        ...{ method: 'POST', path, body, final: null },
        says: `Compares our rows with ${provider} and mends what differs: it writes our rows, and asks ${provider} for nothing but what it knows.`,
        ...(options.dryRun === true && { now: (await session.api.list(path, { provider }, 1)).data[0] ?? null }),
      });
      if (row !== null) await printStarted(session, reconciliations, row, options);
    },
  );
}

function addSummary(parent: Command, shell: Shell): void {
  parent
    .command('summary')
    .description('how far we agree with every provider')
    .action(async (_options: unknown, command: Command) => {
      const session = openSession(shell, command);
      const answer = await session.api.get(`${path}/summary`);
      const columns: readonly Column[] = [
        ...columnsOf('provider'),
        { title: '7 days', of: (row) => percent(numberAt(row, 'measured_7d'), 3) },
        { title: '30 days', of: (row) => percent(numberAt(row, 'measured_30d'), 3) },
        { title: 'objective', of: (row) => percent(numberAt(row, 'objective'), 3) },
        { title: 'met', of: 'is_met' },
        { title: 'reviews', of: 'open_reviews' },
        { title: 'last good one', of: 'last_success_at' },
        { title: 'running', of: 'open_id' },
      ];
      session.print(answer, () => table(columns, listAt(answer, 'data'), session.terminal.width));
    });
}

type DifferenceOptions = ListOptions & { readonly kind?: string; readonly status?: string; readonly csv?: string };

function addDifferences(parent: Command, shell: Shell): void {
  listing(parent.command('differences <id>').description('what a reconciliation found to differ'))
    .option('--kind <kind>', 'of one kind')
    .option('--status <status>', 'found, repaired or queued (for a person)')
    .option('--csv <file>', 'all of them as CSV, into a new file')
    .action(async (id: string, options: DifferenceOptions, command: Command) => {
      const session = openSession(shell, command);
      const { kind, status, csv } = options;
      const query = { kind, status };
      if (csv !== undefined) {
        await saveOrPrint(session, csv, await session.api.download(`${path}/${segment(id)}/differences.csv`, query));
        return;
      }
      await printList(session, {
        ...{ path: `${path}/${segment(id)}/differences`, query, columns: differenceColumns, options },
      });
    });
}

function describe(row: Json, { terminal }: Session): string {
  const lines = sheet(
    [
      ...columnsOf('id', 'provider', 'status', 'phase', 'why', 'from', 'to', 'compared', 'workflows_restarted'),
      { title: 'failure', of: 'failure.code' },
      ...columnsOf('started_at', 'finished_at'),
    ],
    row,
  );
  const kinds = listAt(row, 'differences.by_kind');
  return [
    lines,
    ...section('Differences', columnsOf('kind', 'found', 'repaired', 'queued'), kinds, terminal.width),
  ].join('\n');
}
