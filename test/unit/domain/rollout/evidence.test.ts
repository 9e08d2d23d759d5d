import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differenceOf, floorOf, logEvidenceAbove, logEvidenceBelow } from '../../../../src/domain/rollout/bounds.ts';
import type { Outcomes, Slice } from '../../../../src/domain/rollout/cohort.ts';
import { logEvidenceOfHarm } from '../../../../src/domain/rollout/evidence.ts';

const count = fc.integer({ min: 0, max: 400 });
const outcomes = fc.record({ succeeded: count, failed: count });
const share = fc.constantFrom(0.01, 0.1, 0.5, 0.95);
const rate = fc.double({ min: 0.02, max: 0.99, noNaN: true });

const aSlice = fc.record({ share, baseline: rate, control: outcomes, treatment: outcomes });

/** Stages in the order in which they were entered, one slice or more of each. */
const someSlices = fc
  .array(aSlice, { minLength: 1, maxLength: 5 })
  .map((slices): Slice[] => slices.map((slice, index) => ({ stage: Math.floor(index / 2), ...slice })));

/** The slices with one more customer in the last of them. */
function withOne(slices: readonly Slice[], arm: 'control' | 'treatment', outcome: keyof Outcomes): readonly Slice[] {
  return slices.map((slice, index) =>
    index < slices.length - 1 ? slice : { ...slice, [arm]: { ...slice[arm], [outcome]: slice[arm][outcome] + 1 } },
  );
}

const shareOfLast = (slices: readonly Slice[]) => slices.at(-1)?.share ?? 0;

describe('the evidence of harm', () => {
  it('is a fair game: whoever comes next, served or not, the draw of the arm leaves its mean as it is', () => {
    fc.assert(
      fc.property(someSlices, fc.constantFrom<keyof Outcomes>('succeeded', 'failed'), (slices, outcome) => {
        const gain = (arm: 'control' | 'treatment') =>
          Math.exp(logEvidenceOfHarm(withOne(slices, arm, outcome), 0.02) - logEvidenceOfHarm(slices, 0.02));
        const drawn = shareOfLast(slices);
        expect(drawn * gain('treatment') + (1 - drawn) * gain('control')).toBeCloseTo(1, 9);
      }),
    );
  });

  it('is neither won nor lost by entering a stage', () => {
    fc.assert(
      fc.property(someSlices, (slices) => {
        const none = { succeeded: 0, failed: 0 };
        const entered = { stage: 99, share: 0.5, baseline: 0.9, control: none, treatment: none };
        expect(logEvidenceOfHarm([...slices, entered], 0.02)).toBeCloseTo(logEvidenceOfHarm(slices, 0.02), 9);
      }),
    );
  });

  it('sees a treatment that gets worse, however well it began', () => {
    const well: Slice = {
      ...{ stage: 0, share: 0.5, baseline: 0.9 },
      ...{ control: { succeeded: 18_000, failed: 2_000 }, treatment: { succeeded: 18_000, failed: 2_000 } },
    };
    const badly: Slice = {
      ...{ stage: 1, share: 0.5, baseline: 0.9 },
      ...{ control: { succeeded: 900, failed: 100 }, treatment: { succeeded: 800, failed: 200 } },
    };
    expect(logEvidenceOfHarm([well], 0.02)).toBeLessThan(0);
    expect(logEvidenceOfHarm([well, badly], 0.02)).toBeGreaterThan(Math.log(20));
  });
});

describe('the evidence of a difference above a value', () => {
  it('is a fair game where the difference is that value, whatever the rate is', () => {
    const value = fc.double({ min: -0.3, max: 0.3, noNaN: true });
    fc.assert(
      fc.property(someSlices, value, rate, (slices, difference, controlRate) => {
        fc.pre(controlRate + difference >= 0 && controlRate + difference <= 1);
        const before = logEvidenceAbove(slices, difference);
        fc.pre(before > -300 && before < 300);
        const gain = (arm: 'control' | 'treatment', outcome: keyof Outcomes) =>
          Math.exp(logEvidenceAbove(withOne(slices, arm, outcome), difference) - before);
        const meanOf = (arm: 'control' | 'treatment', served: number) =>
          served * gain(arm, 'succeeded') + (1 - served) * gain(arm, 'failed');
        const drawn = shareOfLast(slices);
        const mean =
          drawn * meanOf('treatment', controlRate + difference) + (1 - drawn) * meanOf('control', controlRate);
        expect(mean).toBeCloseTo(1, 8);
      }),
    );
  });

  it('is a fair game for one rate, too', () => {
    fc.assert(
      fc.property(outcomes, rate, ({ succeeded, failed }, truth) => {
        const before = logEvidenceBelow({ succeeded, failed }, truth);
        const served = Math.exp(logEvidenceBelow({ succeeded: succeeded + 1, failed }, truth) - before);
        const not = Math.exp(logEvidenceBelow({ succeeded, failed: failed + 1 }, truth) - before);
        expect(truth * served + (1 - truth) * not).toBeCloseTo(1, 9);
      }),
    );
  });
});

describe('the bounds of the difference', () => {
  it('hold the estimate between them, and come closer the more customers there are', () => {
    const widths = [50, 500, 5_000].map((each) => {
      const arm = { succeeded: each * 0.9, failed: each * 0.1 };
      const slice: Slice = { stage: 0, share: 0.5, baseline: 0.9, control: arm, treatment: arm };
      const { estimate, lower, upper } = differenceOf([slice], 0.05) ?? { estimate: NaN, lower: NaN, upper: NaN };
      expect(estimate).toBe(0);
      expect(lower).toBeLessThan(0);
      expect(upper).toBeGreaterThan(0);
      return upper - lower;
    });
    expect(widths).toEqual(widths.toSorted((one, other) => other - one));
    expect(widths.at(-1)).toBeLessThan(0.05);
  });

  it('compare customers of the same days: a mix that changes is no difference', () => {
    const good: Slice = {
      ...{ stage: 0, share: 0.1, baseline: 0.9 },
      ...{ control: { succeeded: 8_100, failed: 900 }, treatment: { succeeded: 900, failed: 100 } },
    };
    const poor: Slice = {
      ...{ stage: 1, share: 0.5, baseline: 0.6 },
      ...{ control: { succeeded: 600, failed: 400 }, treatment: { succeeded: 600, failed: 400 } },
    };
    expect(differenceOf([good, poor], 0.05)?.estimate).toBeCloseTo(0, 12);
  });

  it('say nothing before both arms have customers', () => {
    const control = { succeeded: 10, failed: 1 };
    const treatment = { succeeded: 0, failed: 0 };
    expect(differenceOf([{ stage: 0, share: 0.01, baseline: 0.8, control, treatment }], 0.05)).toBeNull();
    expect(floorOf(treatment, 0.05)).toBe(0);
  });
});
