import { countOf, rateOf, shareOf, sumOutcomes, type Cohort } from './cohort.ts';
import type { GateInput, RolloutStatistic } from './gate.ts';
import type { RolloutSettings } from './rollout.ts';
import { describeMinutes, percent, points } from './words.ts';

type Asked = Pick<GateInput, 'settings' | 'stage' | 'minutesInStage' | 'cohorts'>;

/** What a stage still needs before it may advance, each as a phrase that follows "it still needs". */
export function missingOf(input: Asked, statistic: RolloutStatistic): readonly string[] {
  return [
    missingTime(input),
    ...missingOutcomes(input),
    missingSurety(statistic),
    missingRate(input, statistic),
  ].filter((phrase) => phrase !== null);
}

function missingTime({ settings, minutesInStage }: Asked): string | null {
  const left = settings.stageMinutes - minutesInStage;
  return left <= 0 ? null : `${describeMinutes(left)} of its ${describeMinutes(settings.stageMinutes)}`;
}

function missingOutcomes({ settings, stage, cohorts }: Asked): readonly string[] {
  const least = leastOf(settings, stage);
  const here = cohorts.filter((cohort) => cohort.stage === stage);
  const arms =
    shareOf(settings.stages[stage]) === null ? (['treatment'] as const) : (['treatment', 'control'] as const);
  return arms.flatMap((arm) => {
    const known = countOf(sumOutcomes(here.map((cohort: Cohort) => cohort[arm])));
    return known >= least ? [] : [`known outcomes of ${least - known} more customers in ${arm} (${known} of ${least})`];
  });
}

/** A stage of few customers cannot have more outcomes than customers. */
function leastOf({ stages, minSamples }: RolloutSettings, stage: number): number {
  const found = stages[stage];
  if (found?.kind === 'first') return Math.min(minSamples, found.customers);
  if (found?.kind === 'organizations') return Math.min(minSamples, found.organizations.length);
  return minSamples;
}

function missingSurety({ difference, lowerNeeded }: RolloutStatistic): string | null {
  if (lowerNeeded === null) return null;
  if (difference === null)
    return `customers of both arms to compare (a difference surely above ${points(lowerNeeded)})`;
  const { estimate, lower, upper } = difference;
  if (lower >= lowerNeeded) return null;
  const told = `it is ${points(estimate)}, surely between ${points(lower)} and ${points(upper)}`;
  const hopeless = upper < lowerNeeded ? '; waiting will not bring it there, so an operator decides' : '';
  return `a difference surely above ${points(lowerNeeded)} (${told}${hopeless})`;
}

/** Where everybody is in treatment, they are at least not seen to do worse than control did, by more than the margin. */
function missingRate(
  { settings, stage, cohorts }: Asked,
  { comparedWith, controlRate }: RolloutStatistic,
): string | null {
  if (comparedWith !== 'control_so_far' || controlRate === null) return null;
  const here = cohorts.filter((cohort) => cohort.stage === stage).map(({ treatment }) => treatment);
  const rate = rateOf(sumOutcomes(here));
  const least = controlRate - settings.margin;
  if (rate === null || rate >= least) return null;
  return `a success rate of ${percent(least)} in this stage (it is ${percent(rate)}; control's so far is ${percent(controlRate)})`;
}
