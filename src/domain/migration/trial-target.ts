import { isoOf, monthsAfter, parse } from '../calendar/calendar.ts';
import type { OldSide } from './sides.ts';

const dayMs = 86_400_000;
/** A provider takes a trial's end only in the future: the way of one call. One that took longer is decided again. */
export const soonestMs = 5_000;
/** Some providers keep whole seconds. */
const sameMs = 1_000;

/** Where the new subscription's first charge belongs. */
export interface TrialTarget {
  /** ISO, on a whole second. */
  readonly to: string;
  /**
   * - `exact`: the old one's paid-through date, which it will not renew before we have cancelled it, or at all.
   * - `parked`: it may renew any moment; the first charge waits a further period, until it is known.
   * - `soon`: the old one has ended already; the first charge is due.
   */
  readonly kind: 'exact' | 'parked' | 'soon';
}

/**
 * Where the first charge at the new provider belongs as the old side stands now. Never earlier than what the customer has
 * paid for, so that no time is paid twice.
 *
 * @param old.paidThrough null where the provider does not tell: then nothing can be said.
 * @param lastCallMs This long before the paid-through date a renewal may be on its way already.
 */
export function trialTarget(
  old: Pick<OldSide, 'paidThrough' | 'isEnding'>,
  interval: 'month' | 'year' | null,
  lastCallMs: number,
  nowMs: number,
): TrialTarget | null {
  if (old.paidThrough === null) return null;
  const endMs = wholeSecond(parse(old.paidThrough));
  if (old.isEnding)
    return endMs > nowMs + soonestMs
      ? { to: isoOf(endMs), kind: 'exact' }
      : { to: isoOf(wholeSecond(nowMs + soonestMs)), kind: 'soon' };
  if (nowMs < endMs - lastCallMs) return { to: isoOf(endMs), kind: 'exact' };
  return parkedTarget(old.paidThrough, interval, lastCallMs, nowMs);
}

/** A period behind the paid-through date, and far enough from now: whatever the old one does, it comes first. */
export function parkedTarget(
  paidThrough: string,
  interval: 'month' | 'year' | null,
  lastCallMs: number,
  nowMs: number,
): TrialTarget {
  return { to: isoOf(nextEnd(wholeSecond(parse(paidThrough)), interval, nowMs + lastCallMs)), kind: 'parked' };
}

/** Whether a trial ends where it should. A parked one may end later, one that is due earlier. */
export function isAligned(trialEnd: string | null, target: TrialTarget): boolean {
  if (trialEnd === null) return false;
  const gapMs = parse(trialEnd) - parse(target.to);
  switch (target.kind) {
    case 'exact':
      return Math.abs(gapMs) < sameMs;
    case 'parked':
      return gapMs > -sameMs;
    case 'soon':
      return gapMs < sameMs;
  }
}

/**
 * The trial a checkout is opened with: whole days that end at the paid-through date or after it, at least one, so that
 * nothing is charged before the exact date is set.
 */
export function wholeTrialDays(paidThrough: string, nowMs: number): number {
  return Math.max(1, Math.ceil((parse(paidThrough) - nowMs) / dayMs));
}

/** The period after one that ends at `end`. */
export function periodAfter(end: string, interval: 'month' | 'year' | null): string {
  const endMs = parse(end);
  return isoOf(nextEnd(endMs, interval, endMs));
}

function nextEnd(endMs: number, interval: 'month' | 'year' | null, afterMs: number): number {
  const months = interval === 'year' ? 12 : 1;
  for (let count = 1; ; count += 1) {
    const next = monthsAfter(endMs, months * count, 'UTC');
    if (next > afterMs) return next;
  }
}

function wholeSecond(ms: number): number {
  return Math.ceil(ms / 1_000) * 1_000;
}
