import { logSum } from './log-space.ts';
import type { Slice } from './cohort.ts';

/** How much worse the treatment may be, as shares of all customers, and how much of the stake is bet on each. */
const alternatives = [
  { drop: 0.05, stake: 0.6 },
  { drop: 0.025, stake: 0.1 },
  { drop: 0.1, stake: 0.15 },
  { drop: 0.2, stake: 0.1 },
  { drop: 0.4, stake: 0.05 },
] as const;

/** Bet from the first customer on. The rest is kept for later stages: a treatment that was good may get worse. */
const stakeOnStart = 0.7;

/**
 * Log of the evidence that the treatment serves fewer than control: what one who began with 1 has now, from bets by which
 * nobody gains in the long run while both serve alike. Each bet is on one customer, who was served or was not: was that
 * one of the treatment's? The arm was drawn by a known chance, so the bet is fair whatever the success rates are and
 * however they drift. Hence the evidence ever reaches e in at most 1/e of all runs, at however many looks (Ville, 1939).
 *
 * @param slices In the order in which they began.
 * @returns 0 where nothing is known.
 */
export function logEvidenceOfHarm(slices: readonly Slice[]): number {
  const starts = [...new Set(slices.map(({ stage }) => stage))].map((from) =>
    slices.findIndex(({ stage }) => stage === from),
  );
  const gains = alternatives.map(({ drop }) => slices.map((slice) => logGain(slice, drop)));
  const bets = starts.flatMap((first, order) =>
    alternatives.map(({ stake }, index) => {
      const gain = (gains[index] ?? []).slice(first).reduce((sum, each) => sum + each, 0);
      return Math.log(stakeOn(order) * stake) + gain;
    }),
  );
  const kept = starts.reduce((left, _, order) => left - stakeOn(order), 1);
  return logSum([...bets, Math.log(kept)]);
}

/** The nth stage that was entered gets 1/n − 1/(n+1) of what the start left: never more than all, however many come. */
function stakeOn(order: number): number {
  return order === 0 ? stakeOnStart : (1 - stakeOnStart) / (order * (order + 1));
}

/**
 * Of the bet that was best if the treatment's rate were lower by `drop`: likelihood ratios of the arm, given the outcome.
 * For a draw with chance π and relative rates r of an outcome they are r / (πr + 1 − π) in treatment and 1 / (πr + 1 − π)
 * in control, whose mean over the draw is 1.
 */
function logGain({ share, baseline, control, treatment }: Slice, drop: number): number {
  const worse = Math.max(baseline - drop, baseline / 10);
  const ofOutcome = (relative: number, inTreatment: number, inControl: number) =>
    inTreatment * Math.log(relative) - (inTreatment + inControl) * Math.log1p(share * (relative - 1));
  return (
    ofOutcome(worse / baseline, treatment.succeeded, control.succeeded) +
    ofOutcome((1 - worse) / (1 - baseline), treatment.failed, control.failed)
  );
}
