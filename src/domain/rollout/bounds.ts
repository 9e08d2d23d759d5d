import { countOf, type Outcomes, type Slice } from './cohort.ts';
import { logSum } from './log-space.ts';

/** How much is bet per customer: small bets for many customers and small differences, large ones for the first days. */
const stakes = [2, 1, 0.5, 0.25, 0.125, 0.06, 0.03, 0.015, 0.007];

export interface Difference {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}

/**
 * Treatment's success rate minus control's, each treatment customer beside the control of its own days (Mantel and
 * Haenszel's weights), with bounds that hold at all looks at once: over the whole run each is ever on the wrong side of
 * a steady difference with at most the chance `alpha`.
 *
 * @returns null while an arm is empty in every slice
 */
export function differenceOf(slices: readonly Slice[], alpha: number): Difference | null {
  const estimate = estimateOf(slices);
  if (estimate === null) return null;
  const swapped = slices.map((slice) => ({
    ...slice,
    baseline: 1 - slice.baseline,
    control: swap(slice.control),
    treatment: swap(slice.treatment),
  }));
  return { estimate, lower: lowerBound(slices, alpha), upper: -lowerBound(swapped, alpha) };
}

/**
 * Whether the difference is above `least`, and not by chance: bets at which nobody gains in the long run while it is not.
 * One customer's bet pays (A − π)(Y − least·A − c): A whether in treatment, drawn with chance π; Y whether served; c
 * what was expected. At the difference `least` its mean is 0 whatever the rates are and however they drift.
 */
function logEvidenceAbove(slices: readonly Slice[], least: number): number {
  return (
    logSum(stakes.map((stake) => sumOf(slices, (slice) => logGain(slice, stake, least)))) - Math.log(stakes.length)
  );
}

function logGain({ share, baseline, control, treatment }: Slice, stake: number, least: number): number {
  const ofTreatment = (served: number) => 1 + stake * (1 - share) * (served - least - baseline);
  const ofControl = (served: number) => 1 - stake * share * (served - baseline);
  // A bet that could lose more than it has is none, even where it has not lost yet.
  if (ofTreatment(0) <= 0 || ofControl(1) <= 0) return -Infinity;
  return (
    treatment.succeeded * Math.log(ofTreatment(1)) +
    treatment.failed * Math.log(ofTreatment(0)) +
    control.succeeded * Math.log(ofControl(1)) +
    control.failed * Math.log(ofControl(0))
  );
}

/** The evidence falls as `least` rises, so halving finds where it is enough; to a hundredth of a point. */
function lowerBound(slices: readonly Slice[], alpha: number): number {
  return halve(-1, 1, (least) => logEvidenceAbove(slices, least) >= -Math.log(alpha));
}

/**
 * A bound below the success rate of these customers that holds at all looks at once, with the chance `alpha` to be ever
 * wrong: by bets on every customer against it.
 */
export function floorOf({ succeeded, failed }: Outcomes, alpha: number): number {
  const isBelow = (rate: number) => {
    const gains = smallStakes.map(
      (stake) => succeeded * Math.log1p(stake * (1 - rate)) + failed * Math.log1p(-stake * rate),
    );
    return logSum(gains) - Math.log(smallStakes.length) >= -Math.log(alpha);
  };
  return halve(0, 1, isBelow);
}

/** Below 1: none can lose all on one customer. */
const smallStakes = [0.9, 0.5, 0.25, 0.125, 0.06, 0.03, 0.015, 0.007, 0.003];

/** Log of the evidence that the success rate of these customers is below `rate`; the same bets the other way round. */
export function logEvidenceBelow({ succeeded, failed }: Outcomes, rate: number): number {
  const gains = smallStakes.map(
    (stake) => succeeded * Math.log1p(-stake * (1 - rate)) + failed * Math.log1p(stake * rate),
  );
  return logSum(gains) - Math.log(smallStakes.length);
}

/** The highest value that holds, where every lower one does too; `low` where none does. */
function halve(low: number, high: number, holds: (value: number) => boolean): number {
  let [below, above] = [low, high];
  while (above - below > 0.0001) {
    const middle = (below + above) / 2;
    if (holds(middle)) below = middle;
    else above = middle;
  }
  return below;
}

function estimateOf(slices: readonly Slice[]): number | null {
  const weight = sumOf(slices, weightOf);
  if (weight === 0) return null;
  const difference = sumOf(slices, (slice) => {
    const [treated, controlled] = [countOf(slice.treatment), countOf(slice.control)];
    if (treated === 0 || controlled === 0) return 0;
    return weightOf(slice) * (slice.treatment.succeeded / treated - slice.control.succeeded / controlled);
  });
  return difference / weight;
}

function weightOf({ control, treatment }: Slice): number {
  const [treated, controlled] = [countOf(treatment), countOf(control)];
  return treated + controlled === 0 ? 0 : (treated * controlled) / (treated + controlled);
}

const swap = ({ succeeded, failed }: Outcomes): Outcomes => ({ succeeded: failed, failed: succeeded });

function sumOf<T>(all: readonly T[], value: (each: T) => number): number {
  return all.reduce((sum, each) => sum + value(each), 0);
}
