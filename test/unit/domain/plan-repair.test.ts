import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agreementOf } from '../../../src/domain/reconciliation/agreement.ts';
import { coveredUntil } from '../../../src/domain/reconciliation/covered-until.ts';
import { differenceKinds } from '../../../src/domain/reconciliation/difference.ts';
import { planRepair, repairGapsMs, reviewKindOf } from '../../../src/domain/reconciliation/repair.ts';
import { windowFault } from '../../../src/domain/reconciliation/window-fault.ts';
import { reviewKinds } from '../../../src/domain/review.ts';

const inputs = fc.record({
  kind: fc.constantFrom(...differenceKinds),
  isStill: fc.boolean(),
  hasTarget: fc.boolean(),
  looks: fc.nat(10),
});

describe('what is done about a difference', () => {
  it('is nothing once it is gone', () => {
    fc.assert(fc.property(inputs, (input) => (planRepair(input) === 'repaired') === !input.isStill));
  });

  it('is never left to a workflow where money or its owner would have to be chosen', () => {
    const unsafe = inputs.filter(({ kind }) => !['missing_here', 'state', 'period'].includes(kind));
    fc.assert(fc.property(unsafe, (input) => planRepair(input) !== 'nudge'));
  });

  it('comes to an end: after the last look a person is asked', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const last = planRepair({ ...input, isStill: true, looks: repairGapsMs.length });
        return last === 'queue';
      }),
    );
  });

  it('is a look of its workflow first, where the provider’s truth settles it', () => {
    for (const kind of ['missing_here', 'state', 'period'] as const) {
      expect(planRepair({ kind, isStill: true, hasTarget: true, looks: 0 })).toBe('nudge');
      expect(planRepair({ kind, isStill: true, hasTarget: false, looks: 0 })).toBe('queue');
    }
  });

  it('can be asked of a person for every kind', () => {
    for (const kind of differenceKinds) expect(reviewKinds).toContain(reviewKindOf(kind));
  });
});

describe('the share that agreed', () => {
  it('lies between nothing and all, and says nothing of nothing', () => {
    expect(agreementOf({ compared: 0, differing: 0 })).toBeNull();
    expect(agreementOf({ compared: 10_000, differing: 1 })).toBe(0.9999);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.nat(1e6), (compared, differing) => {
        const share = agreementOf({ compared, differing });
        return share !== null && share >= 0 && share <= 1;
      }),
    );
  });
});

describe('a window that is asked for', () => {
  const limits = { nowMs: 1_000_000_000, horizonMs: 100_000 };
  it.each([
    [{ fromMs: 999_900_000, toMs: 1_000_000_000 }, null],
    [{ fromMs: 999_899_999, toMs: 1_000_000_000 }, 'from'],
    [{ fromMs: 999_950_000, toMs: 999_950_000 }, 'from'],
    [{ fromMs: 999_950_000, toMs: 1_000_000_001 }, 'to'],
  ])('%o may be compared but for %s', (window, field) => {
    expect(windowFault(window, limits)?.field ?? null).toBe(field);
  });
});

describe('what has been compared without a gap', () => {
  const run = (fromMs: number, toMs: number, cause: 'schedule' | 'request' = 'schedule') => ({ fromMs, toMs, cause });
  it.each([
    ['nothing yet', [], null],
    ['the schedule, hour after hour', [run(0, 10), run(10, 20)], 20],
    ['a window asked for that joins', [run(0, 10), run(5, 15, 'request')], 15],
    ['not beyond a gap that a window asked for leaves', [run(0, 10), run(12, 15, 'request')], 10],
    ['the gap, once the schedule has filled it', [run(0, 10), run(12, 15, 'request'), run(10, 20)], 20],
    ['what the provider can still tell after a long outage', [run(0, 10), run(50, 60)], 60],
    ['an old window asked for again', [run(0, 5, 'request'), run(4, 10), run(1, 2, 'request')], 10],
  ])('is %s', (_what, runs, until) => {
    expect(coveredUntil(runs)).toBe(until);
  });
});
