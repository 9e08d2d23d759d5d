import { countOf, rateOf } from './cohort.ts';
import { describePlace } from './describe-stage.ts';
import { brokenGuardrail, type RecentHealth } from './guardrails.ts';
import { missingOf } from './missing.ts';
import type { RolloutDecision } from './rollout.ts';
import { statisticOf, type Compared, type RolloutStatistic } from './statistic.ts';
import { undrawnTreatment } from './undrawn.ts';
import { percent, points } from './words.ts';

export interface GateInput extends Compared {
  readonly minutesInStage: number;
  readonly recent: RecentHealth;
}

export interface GateDecision {
  readonly decision: RolloutDecision;
  /** In words, for an operator. */
  readonly because: string;
  readonly statistic: RolloutStatistic;
  /** What the stage still needs before it may advance or complete; empty when nothing. */
  readonly missing: readonly string[];
}

/**
 * Whether a rollout stays, goes on or goes back, by what both arms have shown. Pure and without memory: the same figures
 * decide the same. Where both serve alike it says `roll_back` for their success rates in at most `settings.alpha` of all
 * runs, however often it is asked; docs/rollouts.md has the method and its measured error rates.
 */
export function decideRollout(input: GateInput): GateDecision {
  const statistic = statisticOf(input);
  const broken = brokenGuardrail(input.settings, input.recent);
  if (broken !== null) return { decision: 'roll_back', because: broken, statistic, missing: [] };
  if (statistic.evidence >= statistic.evidenceNeeded) {
    return { decision: 'roll_back', because: becauseOfHarm(input, statistic), statistic, missing: [] };
  }
  const missing = missingOf(input, statistic);
  if (missing.length > 0) {
    const because = `${placeOf(input)} still needs ${missing.join('; ')}.`;
    return { decision: 'hold', because, statistic, missing };
  }
  const isLast = input.stage >= input.settings.stages.length - 1;
  const because = becauseItMay(input, statistic);
  return { decision: isLast ? 'complete' : 'advance', because, statistic, missing };
}

function becauseOfHarm({ settings, cohorts }: GateInput, statistic: RolloutStatistic): string {
  const { evidence, evidenceNeeded, evidenceOf, difference, controlRate } = statistic;
  const sure = `Evidence is ${rounded(evidence)}; ${rounded(evidenceNeeded)} is reached by chance in at most ${percent(settings.alpha)} of rollouts.`;
  if (evidenceOf.drawn >= evidenceOf.undrawn) {
    const told = difference === null ? '' : `: ${points(difference.estimate)} against control of the same days`;
    return `The new provider serves fewer customers${told}. ${sure}`;
  }
  const treated = undrawnTreatment(settings, cohorts);
  const told = `${percent(rateOf(treated) ?? 0)} of ${countOf(treated)} customers`;
  return `The new provider serves ${told}, the old one served ${percent(controlRate ?? 0)} before. ${sure}`;
}

function becauseItMay(input: GateInput, { difference, lowerNeeded }: RolloutStatistic): string {
  const { settings, stage } = input;
  const next =
    stage >= settings.stages.length - 1 ? 'It is complete.' : `Next: ${describePlace(settings.stages, stage + 1)}.`;
  const asked = `${placeOf(input)} has had its time and its outcomes`;
  if (difference === null || lowerNeeded === null) return `${asked}. ${next}`;
  return `${asked}, and the difference is surely above ${points(difference.lower)} (needed: ${points(lowerNeeded)}). ${next}`;
}

const placeOf = ({ settings, stage }: GateInput) => `The stage of ${describePlace(settings.stages, stage)}`;

const rounded = (value: number) => Number(value.toPrecision(3)).toLocaleString('en-US');
