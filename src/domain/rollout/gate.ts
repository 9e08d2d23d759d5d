import { differenceOf, floorOf, logEvidenceBelow, type Difference } from './bounds.ts';
import { countOf, rateOf, shareOf, sliceCohorts, sumOutcomes, undrawnTreatment, type Cohort } from './cohort.ts';
import { logEvidenceOfHarm } from './evidence.ts';
import { brokenGuardrail, type RecentHealth } from './guardrails.ts';
import { missingOf } from './missing.ts';
import type { RolloutDecision, RolloutSettings } from './rollout.ts';
import { describeStage, percent, points } from './words.ts';

export interface GateInput {
  readonly settings: RolloutSettings;
  /** Index into the settings' stages. */
  readonly stage: number;
  readonly minutesInStage: number;
  /** Of the whole run, in any order, at most one for each stage and day. */
  readonly cohorts: readonly Cohort[];
  readonly recent: RecentHealth;
}

/** How sure it is; JSON-safe: finite numbers only. */
export interface RolloutStatistic {
  /** Evidence that the treatment serves fewer: by chance it reaches `evidenceNeeded` in at most `alpha` of all runs. */
  readonly evidence: number;
  readonly evidenceNeeded: number;
  /** Treatment's success rate minus control's of the same days, as shares; null: nothing to compare yet. */
  readonly difference: Difference | null;
  /** What `difference.lower` must reach before the next stage; null: nothing is asked. */
  readonly lowerNeeded: number | null;
  /** `control_so_far`: nobody is in control in this stage, so its earlier customers are the measure. */
  readonly comparedWith: 'control' | 'control_so_far' | 'nothing';
  /** Of all ripe customers of the arm, whatever their stage; null: none is known. */
  readonly controlRate: number | null;
  readonly treatmentRate: number | null;
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
 * How the error rate of the whole run is spent: most on customers that were drawn, the rest on those of stages without a
 * control arm, and on the estimate of control's rate that these are held to.
 */
const spent = { drawn: 0.9, undrawn: 0.05, floor: 0.05 } as const;

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
    const because = `Stage ${describeStage(input)} still needs ${missing.join('; ')}.`;
    return { decision: 'hold', because, statistic, missing };
  }
  const isLast = input.stage >= input.settings.stages.length - 1;
  const because = becauseItMay(input, statistic);
  return { decision: isLast ? 'complete' : 'advance', because, statistic, missing };
}

function statisticOf({ settings, stage, cohorts }: GateInput): RolloutStatistic {
  const slices = sliceCohorts(settings, cohorts);
  const control = sumOutcomes(cohorts.map((cohort) => cohort.control));
  const isDrawn = shareOf(settings.stages[stage]) !== null;
  const isOfAll = settings.stages[stage]?.kind !== 'organizations';
  const evidence =
    spent.drawn * finite(logEvidenceOfHarm(slices)) + spent.undrawn * finite(logEvidenceUndrawn(settings, cohorts));
  return {
    evidence,
    evidenceNeeded: 1 / settings.alpha,
    difference: differenceOf(slices, settings.alpha),
    lowerNeeded: lowerNeededOf(settings, stage),
    comparedWith: countOf(control) === 0 || !isOfAll ? 'nothing' : isDrawn ? 'control' : 'control_so_far',
    controlRate: rateOf(control),
    treatmentRate: rateOf(sumOutcomes(cohorts.map((cohort) => cohort.treatment))),
  };
}

/**
 * Of customers beside whom nobody was in control: that they are served less than what control has surely reached so far,
 * by more than the margin, for control's days were others and rates drift.
 */
function logEvidenceUndrawn(settings: RolloutSettings, cohorts: readonly Cohort[]): number {
  const control = sumOutcomes(cohorts.map((cohort) => cohort.control));
  const least = floorOf(control, settings.alpha * spent.floor) - settings.margin;
  return least <= 0 ? 0 : logEvidenceBelow(undrawnTreatment(settings, cohorts), least);
}

/**
 * The next stage may cost at most the margin of all new customers' success: with a tenth of them in treatment, the
 * treatment may still be ten margins worse. Before anybody was drawn nothing can be known, so nothing is asked of the
 * step to a first draw; a step to everybody always asks.
 */
function lowerNeededOf({ stages, margin }: RolloutSettings, stage: number): number | null {
  const next = stages[stage + 1];
  if (next?.kind === 'organizations') return null;
  const isKnown = stages.slice(0, stage + 1).some((each) => shareOf(each) !== null);
  const isForAll = next === undefined || (next.kind === 'percent' && next.percent >= 100);
  if (!isKnown && !isForAll) return null;
  const needed = -margin / (shareOf(next) ?? 1);
  return needed <= -1 ? null : needed;
}

function becauseOfHarm({ settings, cohorts }: GateInput, { evidence, difference }: RolloutStatistic): string {
  const treated = undrawnTreatment(settings, cohorts);
  const rate = rateOf(treated);
  const sure = `Evidence is ${rounded(evidence)}; ${rounded(1 / settings.alpha)} is reached by chance in at most ${percent(settings.alpha)} of rollouts.`;
  const isDrawn = logEvidenceOfHarm(sliceCohorts(settings, cohorts)) > logEvidenceUndrawn(settings, cohorts);
  if (isDrawn || rate === null) {
    const told = difference === null ? '' : `: ${points(difference.estimate)} against control of the same days`;
    return `The new provider serves fewer customers${told}. ${sure}`;
  }
  const control = percent(rateOf(sumOutcomes(cohorts.map((cohort) => cohort.control))) ?? 0);
  return `The new provider serves ${percent(rate)} of ${countOf(treated)} customers, the old one served ${control} before. ${sure}`;
}

function becauseItMay(input: GateInput, { difference, lowerNeeded }: RolloutStatistic): string {
  const { settings, stage } = input;
  const next =
    stage >= settings.stages.length - 1
      ? 'It is complete.'
      : `Next is stage ${describeStage({ settings, stage: stage + 1 })}.`;
  const asked = `Stage ${describeStage(input)} has its time and its outcomes`;
  if (difference === null || lowerNeeded === null) return `${asked}. ${next}`;
  return `${asked}, and the difference is surely above ${points(difference.lower)} (needed: ${points(lowerNeeded)}). ${next}`;
}

/** Beyond e^27 nobody asks how much more. */
const finite = (log: number) => Math.exp(Math.min(log, 27));

const rounded = (value: number) => Number(value.toPrecision(3)).toLocaleString('en-US');
