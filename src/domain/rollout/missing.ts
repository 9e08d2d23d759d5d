import { floorOf } from './bounds.ts';
import { countOf, rateOf, shareOf, sumOutcomes, type Cohort } from './cohort.ts';
import type { RolloutSettings } from './rollout.ts';
import type { Compared, RolloutStatistic } from './statistic.ts';
import { describeMinutes, percent, points } from './words.ts';

interface Asked extends Compared {
  readonly minutesInStage: number;
}

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
  return `a difference surely above ${points(lowerNeeded)} (${told})`;
}

/** Where everybody is in treatment, they are surely served as control was, but for two margins. */
function missingRate(input: Asked, { comparedWith, controlRate }: RolloutStatistic): string | null {
  const { settings, stage, cohorts } = input;
  if (settings.stages[stage]?.kind !== 'percent' || comparedWith !== 'control_so_far') return null;
  const here = sumOutcomes(cohorts.filter((cohort) => cohort.stage === stage).map(({ treatment }) => treatment));
  const [rate, floor, control] = [rateOf(here), floorOf(here, settings.alpha), controlRate ?? 0];
  const least = control - 2 * settings.margin;
  if (rate === null || floor >= least) return null;
  const told = `it is ${percent(rate)}, surely above ${percent(floor)}; control's so far is ${percent(control)}`;
  return `a success rate surely above ${percent(least)} in this stage (${told})`;
}
