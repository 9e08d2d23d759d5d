import type { BillingInterval } from '../catalogue.ts';
import { addDays } from '../calendar/calendar.ts';
import { periodOf, reAnchor, type Period } from '../calendar/period.ts';
import type { LifecyclePolicy } from './lifecycle-policy.ts';
import type { SubscriptionStatus } from './truth.ts';

/** How long the first voucher can be paid, in days; a shop's or bank's own limits may make it shorter. */
const firstVoucherDays = 3;

/** A subscription that no provider renews, as its invoices tell it. Instants are ISO 8601. */
export interface VoucherLifeInput {
  readonly interval: BillingInterval;
  readonly timeZone?: string;
  /** When the first period was paid, which gives every boundary its day and hour; null: nothing is paid yet. */
  readonly anchorAt: string | null;
  /** Every period that is paid, or the newest ones, in any order. */
  readonly paid: readonly Period[];
  /** The start of the period that a voucher is out for, as far as we know; null: none is. */
  readonly outFor: string | null;
  /** A voucher was issued at some time. */
  readonly hasIssued: boolean;
  /** It shall end with what is paid. */
  readonly isEnding: boolean;
  readonly isPaused: boolean;
  /** When the grace that runs already ends: a later policy does not move it. null: none runs. */
  readonly graceEndsAt: string | null;
  readonly policy: Pick<LifecyclePolicy, 'graceDays' | 'voucherLeadDays'>;
  readonly now: string;
}

export interface VoucherDue {
  readonly period: Period;
  /** When to issue it: may be past. */
  readonly at: string;
  /** Until when it should be payable. */
  readonly expiresAt: string;
}

export interface VoucherLife {
  readonly status: SubscriptionStatus;
  /** The one that runs, paid or owed; null: none has begun. */
  readonly period: Period | null;
  /** Since when it is owed, and how long that may last. */
  readonly pastDueAt: string | null;
  readonly graceEndsAt: string | null;
  readonly endedAt: string | null;
  /** The voucher that is missing; null: it is out, or none is wanted. */
  readonly due: VoucherDue | null;
}

/**
 * How such a subscription stands: incomplete until its first period is paid, active while a period is paid, past due from
 * there until the grace ends, then canceled by us. Time alone moves it; what was paid comes from the provider.
 */
export function voucherLife(input: VoucherLifeInput): VoucherLife {
  const { anchorAt, paid, policy, now, timeZone } = input;
  const last = lastOf(paid);
  if (last === null || anchorAt === null) return unpaidLife(input);
  const paidUntil = last.end;
  const running = paid.find(({ start, end }) => !isBefore(now, start) && isBefore(now, end)) ?? last;
  const alive = { period: running, pastDueAt: null, graceEndsAt: null, endedAt: null, due: null };
  if (input.isPaused) return { ...alive, status: 'paused' };
  const graceEndsAt = graceOf(input, paidUntil);
  const next = periodAfter({ ...input, anchorAt }, paidUntil);
  const isPaid = isBefore(now, paidUntil);
  if (!isPaid && (input.isEnding || !isBefore(now, graceEndsAt)))
    return { ...alive, status: 'canceled', endedAt: input.isEnding ? paidUntil : graceEndsAt };
  const at = addDays(paidUntil, -policy.voucherLeadDays, timeZone);
  const due = input.isEnding ? null : dueFor(input, { period: next, at, graceEndsAt });
  if (isPaid) return { ...alive, status: 'active', due };
  return { status: 'past_due', period: next, pastDueAt: paidUntil, graceEndsAt, endedAt: null, due };
}

/**
 * The period that money pays for: the one its voucher was for, or, where that is paid already, the next unpaid one, so
 * that nobody pays a period twice. The first money begins the first period.
 *
 * @param input.voucherFor The period that the voucher was for.
 */
export function periodPaidFor(
  input: Pick<VoucherLifeInput, 'interval' | 'timeZone' | 'anchorAt' | 'paid'> & {
    readonly voucherFor: Period;
    readonly paidAt: string;
  },
): { readonly anchorAt: string; readonly period: Period } {
  const { anchorAt, paid, voucherFor, paidAt } = input;
  const last = lastOf(paid);
  if (anchorAt === null || last === null)
    return { anchorAt: paidAt, period: periodOf({ ...ruleOf({ ...input, anchorAt: paidAt }), index: 0 }) };
  const isOwed = !isBefore(voucherFor.start, last.end);
  return { anchorAt, period: isOwed ? voucherFor : periodAfter({ ...input, anchorAt }, last.end) };
}

/** The paid period that ends last. */
export function lastOf(periods: readonly Period[]): Period | null {
  return periods.reduce<Period | null>((last, each) => (last && !isBefore(last.end, each.end) ? last : each), null);
}

function unpaidLife(input: VoucherLifeInput): VoucherLife {
  const { now, timeZone } = input;
  const bare = { period: null, pastDueAt: null, graceEndsAt: null, due: null };
  if (input.isEnding) return { ...bare, status: 'canceled', endedAt: now };
  if (input.outFor !== null) return { ...bare, status: 'incomplete', endedAt: null };
  if (input.hasIssued) return { ...bare, status: 'expired', endedAt: now };
  const period = periodOf({ ...ruleOf({ ...input, anchorAt: now }), index: 0 });
  const due = { period, at: now, expiresAt: addDays(now, firstVoucherDays, timeZone) };
  return { ...bare, status: 'incomplete', endedAt: null, due };
}

function dueFor(
  input: VoucherLifeInput,
  next: { readonly period: Period; readonly at: string; readonly graceEndsAt: string },
): VoucherDue | null {
  if (input.outFor !== null && !isBefore(input.outFor, next.period.start)) return null;
  const issuedAt = isBefore(next.at, input.now) ? input.now : next.at;
  const dayLater = addDays(issuedAt, 1, input.timeZone); // nobody can pay a voucher that ends as it is issued
  const expiresAt = isBefore(next.graceEndsAt, dayLater) ? dayLater : next.graceEndsAt;
  return { period: next.period, at: next.at, expiresAt };
}

/** A grace that ends before the paid time was that of an earlier period. */
function graceOf({ graceEndsAt, policy, timeZone }: VoucherLifeInput, paidUntil: string): string {
  const isOfNow = graceEndsAt !== null && isBefore(paidUntil, graceEndsAt);
  return isOfNow ? graceEndsAt : addDays(paidUntil, policy.graceDays, timeZone);
}

type Counted = Pick<VoucherLifeInput, 'interval' | 'timeZone'> & { readonly anchorAt: string };

function ruleOf(input: Counted) {
  return {
    anchorAt: input.anchorAt,
    interval: input.interval,
    ...(input.timeZone !== undefined && { timeZone: input.timeZone }),
  };
}

/** A yearly boundary is a monthly one as well, so a changed interval goes on from where the other ended. */
function periodAfter(input: Counted, boundary: string): Period {
  const from = reAnchor({ ...ruleOf(input), interval: 'monthly' }, { at: boundary, interval: input.interval });
  return periodOf({ ...from, index: 0 });
}

function isBefore(a: string, b: string): boolean {
  return Date.parse(a) < Date.parse(b);
}
