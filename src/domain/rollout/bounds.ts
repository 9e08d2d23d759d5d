import { countOf, type Outcomes, type Slice } from './cohort.ts';
import { logSum } from './log-space.ts';

/** How much is bet per customer: small bets for many customers and small differences, large ones for the first days. */
const stakes = [1.6, 0.64, 0.25, 0.1, 0.04, 0.016, 0.006];

/** Below 1, so that no single customer can cost all. */
const stakesOnRate = [0.9, 0.4, 0.16, 0.06, 0.025, 0.01, 0.004];

/** Bounds are found to a tenth of a point, on the safe side. */
const precision = 0.001;

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
 * @returns null while no slice has customers in both arms
 */
export function differenceOf(slices: readonly Slice[], alpha: number): Difference | null {
  const weight = slices.reduce((sum, slice) => sum + weightOf(slice), 0);
  if (weight === 0) return null;
  const estimate = slices.reduce((sum, slice) => sum + weightOf(slice) * gapOf(slice), 0) / weight;
  const swapped = slices.map((slice) => ({
    ...slice,
    baseline: 1 - slice.baseline,
    control: swap(slice.control),
    treatment: swap(slice.treatment),
  }));
  const first = 1 / Math.sqrt(weight);
  return {
    estimate,
    lower: boundBelow(estimate, first, (least) => logEvidenceAbove(slices, least) >= -Math.log(alpha)),
    upper: -boundBelow(-estimate, first, (least) => logEvidenceAbove(swapped, least) >= -Math.log(alpha)),
  };
}

/**
 * Log of the evidence that the difference is above `least`: from bets by which nobody gains in the long run while it is
 * not. One customer's bet pays (A − π)(Y − least·A − c): A whether in treatment, drawn with chance π; Y whether served; c
 * the baseline. At a difference of `least` its mean is 0 whatever the rates are and however they drift.
 */
export function logEvidenceAbove(slices: readonly Slice[], least: number): number {
  const gains = stakes.map((stake) => {
    let gain = 0;
    for (const slice of slices) gain += logGain(slice, stake, least);
    return gain;
  });
  return logSum(gains) - Math.log(stakes.length);
}

function logGain({ share, baseline, control, treatment }: Slice, stake: number, least: number): number {
  const [ofTreatment, ofControl] = [stake * (1 - share), stake * share];
  const worst = Math.min(-ofTreatment * (least + baseline), -ofControl * (1 - baseline));
  // A bet that could lose more than it has is none, even where it has not lost yet.
  if (worst <= -1) return -Infinity;
  return (
    treatment.succeeded * Math.log1p(ofTreatment * (1 - least - baseline)) +
    treatment.failed * Math.log1p(-ofTreatment * (least + baseline)) +
    control.succeeded * Math.log1p(-ofControl * (1 - baseline)) +
    control.failed * Math.log1p(ofControl * baseline)
  );
}

/**
 * A bound below the success rate of these customers that holds at all looks at once, with the chance `alpha` to be ever
 * wrong. 0 where nothing is known.
 */
export function floorOf(outcomes: Outcomes, alpha: number): number {
  const count = countOf(outcomes);
  if (count === 0) return 0;
  const swapped = swap(outcomes);
  const isBelow = (rate: number) => logEvidenceBelow(swapped, 1 - rate) >= -Math.log(alpha);
  return Math.max(0, boundBelow(outcomes.succeeded / count, 1 / Math.sqrt(count), isBelow));
}

/** Log of the evidence that the success rate of these customers is below `rate`. 0 where nothing is known. */
export function logEvidenceBelow({ succeeded, failed }: Outcomes, rate: number): number {
  const gains = stakesOnRate.map(
    (stake) => succeeded * Math.log1p(-stake * (1 - rate)) + failed * Math.log1p(stake * rate),
  );
  return logSum(gains) - Math.log(stakesOnRate.length);
}

/**
 * The highest value below the estimate of which the evidence says that the truth is above it: it says so of every lower
 * value too.
 *
 * @param first How far below it is likely to be.
 * @returns −1 where the evidence says so of none
 */
function boundBelow(estimate: number, first: number, isSurelyAbove: (value: number) => boolean): number {
  let reach = first;
  while (estimate - reach > -1 && !isSurelyAbove(estimate - reach)) reach *= 2;
  if (estimate - reach <= -1) return -1;
  let [below, above] = [estimate - reach, estimate];
  while (above - below > precision) {
    const middle = (below + above) / 2;
    if (isSurelyAbove(middle)) below = middle;
    else above = middle;
  }
  return below;
}

function gapOf({ control, treatment }: Pick<Slice, 'control' | 'treatment'>): number {
  return weightOf({ control, treatment }) === 0
    ? 0
    : treatment.succeeded / countOf(treatment) - control.succeeded / countOf(control);
}

function weightOf({ control, treatment }: Pick<Slice, 'control' | 'treatment'>): number {
  const [treated, controlled] = [countOf(treatment), countOf(control)];
  return treated + controlled === 0 ? 0 : (treated * controlled) / (treated + controlled);
}

const swap = ({ succeeded, failed }: Outcomes): Outcomes => ({ succeeded: failed, failed: succeeded });
