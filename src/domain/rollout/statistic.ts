import { differenceOf, type Difference } from './bounds.ts';
import { countOf, rateOf, shareOf, sliceCohorts, sumOutcomes, type Cohort } from './cohort.ts';
import { logEvidenceOfHarm } from './evidence.ts';
import type { RolloutSettings } from './rollout.ts';
import { logEvidenceUndrawn } from './undrawn.ts';

/** What is compared: the stage that lasts, and the customers of the whole run. */
export interface Compared {
  readonly settings: RolloutSettings;
  /** Index into the settings' stages. */
  readonly stage: number;
  /** In any order, at most one for each stage and day. */
  readonly cohorts: readonly Cohort[];
}

/** How sure it is; JSON-safe: finite numbers only. */
export interface RolloutStatistic {
  /** Evidence that the treatment serves fewer: by chance it reaches `evidenceNeeded` in at most `alpha` of all runs. */
  readonly evidence: number;
  readonly evidenceNeeded: number;
  /** Its parts: of customers who were drawn, and of those of stages where nobody is in control. */
  readonly evidenceOf: { readonly drawn: number; readonly undrawn: number };
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

/**
 * How the error rate of the whole run is spent: most on customers that were drawn, some on those of stages without a
 * control arm, and on the estimate of control's rate that these are held to. The rest is kept, for outcomes that are told
 * late may change what bets were made by.
 */
const spent = { drawn: 0.85, undrawn: 0.03, floor: 0.03 } as const;

/** What both arms have shown so far, and what a stage is held to. */
export function statisticOf({ settings, stage, cohorts }: Compared): RolloutStatistic {
  const slices = sliceCohorts(settings, cohorts);
  const control = sumOutcomes(cohorts.map((cohort) => cohort.control));
  const isDrawn = shareOf(settings.stages[stage]) !== null;
  const isOfAll = settings.stages[stage]?.kind !== 'organizations';
  const drawn = spent.drawn * finite(logEvidenceOfHarm(slices, settings.margin));
  const undrawn = spent.undrawn * finite(logEvidenceUndrawn(settings, cohorts, settings.alpha * spent.floor));
  return {
    ...{ evidence: drawn + undrawn, evidenceNeeded: 1 / settings.alpha, evidenceOf: { drawn, undrawn } },
    difference: differenceOf(slices, settings.alpha),
    lowerNeeded: lowerNeededOf(settings, stage),
    comparedWith: countOf(control) === 0 || !isOfAll ? 'nothing' : isDrawn ? 'control' : 'control_so_far',
    controlRate: rateOf(control),
    treatmentRate: rateOf(sumOutcomes(cohorts.map((cohort) => cohort.treatment))),
  };
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
  // Once everybody is in treatment, the draw tells nothing new: it was asked before they were.
  if (next === undefined && shareOf(stages[stage]) === null) return null;
  const isForAll = next === undefined || (next.kind === 'percent' && next.percent >= 100);
  if (!isKnown && !isForAll) return null;
  const needed = -margin / (shareOf(next) ?? 1);
  return needed <= -1 ? null : needed;
}

/** Beyond e^27 nobody asks how much more. */
const finite = (log: number) => Math.exp(Math.min(log, 27));
