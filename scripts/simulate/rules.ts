import { periodOf, type Period } from '../../src/domain/calendar/period.ts';
import { entitlementOf } from '../../src/domain/entitlement/entitlement.ts';
import { nextAgendaItem } from '../../src/domain/subscription/agenda.ts';
import { graceFrom, remindersDue } from '../../src/domain/subscription/dunning.ts';
import { isLate } from '../../src/domain/subscription/observation.ts';
import { transitionOf } from '../../src/domain/subscription/transition.ts';
import { enterSeen, lifeByBook, vouchersToTakeBack } from '../../src/domain/subscription/voucher-book.ts';

/** What is simulated: the domain's own functions, one by one, so that a test can plant a bug in any of them. */
export const rules = {
  ...{ nextAgendaItem, transitionOf, isLate, graceFrom, remindersDue, entitlementOf },
  ...{ enterSeen, lifeByBook, vouchersToTakeBack },
};
export type Rules = typeof rules;

/** Where a period must begin and end. Never planted with a bug: it is what the rest is measured by. */
export function calendarPeriod(anchorMs: number, interval: 'monthly' | 'yearly', index: number): Period {
  return periodOf({ anchorAt: iso(anchorMs), interval, index });
}

/** One way in which a life went wrong, and how to see it again. */
export class Broken extends Error {
  readonly invariant: string;
  constructor(invariant: string, detail: string) {
    super(`${invariant}: ${detail}`);
    this.name = 'Broken';
    this.invariant = invariant;
  }
}

export function must(isHeld: boolean, invariant: string, detail: () => string): void {
  if (!isHeld) throw new Broken(invariant, detail());
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;
export const yearMs = 365.25 * dayMs;
