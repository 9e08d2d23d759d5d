import type { Command } from 'commander';
import { change, changing } from '../change.ts';
import { at, listAt, numberAt, textAt, type Json } from '../json.ts';
import { listing, type ListOptions } from '../options.ts';
import { saveOrPrint } from '../save.ts';
import { openSession, type Session, type Shell } from '../session.ts';
import { section, sheet, show, type Column } from '../show.ts';
import { addReadings, printList, printStarted, segment, type StartOptions, type Subject } from '../subject.ts';

const path = '/billing/usage-reports';
const counts: readonly Column[] = ['received', 'reported', 'rejected', 'pending'].map((name) => ({
  title: name,
  of: name,
}));

const usageReports: Subject = {
  ...{ noun: 'usage report', command: 'usage-report', path, stop: null },
  columns: [
    { title: 'id', of: 'id' },
    { title: 'status', of: 'status' },
    ...counts,
    { title: 'why', of: 'why', wraps: true },
  ],
  filters: [{ name: 'status', says: 'requested, running, succeeded or failed' }],
  describe,
  progress(row) {
    const received = numberAt(row, 'received') ?? 0;
    const settled = received - (numberAt(row, 'pending') ?? 0);
    const share = received === 0 ? null : settled / received;
    return { share, text: `${show(at(row, 'phase'))}: ${settled} of ${received} events. ${show(at(row, 'why'))}` };
  },
  end(row) {
    const status = textAt(row, 'status');
    return status === 'succeeded' ? 'good' : status === 'failed' ? 'bad' : null;
  },
};

const itemColumns: readonly Column[] = [
  ...['id', 'organization_id', 'meter', 'bucket', 'quantity', 'provider', 'status', 'code'].map((of) => ({
    title: of.replace('_id', ''),
    of,
  })),
  { title: 'fix', of: 'fix', wraps: true },
];

/** `usage-report`: tells providers what customers have used, and accounts for every event. */
export function addUsageReport(program: Command, shell: Shell): void {
  const parent = program
    .command('usage-report')
    .description('tell the providers what customers have used; every event is accounted for')
    .addHelpText(
      'after',
      `
Reports go out on a schedule by themselves; \`start\` is for now. Each adds up: received = reported + rejected + pending.

Examples:
  plinto-billing usage-report start --watch            report now, and see how it ends
  plinto-billing usage-report list --status failed
  plinto-billing usage-report items ur_… --counted-as rejected     what was rejected, and what mends it
  plinto-billing usage-report retry ur_… --code no_customer        once more, after mending
  plinto-billing usage-report csv ur_… --out november.csv`,
    );
  addStart(parent, shell);
  addReadings(parent, shell, usageReports);
  addItems(parent, shell);
  addRetry(parent, shell);
  parent
    .command('csv <id>')
    .description('every item of a report as CSV')
    .option('--out <file>', 'a new file, for you alone; without it: standard output')
    .action(async (id: string, { out }: { readonly out?: string }, command: Command) => {
      const session = openSession(shell, command);
      await saveOrPrint(session, out, await session.api.download(`${path}/${segment(id)}.csv`));
    });
}

function addStart(parent: Command, shell: Shell): void {
  const command = parent
    .command('start')
    .description('report what has not been reported yet')
    .option('--watch', 'follow it to its end');
  changing(command, { asks: false, previews: true }).action(async (options: StartOptions, self: Command) => {
    const session = openSession(shell, self);
    const last = options.dryRun === true ? (await session.api.list(path, {}, 1)).data[0] : undefined;
    const row = await change(session, options, {
      ...{ method: 'POST', path, body: {}, now: last ?? null, final: null },
      says: 'Reports all usage that was accepted since the last report to the providers that bill it.',
    });
    if (row !== null) await printStarted(session, usageReports, row, options);
  });
}

function addItems(parent: Command, shell: Shell): void {
  listing(parent.command('items <id>').description('what the providers were told, item by item'))
    .option('--counted-as <where>', 'reported, rejected or pending')
    .option('--provider <id>', 'of one provider; none: what nobody bills')
    .option('--organization <id>', 'of one customer')
    .option('--meter <key>', 'of one meter')
    .option('--code <code>', 'rejected for this reason')
    .action(async (id: string, options: ItemOptions, command: Command) => {
      const { countedAs, provider, organization, meter, code } = options;
      await printList(openSession(shell, command), {
        ...{ path: `${path}/${segment(id)}/items`, columns: itemColumns, options },
        query: { counted_as: countedAs, provider, organization_id: organization, meter, code },
      });
    });
}

type ItemOptions = ListOptions & Partial<Record<'countedAs' | 'provider' | 'organization' | 'meter' | 'code', string>>;

function addRetry(parent: Command, shell: Shell): void {
  const command = parent
    .command('retry <id>')
    .description('report once more what was rejected')
    .option('--code <code>', 'only what was rejected for this reason')
    .option('--watch', 'follow it to its end');
  changing(command, { asks: false, previews: true }).action(
    async (id: string, options: StartOptions & { readonly code?: string }, self: Command) => {
      const session = openSession(shell, self);
      const row = await change(session, options, {
        ...{ method: 'POST', path: `${path}/${segment(id)}/retry`, final: null },
        body: { ...(options.code !== undefined && { code: options.code }) },
        says: `Reports again what was rejected${options.code === undefined ? '' : ` for ${options.code}`} in ${id}.`,
        ...(options.dryRun === true && { now: await session.api.get(`${path}/${segment(id)}`) }),
      });
      if (row !== null) await printStarted(session, usageReports, row, options);
    },
  );
}

function describe(row: Json, { terminal }: Session): string {
  const lines = sheet(
    [
      ...['id', 'status', 'phase', 'why'].map((of) => ({ title: of, of })),
      ...counts,
      ...['from', 'to', 'started_at', 'finished_at'].map((of) => ({ title: of.replace('_at', ''), of })),
    ],
    row,
  );
  return [
    lines,
    ...section(
      'By provider',
      [{ title: 'provider', of: 'provider' }, ...counts],
      listAt(row, 'by_provider'),
      terminal.width,
    ),
    ...section('By meter', [{ title: 'meter', of: 'meter' }, ...counts], listAt(row, 'by_meter'), terminal.width),
    ...section(
      'Rejected',
      [
        ...['code', 'provider', 'events'].map((of) => ({ title: of, of })),
        { title: 'what mends it', of: 'fix', wraps: true },
      ],
      listAt(row, 'rejected_by_code'),
      terminal.width,
    ),
  ].join('\n');
}
