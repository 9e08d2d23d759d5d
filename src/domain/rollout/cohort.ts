import type { RolloutSettings, RolloutStage } from './rollout.ts';

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

/** Cohorts whose arms were drawn with the same chance, and whose bets are the same: only their sums count. */
export interface Slice {
  readonly stage: number;
  /** The chance to be in treatment, by which each of them was drawn: above 0, below 1. */
  readonly share: number;
  /** What was known of the success rate before their day: what the bets are made by, never what they are held to. */
  readonly baseline: number;
  readonly control: Outcomes;
  readonly treatment: Outcomes;
}

/**
 * The chance by which a stage draws its treatment arm. null: it does not draw, for its customers are the first to come,
 * chosen by name, or all.
 */
export function shareOf(stage: RolloutStage | undefined): number | null {
  if (stage?.kind !== 'percent' || stage.percent <= 0 || stage.percent >= 100) return null;
  return stage.percent / 100;
}

/** Of what is new to us: eight of ten pay, as sure as ten customers would make it. */
const guess: Outcomes = { succeeded: 8, failed: 2 };

/**
 * The drawn cohorts, day by day, each with the baseline that its bets are made by: the success rate of both arms of all
 * earlier days, rounded, so that an outcome that becomes known late moves no bet that was already made.
 */
export function sliceCohorts(settings: RolloutSettings, cohorts: readonly Cohort[]): readonly Slice[] {
  const slices = new Map<string, Slice>();
  let known = guess;
  let earlier = guess;
  let day = '';
  for (const cohort of inOrder(cohorts)) {
    const share = shareOf(settings.stages[cohort.stage]);
    if (cohort.day !== day) [day, earlier] = [cohort.day, known];
    known = addOutcomes(known, addOutcomes(cohort.control, cohort.treatment));
    if (share === null) continue;
    const baseline = roundedRate(earlier);
    const key = `${cohort.stage}/${baseline}`;
    const slice = slices.get(key) ?? { stage: cohort.stage, share, baseline, control: none, treatment: none };
    slices.set(key, {
      ...slice,
      control: addOutcomes(slice.control, cohort.control),
      treatment: addOutcomes(slice.treatment, cohort.treatment),
    });
  }
  return [...slices.values()];
}

/** The treatment's outcomes where nobody was drawn, but everybody who came was in it. */
export function undrawnTreatment(settings: RolloutSettings, cohorts: readonly Cohort[]): Outcomes {
  const isOfAll = ({ stage }: Cohort) => {
    const { kind } = settings.stages[stage] ?? { kind: 'organizations' };
    return kind !== 'organizations' && shareOf(settings.stages[stage]) === null;
  };
  return sumOutcomes(cohorts.filter(isOfAll).map(({ treatment }) => treatment));
}

export const none: Outcomes = { succeeded: 0, failed: 0 };

export function addOutcomes(one: Outcomes, other: Outcomes): Outcomes {
  return { succeeded: one.succeeded + other.succeeded, failed: one.failed + other.failed };
}

export function sumOutcomes(all: readonly Outcomes[]): Outcomes {
  return all.reduce(addOutcomes, none);
}

export const countOf = ({ succeeded, failed }: Outcomes) => succeeded + failed;

/** null: nothing is known. */
export function rateOf(outcomes: Outcomes): number | null {
  const count = countOf(outcomes);
  return count === 0 ? null : outcomes.succeeded / count;
}

function inOrder(cohorts: readonly Cohort[]): readonly Cohort[] {
  return cohorts.toSorted((one, other) => compare(one.day, other.day) || one.stage - other.stage);
}

const compare = (one: string, other: string) => (one < other ? -1 : Number(one > other));

/** To a quarter of a unit of log odds, and never so near to 0 or 1 that a bet would risk everything. */
function roundedRate({ succeeded, failed }: Outcomes): number {
  const logOdds = Math.round(4 * Math.log(succeeded / failed)) / 4;
  return 1 / (1 + Math.exp(-Math.max(-4, Math.min(5, logOdds))));
}
