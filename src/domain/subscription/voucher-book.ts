import type { Period } from '../calendar/period.ts';
import type { InvoiceTruth } from '../checkout/truth.ts';
import { isOver } from './transition.ts';
import { lastOf, periodPaidFor, voucherLife, type VoucherLife, type VoucherLifeInput } from './voucher-life.ts';
import type { SubscriptionStatus } from './truth.ts';

/** One voucher, as our invoice for it tells it. Instants are ISO 8601. */
export interface VoucherEntry {
  readonly id: string;
  /** `draft`: asked for, the answer is not known. `void`: it lapsed, was taken back or refused. */
  readonly status: InvoiceTruth['status'];
  readonly period: Period;
  readonly totalMinor: number;
  /** The provider has it; a refused one was never anywhere. */
  readonly isIssued: boolean;
  readonly expiresAt: string | null;
  /** Of a refused one. */
  readonly refusedAt: string | null;
  readonly paidAt: string | null;
}

/** What the provider says of a voucher. `gone`: nobody can pay it any more. */
export interface VoucherSeen {
  readonly id: string;
  readonly state: 'waiting' | 'paid' | 'gone';
  /** null: the provider does not say when. */
  readonly paidAt: string | null;
}

export interface VoucherBook {
  readonly anchorAt: string | null;
  /** Oldest first. */
  readonly entries: readonly VoucherEntry[];
}

/** The subscription that the vouchers are for. */
export interface VoucherOwner extends Pick<
  VoucherLifeInput,
  'interval' | 'timeZone' | 'isEnding' | 'isPaused' | 'graceEndsAt' | 'policy'
> {
  readonly status: SubscriptionStatus;
  /** What a period costs now. */
  readonly amountMinor: number;
}

const hourMs = 3_600_000;
/** A shop tells of money hours after it took it; only then is a voucher taken back. */
const lapseSlackMs = hourMs;
/** A refusal seldom heals by itself, so it is not asked again at once. */
const refusedGapMs = 6 * hourMs;

/**
 * Enters what the provider says. Money is taken for every voucher, void ones too, in the order in which it came; each
 * pays a period of its own. Once paid stays paid, and the same again changes nothing.
 */
export function enterSeen(
  book: VoucherBook,
  seen: readonly VoucherSeen[],
  owner: Pick<VoucherOwner, 'interval' | 'timeZone'>,
  now: string,
): VoucherBook {
  const paidAt = ({ paidAt: at }: VoucherSeen) => at ?? now;
  const inOrder = seen.toSorted((a, b) => Date.parse(paidAt(a)) - Date.parse(paidAt(b)));
  let { anchorAt, entries } = book;
  for (const each of inOrder) {
    const entry = entries.find(({ id }) => id === each.id);
    if (!entry || each.state === 'waiting' || wasPaid(entry)) continue;
    const change: Partial<VoucherEntry> =
      each.state === 'gone' ? { status: 'void' } : { status: 'paid', paidAt: paidAt(each) };
    if (each.state === 'paid') {
      const paid = periodPaidFor({
        ...owner,
        anchorAt,
        paid: paidPeriods(entries),
        voucherFor: entry.period,
        paidAt: paidAt(each),
      });
      anchorAt = paid.anchorAt;
      entries = replaced(entries, { ...entry, ...change, period: paid.period });
    } else entries = replaced(entries, { ...entry, ...change });
  }
  return { anchorAt, entries };
}

/** How the subscription stands by its book. What is due was not refused just now. */
export function lifeByBook(book: VoucherBook, owner: VoucherOwner, now: string): VoucherLife {
  const open = book.entries.filter(({ status }) => status === 'open');
  const life = voucherLife({
    ...owner,
    now,
    anchorAt: book.anchorAt,
    paid: paidPeriods(book.entries),
    outFor: lastOf(open.map(({ period }) => period))?.start ?? null,
    hasIssued: book.entries.some(({ isIssued }) => isIssued),
  });
  const { due } = life;
  if (due === null) return life;
  const refusals = book.entries.flatMap(({ refusedAt }) => (refusedAt === null ? [] : [Date.parse(refusedAt)]));
  const at = Math.max(Date.parse(due.at), ...refusals.map((refused) => refused + refusedGapMs));
  return { ...life, due: { ...due, at: new Date(at).toISOString() } };
}

/** Vouchers that nobody should pay any more, because they lapsed, are of another price, or are not wanted. */
export function vouchersToTakeBack(book: VoucherBook, owner: VoucherOwner, now: string): readonly VoucherEntry[] {
  const life = lifeByBook(book, owner, now);
  const paidUntil = lastOf(paidPeriods(book.entries))?.end ?? null;
  const isUnwanted = owner.isEnding || owner.isPaused || isOver(owner.status) || isOver(life.status);
  return book.entries.filter(({ status, expiresAt, period, totalMinor }) => {
    if (status !== 'open') return false;
    const hasLapsed = expiresAt !== null && Date.parse(expiresAt) + lapseSlackMs <= Date.parse(now);
    const isPaidElsewhere = paidUntil !== null && Date.parse(period.start) < Date.parse(paidUntil);
    const isOutdated = totalMinor !== owner.amountMinor && Date.parse(period.start) > Date.parse(now);
    return isUnwanted || hasLapsed || isPaidElsewhere || isOutdated;
  });
}

export function paidPeriods(entries: readonly VoucherEntry[]): readonly Period[] {
  return entries.filter(wasPaid).map(({ period }) => period);
}

/** What was paid stays paid when some of it went back: its period is the customer's. */
export const paidStatuses: readonly VoucherEntry['status'][] = ['paid', 'partially_refunded', 'refunded'];

export function wasPaid({ status }: Pick<VoucherEntry, 'status'>): boolean {
  return paidStatuses.includes(status);
}

function replaced(entries: readonly VoucherEntry[], entry: VoucherEntry): readonly VoucherEntry[] {
  return entries.map((each) => (each.id === entry.id ? entry : each));
}
