import { parse } from '../calendar/calendar.ts';
import { periodAt, periodOf, type Period, type PeriodRule } from '../calendar/period.ts';
import type { ChargeEvidence, SubscriptionEvidence } from './evidence.ts';

/**
 * What a charge does for the time it is of.
 *
 * - `covers`: money was taken for it, and not all of it went back.
 * - `refunded`: all of it went back. `owed`: it was asked for and has not come. `free`: nothing was due.
 * - `beside`: a change or usage; it covers only what nothing else does. `trial`: the new side's waiting for its first charge.
 */
export type ChargeRole = 'covers' | 'refunded' | 'owed' | 'free' | 'beside' | 'trial';

/** A charge and the time it is of. Milliseconds. */
export interface ChargeSpan {
  readonly charge: ChargeEvidence;
  readonly role: ChargeRole;
  readonly side: SubscriptionEvidence['side'];
  /** null: it is of no period that anybody told. */
  readonly span: { readonly fromMs: number; readonly toMs: number } | null;
}

/** @returns each charge of the subscription exactly once, in the order of time. */
export function spansOf(subscription: SubscriptionEvidence, toleranceMs: number): readonly ChargeSpan[] {
  const charges = subscription.charges.toSorted(
    (a, b) => parse(a.at) - parse(b.at) || (a.chargeId < b.chargeId ? -1 : 1),
  );
  const place = createPlacing(subscription, charges, toleranceMs);
  return charges.map((charge) => {
    const role = roleOf(subscription, charge);
    return { charge, role, side: subscription.side, span: spanOf(toldPeriod(charge) ?? place(charge, role)) };
  });
}

export function roleOf({ side }: Pick<SubscriptionEvidence, 'side'>, charge: ChargeEvidence): ChargeRole {
  const { amount, refundedMinor, reason, status } = charge;
  if (status !== 'paid') return 'owed';
  if (amount.amountMinor === 0) return side === 'new' && reason === 'start' ? 'trial' : 'free';
  if (refundedMinor !== null && refundedMinor >= amount.amountMinor) return 'refunded';
  return reason === 'update' || reason === 'usage' ? 'beside' : 'covers';
}

function toldPeriod({ period }: ChargeEvidence): Period | null {
  return period !== null && parse(period.end) > parse(period.start) ? period : null;
}

function spanOf(period: Period | null): ChargeSpan['span'] {
  return period && { fromMs: parse(period.start), toMs: parse(period.end) };
}

/**
 * Finds the period of a charge whose provider does not tell it: the one in which it was paid, counted by the calendar
 * from the nearest period that is known. In time's order, and each period once while there is another:
 *
 * - paid within the tolerance before a period begins: that one, for renewals come early, hardly late by a whole period;
 * - paid in a period that is paid already, while the one before is not: that one, for a bank's no is overcome late.
 */
function createPlacing(
  subscription: SubscriptionEvidence,
  charges: readonly ChargeEvidence[],
  toleranceMs: number,
): (charge: ChargeEvidence, role: ChargeRole) => Period | null {
  const { interval } = subscription;
  if (interval === null) return () => null;
  const covering = charges.filter((charge) => roleOf(subscription, charge) === 'covers');
  const told = covering.flatMap((charge) => toldPeriod(charge) ?? []);
  const known = [...subscription.periods, ...told];
  const soldAt = covering.slice(0, 1).map(({ at }) => at);
  const begunMs = Math.min(...[...known.map(({ start }) => start), ...soldAt].map(parse));
  const madeAt = charges.map(({ at }) => at);
  const taken = new Set(told.map(({ start }) => parse(start)));
  return (charge, role) => {
    if (role === 'beside' || role === 'trial') return null;
    const rule = ruleNear({ known, madeAt }, charge.at, interval);
    const here = periodAt(rule, charge.at);
    const [before, after] = [here.index - 1, here.index + 1].map((index) => periodOf({ ...rule, index }));
    const isFree = (period: Period | undefined): period is Period => period !== undefined && !has(taken, period);
    const isEarly = parse(here.end) - parse(charge.at) <= toleranceMs;
    const isLate = has(taken, here) && isFree(before) && parse(before.start) >= begunMs - toleranceMs;
    const chosen = isEarly && isFree(after) ? after : isLate ? before : here;
    if (role === 'covers') taken.add(parse(chosen.start));
    return chosen;
  };

  /** Told and counted boundaries may differ a little. */
  function has(starts: ReadonlySet<number>, period: Period): boolean {
    const at = parse(period.start);
    return starts.has(at) || [...starts].some((start) => Math.abs(start - at) <= toleranceMs);
  }
}

/** How periods are counted around an instant; from the instant itself where no period is known. */
function ruleNear(
  { known, madeAt }: { readonly known: readonly Period[]; readonly madeAt: readonly string[] },
  at: string,
  unit: 'month' | 'year',
): PeriodRule {
  const distance = ({ start, end }: Period) => Math.max(parse(start) - parse(at), parse(at) - parse(end), 0);
  const [nearest] = known.toSorted((a, b) => distance(a) - distance(b) || parse(b.start) - parse(a.start));
  return ruleOf(nearest ?? { start: at, end: at }, madeAt, intervalOf[unit]);
}

const intervalOf = { month: 'monthly', year: 'yearly' } as const;

/**
 * The anchor that gives a period both its boundaries: the latest day of the month, for the others were cut short by
 * theirs (31 January to 28 February is counted from the 31st, 28 February to 31 March too). A leap day shows only in a
 * charge of its own. A period that is none of the calendar's, such as a trial, leaves its end.
 */
function ruleOf(period: Period, madeAt: readonly string[], interval: PeriodRule['interval']): PeriodRule {
  const anchorAt = byDay([period.end, period.start, ...madeAt]).find((anchor) => {
    const counted = periodAt({ anchorAt: anchor, interval }, period.start);
    return parse(counted.start) === parse(period.start) && parse(counted.end) === parse(period.end);
  });
  return { anchorAt: anchorAt ?? period.end, interval };
}

/** How a stretch of several periods is counted from its start on. */
export function ruleFrom({ start, end }: Period, unit: 'month' | 'year'): PeriodRule {
  const interval = intervalOf[unit];
  const anchorAt = byDay([end, start]).find(
    (anchor) => parse(periodAt({ anchorAt: anchor, interval }, start).start) === parse(start),
  );
  return { anchorAt: anchorAt ?? start, interval };
}

function byDay(instants: readonly string[]): readonly string[] {
  const dayOf = (instant: string) => new Date(parse(instant)).getUTCDate();
  return instants.toSorted((a, b) => dayOf(b) - dayOf(a));
}
