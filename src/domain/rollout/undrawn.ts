import { floorOf, logEvidenceBelow } from './bounds.ts';
import { countOf, shareOf, sumOutcomes, type Cohort, type Outcomes } from './cohort.ts';
import type { RolloutSettings } from './rollout.ts';

/** Fewer days do not show how much control's rate swings by itself. */
const leastDays = 7;

/**
 * Log of the evidence that customers beside whom nobody was in control (the first to come, or all) are served less than
 * control was before them: below the rate that control has surely reached, by more than the margin and twice the swing of
 * control's own days, for the days that are compared are not the same.
 *
 * @param alphaOfFloor The chance that what control has "surely" reached is too high.
 * @returns 0 where nothing is known
 */
export function logEvidenceUndrawn(
  settings: RolloutSettings,
  cohorts: readonly Cohort[],
  alphaOfFloor: number,
): number {
  const treated = undrawnTreatment(settings, cohorts);
  if (countOf(treated) === 0) return 0;
  const days = controlByDay(cohorts);
  if (days.length < leastDays) return 0;
  const least = floorOf(sumOutcomes(days), alphaOfFloor) - settings.margin - 2 * swingOf(days);
  return least <= 0 ? 0 : logEvidenceBelow(treated, least);
}

/** The treatment's outcomes where nobody was drawn, but everybody who came was in it. Named ones are not like others. */
export function undrawnTreatment({ stages }: RolloutSettings, cohorts: readonly Cohort[]): Outcomes {
  const isOfAll = ({ stage }: Cohort) => {
    const found = stages[stage];
    return found !== undefined && found.kind !== 'organizations' && shareOf(found) === null;
  };
  return sumOutcomes(cohorts.filter(isOfAll).map(({ treatment }) => treatment));
}

function controlByDay(cohorts: readonly Cohort[]): readonly Outcomes[] {
  const days = new Map<string, Outcomes>();
  for (const { day, control } of cohorts) {
    if (countOf(control) > 0) days.set(day, sumOutcomes([days.get(day) ?? { succeeded: 0, failed: 0 }, control]));
  }
  return [...days.values()];
}

/** The standard deviation of the days' true rates: what they differ by beyond what the luck of so few explains. */
function swingOf(days: readonly Outcomes[]): number {
  const all = sumOutcomes(days);
  const count = countOf(all);
  const rate = all.succeeded / count;
  const squares = days.reduce((sum, day) => sum + (day.succeeded - countOf(day) * rate) ** 2 / countOf(day), 0);
  const evenness = count - days.reduce((sum, day) => sum + countOf(day) ** 2, 0) / count;
  return evenness <= 0 ? 0 : Math.sqrt(Math.max(0, squares - (days.length - 1) * rate * (1 - rate)) / evenness);
}
