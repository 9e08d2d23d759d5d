/**
 * Verifies a migration's proof without the engine that made it. It needs Node 24 and nothing else.
 *
 *   node scripts/verify-proof.ts proof.json --public-key <base64> [--csv proof.csv]
 *
 * `proof.json` is the whole answer of `GET /api/v1/ops/migrations/{id}/proof`; the public key, 32 bytes in base64, is
 * told by `GET /api/v1/ops/migration-proofs/keys`: fetch it once and keep it elsewhere than the proof. Without
 * `--public-key` the key in the file itself is taken, which shows that the file is whole, but not who signed it.
 *
 * What is checked:
 *
 * 1. `signature.value` is Ed25519 (RFC 8032) over the canonical JSON of `report`: members sorted by name, no spaces.
 * 2. `report.lines_sha256` is SHA-256 over the canonical JSON of every line, each followed by a line feed, in order.
 * 3. The report's counts and sums are those of its lines, and `is_clean` says no more than they do.
 * 4. In every line: each period that is `charged` names exactly one charge of the line, an `overlap` more than one; no
 *    charge that covers is missing from the periods; periods follow each other and do not overlap.
 * 5. With `--csv`: the CSV has exactly a record for each period, with what the lines say.
 *
 * It ends with 0 where all holds, else with 1 and what does not.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

interface Charge {
  readonly id: string;
  readonly provider: string;
  readonly currency: string;
  readonly counts: string;
  readonly at: string;
  readonly amount_minor: number;
  readonly refunded_minor: number | null;
}

interface Period {
  readonly start: string;
  readonly end: string;
  readonly state: string;
  readonly provider: string | null;
  readonly charges: readonly string[];
}

interface Line {
  readonly item_id: string;
  readonly organization_id: string | null;
  readonly plan_id: string | null;
  readonly state: string;
  readonly verdict: string;
  readonly also_billed_by: readonly string[];
  readonly seam_seconds: number;
  readonly periods: readonly Period[];
  readonly charges: readonly Charge[];
}

interface Report {
  readonly format: string;
  readonly lines_sha256: string;
  readonly items: number;
  readonly also_billed: number;
  readonly longest_gap_seconds: number;
  readonly longest_seam_seconds: number;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly periods: Readonly<Record<string, number>>;
  readonly money: unknown;
  readonly is_clean: boolean;
}

export interface Proof {
  readonly report: Report | null;
  readonly signature: { readonly public_key: string; readonly value: string } | null;
  readonly lines: readonly Line[];
}

/** @throws {Error} it is no answer of the proof's route. */
export function readProof(text: string): Proof {
  const proof: unknown = JSON.parse(text);
  if (isProof(proof)) return proof;
  throw new Error('this is no proof: report, signature and lines are missing');
}

function isProof(value: unknown): value is Proof {
  return typeof value === 'object' && value !== null && 'report' in value && 'signature' in value && 'lines' in value;
}

/** @returns what does not hold, in sentences; empty: all of it does. */
export function faultsOf(proof: Proof, publicKey: string | null, csv: string | null): readonly string[] {
  const { report, signature, lines } = proof;
  if (report === null || signature === null) return ['The proof is not finished: nothing is signed yet.'];
  const text = lines.map((line) => `${canonical(line)}\n`).join('');
  return [
    ...check(report.format === 'plinto-billing/migration-proof/1', `The format ${report.format} is not known here.`),
    ...check(
      isSigned(canonical(report), signature.value, publicKey ?? signature.public_key),
      'The signature is wrong.',
    ),
    ...check(sha256(text) === report.lines_sha256, 'The lines are not those that were signed.'),
    ...sumFaults(report, lines),
    ...lines.flatMap(lineFaults),
    ...(csv === null ? [] : check(csv === csvOf(lines), 'The CSV does not say what the lines say.')),
  ];
}

function check(holds: boolean, fault: string): readonly string[] {
  return holds ? [] : [fault];
}

/** RFC 8785 as far as it matters here: all numbers are whole, all names are plain. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}

function isSigned(text: string, signature: string, publicKey: string): boolean {
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(publicKey, 'base64')]);
  const bytes = Buffer.from(signature, 'base64');
  // Base64 has spare bits at its end: only one way of writing the signature is the signature.
  if (bytes.toString('base64') !== signature) return false;
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    return verify(null, Buffer.from(text), key, bytes);
  } catch {
    return false;
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function sumFaults(report: Report, lines: readonly Line[]): readonly string[] {
  const verdicts = countBy(lines.map(({ verdict }) => verdict));
  const periods = countBy(lines.flatMap((line) => line.periods.map(({ state }) => state)));
  const isClean = ['gap', 'overlap', 'unproven'].every((verdict) => !verdicts.has(verdict));
  return [
    ...check(report.items === lines.length, `It speaks of ${report.items} items and has ${lines.length}.`),
    ...check(isSame(report.verdicts, verdicts), 'Its counts of verdicts are not those of its lines.'),
    ...check(isSame(report.periods, periods), 'Its counts of periods are not those of its lines.'),
    ...check(
      report.also_billed === lines.filter((line) => line.also_billed_by.length > 0).length,
      'Its count of customers billed elsewhere too is not that of its lines.',
    ),
    ...check(
      report.longest_gap_seconds === longestGap(lines) &&
        report.longest_seam_seconds === lines.reduce((longest, line) => Math.max(longest, line.seam_seconds), 0),
      'Its longest gap or seam is not that of its lines.',
    ),
    ...check(canonical(report.money) === canonical(moneyOf(lines)), 'Its sums are not those of its lines.'),
    ...check(report.is_clean === isClean, 'It calls itself clean where its lines do not, or the other way round.'),
  ];
}

function longestGap(lines: readonly Line[]): number {
  const gaps = lines.flatMap((line) => line.periods.filter(({ state }) => state === 'gap'));
  const secondsOf = ({ start, end }: Period) =>
    Math.round((new Date(end).getTime() - new Date(start).getTime()) / 1_000);
  return gaps.reduce((longest, gap) => Math.max(longest, secondsOf(gap)), 0);
}

function countBy(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function isSame(told: Readonly<Record<string, number>>, counted: ReadonlyMap<string, number>): boolean {
  return [...new Set([...Object.keys(told), ...counted.keys()])].every(
    (name) => (told[name] ?? 0) === (counted.get(name) ?? 0),
  );
}

function moneyOf(lines: readonly Line[]): readonly unknown[] {
  const charges = lines.flatMap((line) => line.charges);
  const keyOf = ({ provider, currency, counts }: Charge) => `${provider}/${currency}/${counts}`;
  return [...new Set(charges.map(keyOf))].toSorted().map((key) => {
    const own = charges.filter((charge) => keyOf(charge) === key);
    const [provider, currency, counts] = key.split('/');
    return {
      ...{ provider, currency, counts, charges: own.length },
      amount_minor: own.reduce((sum, { amount_minor }) => sum + amount_minor, 0),
      refunded_minor: own.reduce((sum, { refunded_minor }) => sum + (refunded_minor ?? 0), 0),
    };
  });
}

function lineFaults(line: Line): readonly string[] {
  const { item_id: item, periods, charges } = line;
  const known = new Set(charges.map(({ id }) => id));
  const shown = new Set(periods.flatMap((period) => period.charges));
  return [
    ...periods.flatMap(({ start, end, state, charges: ids }, index) => {
      const next = periods[index + 1];
      return [
        ...check(start < end && (next === undefined || end <= next.start), `${item}: its periods are out of order.`),
        ...check(state !== 'charged' || ids.length === 1, `${item}: ${start} is charged by ${ids.length} charges.`),
        ...check(state !== 'overlap' || ids.length > 1, `${item}: ${start} overlaps by ${ids.length} charges.`),
        ...check(
          ids.every((id) => known.has(id)),
          `${item}: ${start} names a charge that the line does not tell.`,
        ),
      ];
    }),
    ...charges.flatMap(({ id, counts }) =>
      check(counts !== 'covers' || shown.has(id), `${item}: ${id} covers a period that the line does not tell.`),
    ),
  ];
}

function csvOf(lines: readonly Line[]): string {
  const head = [
    ...['item_id', 'organization_id', 'plan_id', 'item_state', 'verdict', 'period_start', 'period_end', 'period_state'],
    ...['provider', 'charge_ids', 'amount_minor', 'currency', 'refunded_minor', 'charged_at'],
  ];
  const nothing = Array.from({ length: 9 }, () => null);
  const records = lines.flatMap((line) => {
    const own = [line.item_id, line.organization_id, line.plan_id, line.state, line.verdict];
    if (line.periods.length === 0) return [[...own, ...nothing]];
    return line.periods.map(({ start, end, state, provider, charges: ids }) => {
      const charges = line.charges.filter(({ id }) => ids.includes(id));
      const amount = charges.reduce((sum, { amount_minor }) => sum + amount_minor, 0);
      const refunded = charges.reduce((sum, { refunded_minor }) => sum + (refunded_minor ?? 0), 0);
      const [first] = charges;
      const money = first ? [amount, first.currency, refunded, first.at] : [null, null, null, null];
      return [...own, start, end, state, provider, ids.join(' '), ...money];
    });
  });
  return [head, ...records].map((cells) => `${cells.map(cellOf).join(',')}\r\n`).join('');
}

/** RFC 4180; what a spreadsheet would take for a formula has an apostrophe before it. */
function cellOf(value: string | number | null): string {
  if (value === null) return '';
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { 'public-key': { type: 'string' }, csv: { type: 'string' } },
  });
  const [file] = positionals;
  if (file === undefined) {
    console.error('usage: node scripts/verify-proof.ts proof.json --public-key <base64> [--csv proof.csv]');
    process.exit(2);
  }
  const proof = readProof(readFileSync(file, 'utf8'));
  const key = values['public-key'] ?? null;
  const faults = faultsOf(proof, key, values.csv === undefined ? null : readFileSync(values.csv, 'utf8'));
  for (const fault of faults.slice(0, 50)) console.error(`✗ ${fault}`);
  if (faults.length > 0) process.exit(1);
  console.log(`✓ signed, whole, and of ${proof.lines.length} lines; clean: ${String(proof.report?.is_clean)}`);
  if (key === null) console.log('! the key is the file’s own: pass --public-key to know who signed it');
}
