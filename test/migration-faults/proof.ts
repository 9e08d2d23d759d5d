import { keptCharges, type Followed, type LedgerLine } from './oracle.ts';

/** What the comparison reads of a report. */
export interface ProofAnswer {
  readonly status: string;
  readonly report: { readonly items: number; readonly is_clean: boolean } | null;
  readonly lines: readonly ProofLine[];
}

export interface ProofLine {
  readonly item_id: string;
  readonly verdict: string;
  readonly unread: readonly { readonly code: string; readonly detail: string }[];
  readonly subscriptions: readonly { readonly side: string; readonly provider: string; readonly id: string }[];
  readonly periods: readonly {
    readonly start: string;
    readonly end: string;
    readonly state: string;
    readonly charges: readonly string[];
  }[];
  readonly charges: readonly {
    readonly provider: string;
    readonly subscription_id: string;
    readonly id: string;
    readonly status: string;
    readonly amount_minor: number;
    readonly currency: string;
    readonly refunded_minor: number | null;
    readonly counts: string;
    readonly at: string;
  }[];
}

/** A boundary that no API tells is worked out by the calendar; the report takes those this near for one. */
const nearMs = 60 * 60_000;

/**
 * Whether the report says what the ledger says: each subscription on one line, every charge with its sum, and each period
 * by the very charge that the ledger has for it. Empty: they are equal. Pure.
 */
export function compareProof(
  proof: ProofAnswer,
  ledger: readonly LedgerLine[],
  followed: readonly Followed[],
): readonly string[] {
  const byLegacy = Map.groupBy(proof.lines, ({ subscriptions }) => subscriptions.find(isOld)?.id ?? 'nothing');
  const kept = Map.groupBy(keptCharges(ledger), ({ subscription }) => subscription ?? 'nobody');
  const refunded = refundsOf(ledger);
  const faults = followed.flatMap(({ legacyId, what }) => {
    const lines = byLegacy.get(legacyId) ?? [];
    const [line] = lines;
    if (line === undefined || lines.length > 1)
      return [`${legacyId} (${what}) stands on ${lines.length} lines of the report`];
    const theirs = line.subscriptions.flatMap(({ id }) => kept.get(id) ?? []);
    return lineFaults(line, theirs, refunded).map((fault) => `the report of ${legacyId} (${what}) ${fault}`);
  });
  return [...faults, ...totalFaults(proof, kept), ...headFaults(proof, followed.length)];
}

function isOld({ side }: { readonly side: string }): boolean {
  return side === 'old';
}

function refundsOf(ledger: readonly LedgerLine[]): ReadonlyMap<string, number> {
  const refunded = new Map<string, number>();
  for (const { kind, status, charge, amount_minor: minor } of ledger)
    if (kind === 'refund' && status === 'succeeded' && charge !== null)
      refunded.set(charge, (refunded.get(charge) ?? 0) + minor);
  return refunded;
}

function lineFaults(line: ProofLine, theirs: readonly LedgerLine[], refunded: ReadonlyMap<string, number>) {
  const ours = line.charges.filter(({ status, amount_minor: minor }) => status === 'paid' && minor > 0);
  const told = ours.map((charge) => sumOf(charge.provider, charge.subscription_id, charge, charge.refunded_minor ?? 0));
  const real = theirs.map((entry) =>
    sumOf(entry.provider, entry.subscription ?? '', entry, refunded.get(entry.id) ?? 0),
  );
  if (told.toSorted().join('; ') !== real.toSorted().join('; '))
    return [`says ${listed(told)}; the ledger says ${listed(real)}`];
  const charged = line.periods.filter(({ state }) => state === 'charged');
  return theirs.flatMap((entry) => {
    if (entry.period === null || (refunded.get(entry.id) ?? 0) >= entry.amount_minor) return [];
    const { start, end } = entry.period;
    const isOutside = !line.periods.some((period) => Date.parse(period.end) > Date.parse(start) + nearMs);
    const said = charged.find((period) => isNear(period.start, start) && isNear(period.end, end));
    if (said === undefined)
      return isOutside || isBefore(line, end) ? [] : [`has no period ${start} to ${end}, which was paid`];
    const [by, ...others] = said.charges.map((id) => ours.find((charge) => charge.id === id));
    const isRight = by?.subscription_id === entry.subscription && others.length === 0;
    return isRight
      ? []
      : [`covers ${start} by ${said.charges.join(' and ')}, not by one charge of ${entry.subscription}`];
  });
}

/** Periods before the window are told as charges alone. */
function isBefore({ periods }: ProofLine, end: string): boolean {
  const firstMs = Math.min(...periods.map(({ start }) => Date.parse(start)));
  return Date.parse(end) <= firstMs + nearMs;
}

function isNear(one: string, other: string): boolean {
  return Math.abs(Date.parse(one) - Date.parse(other)) <= nearMs;
}

/** Money of one kind, whatever the lines say. */
function totalFaults({ lines }: ProofAnswer, kept: ReadonlyMap<string, readonly LedgerLine[]>): readonly string[] {
  const ids = new Set(lines.flatMap(({ subscriptions }) => subscriptions.map(({ id }) => id)));
  return [...kept].flatMap(([id, entries]) =>
    ids.has(id) ? [] : [`the report knows nothing of ${id}, for which ${entries.length} charges were taken`],
  );
}

function headFaults({ report, status, lines }: ProofAnswer, wanted: number): readonly string[] {
  if (report === null) return [`the report is ${status}`];
  const isClean = lines.every(({ verdict }) => !['gap', 'overlap', 'unproven'].includes(verdict));
  return [
    ...(report.items === wanted ? [] : [`the report has ${report.items} lines for ${wanted} subscriptions`]),
    ...(report.is_clean === isClean ? [] : [`the report says is_clean ${report.is_clean}, its lines say otherwise`]),
    ...lines.flatMap((line) =>
      ['gap', 'overlap', 'unproven'].includes(line.verdict)
        ? [`the report says ${line.verdict} of ${whyOf(line)}`]
        : [],
    ),
  ];
}

function whyOf({ item_id: id, unread, subscriptions, charges }: ProofLine): string {
  const lost = charges.filter(({ counts }) => counts === 'unplaced').map(({ id: charge }) => `${charge} of no period`);
  const names = subscriptions.map((each) => `${each.provider} ${each.id}`);
  return [id, ...names, ...unread.map(({ code, detail }) => `${code} (${detail})`), ...lost].join(', ');
}

function sumOf(
  provider: string,
  subscription: string,
  { amount_minor: minor, currency }: { readonly amount_minor: number; readonly currency: string },
  refunded: number,
): string {
  const back = refunded === 0 ? '' : ` less ${refunded}`;
  return `${provider} ${subscription} ${minor}${back} ${currency.toUpperCase()}`;
}

function listed(sums: readonly string[]): string {
  return sums.length === 0 ? 'nothing' : sums.toSorted().join(' + ');
}
