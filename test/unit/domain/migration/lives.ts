import fc from 'fast-check';
import { periodOf, type Period } from '../../../../src/domain/calendar/period.ts';
import type { ChargeEvidence, ProofRules, SubscriptionEvidence } from '../../../../src/domain/migration/evidence.ts';

export const minute = 60_000;
export const day = 86_400_000;

export const iso = (ms: number) => new Date(ms).toISOString();
export const at = (instant: string, shiftMs: number) => iso(Date.parse(instant) + shiftMs);

/** One customer's life as it should be: old periods, then perhaps new ones, each charged once. */
export interface Life {
  readonly interval: 'month' | 'year';
  readonly old: readonly Period[];
  readonly moved: readonly Period[];
  readonly rules: ProofRules;
}

/** Any day of the month, leap days too; one to six periods at the old provider and none to four at the new one. */
export const lives: fc.Arbitrary<Life> = fc
  .record({
    year: fc.integer({ min: 2023, max: 2033 }),
    month: fc.integer({ min: 0, max: 11 }),
    dayOfMonth: fc.integer({ min: 1, max: 31 }),
    timeMs: fc.integer({ min: 0, max: day - 1 }),
    interval: fc.constantFrom('month' as const, 'year' as const),
    olds: fc.integer({ min: 1, max: 6 }),
    news: fc.integer({ min: 0, max: 4 }),
  })
  .map(({ year, month, dayOfMonth, timeMs, interval, olds, news }) => {
    const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
    const anchorAt = iso(Date.UTC(year, month, Math.min(dayOfMonth, lastDay)) + timeMs);
    return lifeOf({ anchorAt, interval, olds, news });
  });

export function lifeOf(input: {
  readonly anchorAt: string;
  readonly interval: 'month' | 'year';
  readonly olds: number;
  readonly news: number;
}): Life {
  const { anchorAt, interval, olds, news } = input;
  const rule = { anchorAt, interval: interval === 'month' ? 'monthly' : 'yearly' } as const;
  const old = Array.from({ length: olds }, (_, index) => periodOf({ ...rule, index }));
  // The new provider counts from the day it was given: what February cut short stays cut short.
  const movedAt = old.at(-1)?.end ?? anchorAt;
  const moved = Array.from({ length: news }, (_, index) => periodOf({ ...rule, anchorAt: movedAt, index }));
  const last = moved.at(-1) ?? old.at(-1);
  const asOf = at(last?.start ?? anchorAt, day);
  return {
    interval,
    old,
    moved,
    rules: { from: anchorAt, asOf, toleranceMinutes: 60, handoverSeconds: 60, graceMinutes: 24 * 60 },
  };
}

export function aCharge(period: Period, with_: Partial<ChargeEvidence> = {}): ChargeEvidence {
  return {
    ...{ provider: 'old', providerSubscriptionId: 'S1', chargeId: `old-${period.start}`, status: 'paid' },
    ...{ amount: { amountMinor: 1_900, currency: 'USD' }, refundedMinor: 0, reason: 'cycle', at: period.start },
    period: null,
    ...with_,
  };
}

/** The old provider tells no periods but the running one; the new one tells each charge's. */
export function evidenceOf(life: Life): readonly [SubscriptionEvidence, ...SubscriptionEvidence[]] {
  const { interval, old, moved } = life;
  const common = { status: 'active', interval, trial: null, pausedAt: null } as const;
  const before: SubscriptionEvidence = {
    ...common,
    ...{ side: 'old', provider: 'old', providerSubscriptionId: 'S1', periods: old.slice(-1) },
    endsAt: moved.length > 0 ? (old.at(-1)?.end ?? null) : null,
    charges: old.map((period) => aCharge(period)),
  };
  if (moved.length === 0) return [before];
  const after: SubscriptionEvidence = {
    ...common,
    ...{ side: 'new', provider: 'new', providerSubscriptionId: 'N1', periods: moved.slice(-1), endsAt: null },
    charges: moved.map((period) =>
      aCharge(period, { provider: 'new', providerSubscriptionId: 'N1', chargeId: `new-${period.start}`, period }),
    ),
  };
  return [before, after];
}

/** The same evidence with the charge of one period changed, taken away, or joined by others. */
export function withCharges(
  evidence: readonly SubscriptionEvidence[],
  change: (charge: ChargeEvidence, index: number) => readonly ChargeEvidence[],
): readonly SubscriptionEvidence[] {
  let index = -1;
  return evidence.map((each) => ({
    ...each,
    charges: each.charges.flatMap((charge) => {
      index += 1;
      return change(charge, index);
    }),
  }));
}
