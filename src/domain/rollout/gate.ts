import { brokenGuardrail, type RecentHealth } from './guardrails.ts';
import type { RolloutDecision, RolloutSettings } from './rollout.ts';

/** Known outcomes only; whoever's outcome is not known is in neither. */
export interface Outcomes {
  readonly succeeded: number;
  readonly failed: number;
}

/**
 * The customers (each by the first checkout only) that were assigned on one day in one stage, and whose assignment is at
 * least `ripeAfterMinutes` old: so that an arm which tells of failures sooner does not look worse.
 */
export interface Cohort {
  /** Index into the settings' stages, as the assignments have it. */
  readonly stage: number;
  /** Of the assignment, in UTC: `2026-11-22`. */
  readonly day: string;
  readonly control: Outcomes;
  readonly treatment: Outcomes;
}

/** A page lives for a day at most providers: by then nearly every outcome of both arms is known. */
export const ripeAfterMinutes = 25 * 60;

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
  readonly difference: { readonly estimate: number; readonly lower: number; readonly upper: number } | null;
  /** What `difference.lower` must reach before the next stage; null: nothing is asked. */
  readonly lowerNeeded: number | null;
  /** `control_so_far`: nobody is in control in this stage, so its earlier customers are the measure. */
  readonly comparedWith: 'control' | 'control_so_far' | 'nothing';
  readonly controlRate: number | null;
  readonly treatmentRate: number | null;
}

export interface GateDecision {
  readonly decision: RolloutDecision;
  /** One sentence for an operator. */
  readonly because: string;
  readonly statistic: RolloutStatistic;
  /** What the stage still needs before it may advance or complete; empty when nothing. */
  readonly missing: readonly string[];
}

/** Whether a rollout stays, goes on or goes back, by what both arms have shown. Pure: the same figures decide the same. */
export function decideRollout(input: GateInput): GateDecision {
  const broken = brokenGuardrail(input.settings, input.recent);
  const statistic: RolloutStatistic = {
    ...{ evidence: 1, evidenceNeeded: 1 / input.settings.alpha, difference: null, lowerNeeded: null },
    ...{ comparedWith: 'nothing', controlRate: null, treatmentRate: null },
  };
  if (broken !== null) return { decision: 'roll_back', because: broken, statistic, missing: [] };
  const missing = ['more known outcomes'];
  return { decision: 'hold', because: `It waits for ${missing.join(', ')}.`, statistic, missing };
}
