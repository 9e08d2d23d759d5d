import type { Command } from 'commander';
import { change, changing } from '../change.ts';
import { CliFailure, exitCodes } from '../failure.ts';
import { at, isObject, listAt, numberAt, textAt, type Json } from '../json.ts';
import { saveOrPrint } from '../save.ts';
import { openSession, type Session, type Shell } from '../session.ts';
import { columnsOf, section, sheet, show, type Column } from '../show.ts';
import { segment, type StartOptions } from '../subject.ts';
import { failIfBad, watch, type Work } from '../watch.ts';

const proofOf = (migration: string) => `/ops/migrations/${segment(migration)}/proof`;
/** So many customers are shown period by period; of more, those that a person must look at. */
const shownWhole = 50;

/** The proof of a migration: every billing period, and the one charge that covers it. */
export function addMigrationProof(parent: Command, shell: Shell): void {
  addProve(parent, shell);
  parent
    .command('proof <migration>')
    .description('read the newest proof: each period and the one charge that covers it; ends with 1 if it is not clean')
    .option('--out <file>', 'the signed report, whole, into a new file')
    .option('--csv <file>', 'a line per period as CSV, into a new file')
    .option('--page <file>', 'as a page for a browser, into a new file')
    .addHelpText(
      'after',
      `
Clean is a proof without a gap, without an overlap, and without anything that could not be read. docs/migration-proof.md
says how its signature is verified without this system.

Examples:
  plinto-billing migration prove mig_… --watch         ask both providers now, and make a proof
  plinto-billing migration proof mig_…
  plinto-billing migration proof mig_… --out proof.json`,
    )
    .action(async (id: string, options: ProofOptions, command: Command) => {
      await readProof(openSession(shell, command), id, options);
    });
}

interface ProofOptions {
  readonly out?: string;
  readonly csv?: string;
  readonly page?: string;
}

async function readProof(session: Session, id: string, { out, csv, page }: ProofOptions): Promise<void> {
  if (out !== undefined) await saveOrPrint(session, out, await session.api.download(proofOf(id)));
  else if (csv !== undefined) await saveOrPrint(session, csv, await session.api.download(`${proofOf(id)}.csv`));
  else if (page !== undefined) await saveOrPrint(session, page, await session.api.download(`${proofOf(id)}/page`));
  else await printProof(session, id);
}

function addProve(parent: Command, shell: Shell): void {
  const command = parent
    .command('prove <migration>')
    .description('ask both providers for every charge, and make a signed proof of them')
    .option('--watch', 'follow it to its end, and read it');
  changing(command, { asks: false, previews: false }).action(
    async (id: string, options: StartOptions, self: Command) => {
      const session = openSession(shell, self);
      const begun = await change(session, options, {
        ...{ method: 'POST', path: proofOf(id), body: {}, final: null },
        says: `Asks the providers of ${id} for every charge. It only reads there.`,
      });
      if (options.watch !== true) {
        session.print(begun, () => describe(begun ?? {}, session));
        session.note(`\nRead it: plinto-billing migration proof ${id}`);
        return;
      }
      const work: Work = {
        ...{ noun: 'the proof', stop: null, again: `plinto-billing migration proof ${id}` },
        read: () => session.api.get(proofOf(id), { lines: 'none' }),
        progress: (state) => {
          const [done, total] = [numberAt(state, 'items_done') ?? 0, numberAt(state, 'items_total') ?? 0];
          return { share: total === 0 ? null : done / total, text: show(at(state, 'why')) };
        },
        end: (state) => endOf(textAt(state, 'status')),
      };
      failIfBad(work, await watch(session, work));
      await printProof(session, id);
    },
  );
}

export function endOf(status: string | null): 'good' | 'bad' | null {
  return status === 'succeeded' ? 'good' : status === 'failed' ? 'bad' : null;
}

/** @throws {CliFailure} `proof_not_clean`, after it has been printed */
async function printProof(session: Session, id: string): Promise<void> {
  const head = await session.api.get(proofOf(id), { lines: 'none' });
  const isSmall = (numberAt(head, 'items_total') ?? 0) <= shownWhole;
  const proof = await session.api.get(proofOf(id), { lines: session.isJson || isSmall ? 'all' : 'findings' });
  session.print(proof, () => describe(proof, session));
  if (at(proof, 'report.is_clean') !== false) return;
  throw new CliFailure({
    ...{ exitCode: exitCodes.failed, code: 'proof_not_clean' },
    detail: 'The proof is not clean: a period is not covered by exactly one charge, or could not be read.',
    fix: 'Findings come first. `migration item` shows what was done with a customer.',
  });
}

function describe(proof: Json, { terminal }: Session): string {
  const isClean = at(proof, 'report.is_clean');
  const verdict = isClean === true ? terminal.paint('green', '✓ clean') : terminal.paint('red', '✗ not clean');
  const lines = listAt(proof, 'lines');
  const periods = lines.flatMap((line) =>
    listAt(line, 'periods').map((period) => ({
      ...(isObject(period) && period),
      organization_id: at(line, 'organization_id') ?? null,
    })),
  );
  const { width } = terminal;
  return [
    ...(isClean === undefined || isClean === null ? [] : [verdict]),
    sheet(
      [
        ...columnsOf('id', 'status', 'why', 'as_of'),
        { title: 'customers', of: 'items_total' },
        { title: 'verdicts', of: (row) => tally(at(row, 'report.verdicts')) },
        { title: 'periods', of: (row) => tally(at(row, 'report.periods')) },
        { title: 'signed by', of: 'signature.key_id' },
      ],
      proof,
    ),
    ...section('Money', moneyColumns, listAt(proof, 'report.money'), width),
    ...section('Customers', lineColumns, lines, width),
    ...section('Periods', periodColumns, periods, width),
  ].join('\n');
}

const moneyColumns: readonly Column[] = [
  ...columnsOf('provider', 'counts', 'charges'),
  ...['amount', 'refunded'].map((title) => ({
    title,
    of: (row: Json) => show({ amount_minor: at(row, `${title}_minor`) ?? null, currency: at(row, 'currency') ?? null }),
  })),
];

const lineColumns: readonly Column[] = [
  { title: 'organization', of: 'organization_id' },
  ...columnsOf('state', 'verdict'),
  {
    title: 'not read',
    of: (row) => show(listAt(row, 'unread').map((each) => at(each, 'detail') ?? null)),
    wraps: true,
  },
  { title: 'item', of: 'item_id' },
];

const periodColumns: readonly Column[] = [
  { title: 'organization', of: 'organization_id' },
  ...columnsOf('start', 'end', 'state', 'provider', 'charges'),
];

/** `{ charged: 12, gap: 0 }` → `12 charged` */
function tally(counts: Json | undefined): string {
  if (!isObject(counts)) return show(null);
  const told = Object.entries(counts).filter(([, count]) => typeof count === 'number' && count > 0);
  return show(told.map(([name, count]) => `${show(count)} ${name.replaceAll('_', ' ')}`));
}
