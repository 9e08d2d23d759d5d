import type { LedgerEntry } from '../../bench/clients/sandbox.ts';
import type { Bought, Fallback } from './buyer.ts';

/** Our rows, as the database has them once everything is at rest. Amounts in minor units. */
export interface CheckoutRow {
  readonly id: string;
  readonly status: string;
  readonly fallback: Fallback | null;
}
export interface PaymentRow {
  readonly checkout_id: string | null;
  readonly provider: string;
  readonly amount_minor: number;
  readonly refunded_minor: number;
  readonly currency: string;
}
export interface RefundRow {
  readonly checkout_id: string | null;
  readonly provider: string;
  readonly amount_minor: number;
  readonly currency: string;
}
export interface FallbackRow {
  readonly checkout_id: string;
  readonly attempted_provider: string;
  readonly fallback_provider: string | null;
  readonly reason: string;
}

export interface Books {
  readonly bought: readonly Bought[];
  /** The providers' own: charges and refunds that succeeded. */
  readonly ledger: readonly LedgerEntry[];
  readonly checkouts: readonly CheckoutRow[];
  /** That succeeded. */
  readonly payments: readonly PaymentRow[];
  /** That succeeded. */
  readonly refunds: readonly RefundRow[];
  readonly fallbacks: readonly FallbackRow[];
  /** Checkouts that a person is asked about because they were charged twice. */
  readonly reviewed: ReadonlySet<string>;
}

/** Everything the books of both sides must say, as faults; empty: they agree. Pure, so that each can be planted. */
export function compareBooks(books: Books): readonly string[] {
  return [
    ...chargeFaults(books),
    ...statusFaults(books),
    ...rowFaults(books),
    ...totalFaults(books),
    ...fallbackFaults(books),
    ...strangers(books),
  ];
}

/** Nobody pays twice, nobody pays for nothing, and who got money back was meant to. */
function chargeFaults({ bought, ledger, checkouts, reviewed }: Books): readonly string[] {
  const entries = Map.groupBy(ledger, checkoutOf);
  const known = new Map(bought.map((buyer) => [buyer.checkoutId, buyer]));
  const statuses = new Map(checkouts.map(({ id, status }) => [id, status]));
  return [...new Set([...entries.keys(), ...known.keys()])].flatMap((id) => {
    const faults: string[] = [];
    const charges = (entries.get(id) ?? []).filter(({ kind }) => kind === 'charge');
    const refunds = (entries.get(id) ?? []).filter(({ kind }) => kind === 'refund');
    const net = charges.length - refunds.length;
    const buyer = known.get(id);
    if (!statuses.has(id)) faults.push(`the provider was paid for ${id}, which is no checkout of ours`);
    if (net > 1) faults.push(`${id} was charged ${net} times, refunds taken off`);
    if (net < 0) faults.push(`${id} was refunded more often than charged`);
    if (buyer && buyer.timesPaid > 0 && net < 1) faults.push(`${id} was paid by its buyer, and nothing was kept of it`);
    if (buyer && buyer.timesPaid !== charges.length)
      faults.push(`${id} was paid ${buyer.timesPaid} times on its pages, and charged ${charges.length} times`);
    if ((net === 1) !== (statuses.get(id) === 'paid'))
      faults.push(`${id} is ${statuses.get(id) ?? 'nowhere'}, with ${net} charges`);
    if (!isWhole(charges, refunds)) faults.push(`${id} got back ${sumsOf(refunds)} of ${sumsOf(charges)}`);
    if (charges.length > 1 && !reviewed.has(id)) faults.push(`${id} was charged twice, and nobody was told`);
    return faults;
  });
}

/** Each refund is of one whole charge. */
function isWhole(charges: readonly LedgerEntry[], refunds: readonly LedgerEntry[]): boolean {
  const left = charges.map(moneyOf);
  return refunds.every((refund) => {
    const at = left.indexOf(moneyOf(refund));
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

/** Every checkout stands as its buyer left it. */
function statusFaults({ bought, checkouts }: Books): readonly string[] {
  const statuses = new Map(checkouts.map(({ id, status }) => [id, status]));
  return bought.flatMap(({ checkoutId, expected, plan }) => {
    const status = statuses.get(checkoutId) ?? 'nowhere';
    return fits[expected].includes(status) ? [] : [`${checkoutId} (${plan.behaviour}) is ${status}, not ${expected}`];
  });
}

const fits = {
  paid: ['paid'],
  ended: ['canceled', 'expired'],
  waiting: ['open', 'pending'],
} as const satisfies Record<Bought['expected'], readonly string[]> as Readonly<
  Record<Bought['expected'], readonly string[]>
>;

/** What each checkout took, line by line, is what we recorded. */
function rowFaults({ ledger, payments, refunds }: Books): readonly string[] {
  const theirs = Map.groupBy(ledger, checkoutOf);
  const ours = Map.groupBy(
    [...payments.map((row) => ({ ...row, kind: 'charge' })), ...refunds.map((row) => ({ ...row, kind: 'refund' }))],
    ({ checkout_id: id }) => id ?? nobody,
  );
  const faults = [...new Set([...theirs.keys(), ...ours.keys()])].flatMap((id) => {
    const [told, recorded] = [linesOf(theirs.get(id)), linesOf(ours.get(id))];
    return told === recorded ? [] : [`${id}: the providers have ${told}, we have ${recorded}`];
  });
  const sums = payments.reduce((sum, { refunded_minor: minor }) => sum + minor, 0);
  const back = refunds.reduce((sum, { amount_minor: minor }) => sum + minor, 0);
  return sums === back ? faults : [...faults, `payments say ${sums} went back, refunds ${back}`];
}

/** Per provider and currency, to the minor unit. */
function totalFaults({ ledger, payments, refunds }: Books): readonly string[] {
  const theirs = totalsOf(ledger.map((entry) => ({ ...entry, kind: entry.kind })));
  const ours = totalsOf([
    ...payments.map((row) => ({ ...row, kind: 'charge' })),
    ...refunds.map((row) => ({ ...row, kind: 'refund' })),
  ]);
  return [...new Set([...Object.keys(theirs), ...Object.keys(ours)])].flatMap((key) =>
    theirs[key] === ours[key] ? [] : [`${key}: the provider has ${theirs[key] ?? 0}, we have ${ours[key] ?? 0}`],
  );
}

interface Line {
  readonly kind: string;
  readonly provider: string;
  readonly amount_minor: number;
  readonly currency: string;
}

/** By kind, provider and currency. */
export function totalsOf(lines: readonly Line[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { kind, provider, currency, amount_minor: minor } of lines) {
    const key = `${kind}s ${provider} ${currency}`;
    sums[key] = (sums[key] ?? 0) + minor;
  }
  return sums;
}

/** The table, the checkout and what the caller was told are one story. */
function fallbackFaults({ bought, checkouts, fallbacks }: Books): readonly string[] {
  const rows = Map.groupBy(fallbacks, ({ checkout_id: id }) => id);
  const told = new Map(bought.map(({ checkoutId, fallback }) => [checkoutId, storyOf(fallback)]));
  return checkouts.flatMap(({ id, fallback }) => {
    const steps = rows.get(id) ?? [];
    const [first] = steps.filter(({ attempted_provider: attempted }) => attempted === fallback?.attempted_provider);
    const recorded = first ? storyOf({ ...first, fallback_provider: endOf(steps) }) : storyOf(null);
    const faults: string[] = [];
    if (storyOf(fallback) !== recorded || (fallback === null && steps.length > 0))
      faults.push(`${id} says it fell back ${storyOf(fallback)}, the table ${recorded} (${steps.length} rows)`);
    const heard = told.get(id);
    if (heard !== undefined && heard !== storyOf(fallback))
      faults.push(`the caller of ${id} was told ${heard}, it says ${storyOf(fallback)}`);
    return faults;
  });
}

/** Who stepped in at last: named by a step, and left by none. */
function endOf(steps: readonly FallbackRow[]): string | null {
  const left = new Set(steps.map(({ attempted_provider: attempted }) => attempted));
  return steps.find(({ fallback_provider: next }) => next === null || !left.has(next))?.fallback_provider ?? null;
}

function storyOf(fallback: Fallback | null): string {
  if (fallback === null) return 'nowhere';
  return `from ${fallback.attempted_provider} to ${fallback.fallback_provider ?? 'nobody'} (${fallback.reason})`;
}

/** A key sent twice opens one; what nobody could serve frees its key. */
function strangers({ bought, checkouts }: Books): readonly string[] {
  const known = new Set(bought.map(({ checkoutId }) => checkoutId));
  return checkouts.flatMap(({ id, status }) =>
    known.has(id) || status === 'failed' ? [] : [`${id} (${status}) belongs to no buyer`],
  );
}

const nobody = 'nobody';

function checkoutOf({ metadata: { checkout_id: id } }: LedgerEntry): string {
  return typeof id === 'string' ? id : nobody;
}

function moneyOf({ provider, amount_minor: minor, currency }: Omit<Line, 'kind'>): string {
  return `${provider} ${minor} ${currency}`;
}

function sumsOf(lines: readonly Omit<Line, 'kind'>[]): string {
  return lines.length === 0 ? 'nothing' : lines.map(moneyOf).toSorted().join(' + ');
}

function linesOf(lines: readonly Line[] | undefined): string {
  if (lines === undefined || lines.length === 0) return 'nothing';
  return lines
    .map((line) => `${line.kind} ${moneyOf(line)}`)
    .toSorted()
    .join(' + ');
}
