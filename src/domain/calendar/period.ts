import type { BillingInterval } from '../catalogue.ts';
import { addDays, isoOf, monthsAfter, monthsBetween, parse } from './calendar.ts';

/** From `start` on, up to but without `end`. ISO 8601 in UTC. */
export interface Period {
  readonly start: string;
  readonly end: string;
}

/** How a subscription's periods are counted. */
export interface PeriodRule {
  /** Gives every boundary its day of the month and time of the day. ISO 8601. */
  readonly anchorAt: string;
  readonly interval: BillingInterval;
  /** IANA; default UTC. */
  readonly timeZone?: string;
  /** The first period begins so many months after the anchor; default 0. */
  readonly firstMonth?: number;
}

const monthsOf = { monthly: 1, yearly: 12 } satisfies Record<BillingInterval, number>;

/**
 * One period of a rule. Each boundary is counted from the anchor, never from the boundary before it, so a 31st that
 * February cut short is a 31st again in March.
 *
 * @param rule.index 0: the first; negative: before it.
 */
export function periodOf(rule: PeriodRule & { readonly index: number }): Period {
  return { start: isoOf(boundaryMs(rule, rule.index)), end: isoOf(boundaryMs(rule, rule.index + 1)) };
}

/** The period in which an instant lies, and its index. */
export function periodAt(rule: PeriodRule, instant: string): Period & { readonly index: number } {
  const at = parse(instant);
  const { timeZone = 'UTC', firstMonth = 0 } = rule;
  const months = monthsBetween(parse(rule.anchorAt), at, timeZone) - firstMonth;
  // A boundary later in the month of the instant puts it in the period before; a skipped wall time can put it after.
  let index = Math.floor(months / monthsOf[rule.interval]);
  while (boundaryMs(rule, index) > at) index -= 1;
  while (boundaryMs(rule, index + 1) <= at) index += 1;
  return { index, ...periodOf({ ...rule, index }) };
}

/**
 * The rule from an instant on with another interval. On a boundary the anchor stays, and with it its day of the month;
 * between boundaries the instant becomes the anchor of its own.
 */
export function reAnchor(
  rule: PeriodRule,
  change: { readonly at: string; readonly interval: BillingInterval },
): PeriodRule {
  const { timeZone = 'UTC' } = rule;
  const { index, start } = periodAt(rule, change.at);
  const zone = { timeZone, interval: change.interval };
  if (parse(start) !== parse(change.at)) return { ...zone, anchorAt: change.at };
  return { ...zone, anchorAt: rule.anchorAt, firstMonth: (rule.firstMonth ?? 0) + index * monthsOf[rule.interval] };
}

/** A trial of whole calendar days. Its end is the first charge, and from there periods are counted. */
export function trialOf(input: { readonly startAt: string; readonly days: number; readonly timeZone?: string }): {
  readonly start: string;
  readonly end: string;
  readonly anchorAt: string;
} {
  const end = addDays(input.startAt, input.days, input.timeZone);
  return { start: isoOf(parse(input.startAt)), end, anchorAt: end };
}

function boundaryMs(rule: PeriodRule, index: number): number {
  const months = (rule.firstMonth ?? 0) + index * monthsOf[rule.interval];
  return monthsAfter(parse(rule.anchorAt), months, rule.timeZone ?? 'UTC');
}
