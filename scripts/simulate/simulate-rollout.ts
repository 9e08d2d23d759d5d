import type { Cohort } from '../../src/domain/rollout/cohort.ts';
import { ripeAfterMinutes } from '../../src/domain/rollout/cohort.ts';
import { decideRollout, type GateInput } from '../../src/domain/rollout/gate.ts';
import { recentOpenings, type RecentHealth } from '../../src/domain/rollout/guardrails.ts';
import type { RolloutDecision, RolloutSettings } from '../../src/domain/rollout/rollout.ts';
import { createChance, type Chance } from './chance.ts';

/** A world in which a rollout runs. Rates are shares of the customers whose outcome becomes known. */
export interface RolloutWorld {
  readonly settings: RolloutSettings;
  readonly customersPerDay: number;
  readonly controlRate: number;
  /** By how much the treatment's rate is lower. */
  readonly drop: number;
  /** The first stage in which it is. */
  readonly dropsFromStage?: number;
  /** By how much both rates swing, up and down, within two weeks. */
  readonly swing?: number;
  /** 24, 12, 8, 6 or fewer; default 24. */
  readonly looksPerDay?: number;
}

export interface RolloutRun {
  readonly outcome: 'completed' | 'rolled_back' | 'still_held';
  /** Customers who were led to the new provider, known or not, when it ended. */
  readonly exposed: number;
  readonly days: number;
  readonly stage: number;
  readonly because: string;
}

type Decide = (input: GateInput) => { readonly decision: RolloutDecision; readonly because: string };

interface Hour {
  readonly stage: number;
  readonly day: string;
  readonly ripe: Tallies;
  /** What changes days later: vouchers that are paid after all, pages that are paid when they had been given up. */
  readonly late: Tallies;
}
type Tallies = Record<'control' | 'treatment', { succeeded: number; failed: number }>;

/** Nobody's outcome within a day, and then paid: a voucher. */
const voucherShare = 0.01;
/** A failure within a day, and then paid. */
const recoveredShare = 0.003;
/** Neither ever. */
const unknownShare = 0.01;
const openingErrorShare = 0.01;

const ripeHours = Math.ceil(ripeAfterMinutes / 60);
const lateHours = 72;
const longestDays = 180;

/**
 * Plays one rollout by a seed: customers come around the clock by day and night, are drawn into an arm, and pay or do not;
 * outcomes become known a day later, some days later, some never. The rollout looks every hour and does what it decides.
 *
 * @param decide What decides; the product's own gate unless a test says otherwise.
 */
export function simulateRollout(world: RolloutWorld, seed: number, decide: Decide = decideRollout): RolloutRun {
  const chance = createChance(seed, 0);
  const cohorts = new Map<string, Cohort & Tallies>();
  const hours: Hour[] = [];
  const openings: Record<'control' | 'treatment', boolean[]> = { control: [], treatment: [] };
  let [stage, stageHour, exposed] = [0, 0, 0];
  for (let hour = 0; hour < longestDays * 24; hour += 1) {
    const came = customersOf(world, { stage, hour, chance, openings });
    exposed += came.exposed;
    hours.push(came.hour);
    const news = [hours[hour - ripeHours]?.ripe, hours[hour - lateHours]?.late];
    [hours[hour - ripeHours], hours[hour - lateHours]].forEach((of, index) => count(cohorts, of, news[index]));
    if ((hour + 1) % (24 / (world.looksPerDay ?? 24)) !== 0) continue;
    const { decision, because } = decide({
      ...{ settings: world.settings, stage, minutesInStage: (hour + 1 - stageHour) * 60 },
      cohorts: [...cohorts.values()],
      recent: healthOf(openings),
    });
    const days = (hour + 1) / 24;
    if (decision === 'roll_back') return { outcome: 'rolled_back', exposed, days, stage, because };
    if (decision === 'complete') return { outcome: 'completed', exposed, days, stage, because };
    if (decision === 'advance') [stage, stageHour] = [stage + 1, hour + 1];
  }
  return { outcome: 'still_held', exposed, days: longestDays, stage, because: '' };
}

function count(cohorts: Map<string, Cohort & Tallies>, hour: Hour | undefined, news: Tallies | undefined): void {
  if (hour === undefined || news === undefined) return;
  const key = `${hour.stage}/${hour.day}`;
  const cohort = cohorts.get(key) ?? { stage: hour.stage, day: hour.day, ...emptyTallies() };
  for (const arm of ['control', 'treatment'] as const) {
    cohort[arm].succeeded += news[arm].succeeded;
    cohort[arm].failed += news[arm].failed;
  }
  cohorts.set(key, cohort);
}

interface Moment {
  readonly stage: number;
  readonly hour: number;
  readonly chance: Chance;
  readonly openings: Record<'control' | 'treatment', boolean[]>;
}

function customersOf(world: RolloutWorld, { stage, hour, chance, openings }: Moment): { hour: Hour; exposed: number } {
  const found = world.settings.stages[stage];
  const share = found?.kind === 'percent' ? found.percent / 100 : 1;
  const swung = world.controlRate + (world.swing ?? 0) * Math.sin((2 * Math.PI * hour) / (14 * 24));
  const dropped = stage >= (world.dropsFromStage ?? 0) ? world.drop : 0;
  const tallies = { ripe: emptyTallies(), late: emptyTallies() };
  let exposed = 0;
  for (let left = arrivals(world.customersPerDay, hour, chance); left > 0; left -= 1) {
    const arm = chance.of(share) ? 'treatment' : 'control';
    if (arm === 'treatment') exposed += 1;
    remember(openings[arm], chance.of(openingErrorShare));
    settle(tallies, arm, arm === 'treatment' ? swung - dropped : swung, chance);
  }
  return { hour: { stage, day: dayOf(hour), ...tallies }, exposed };
}

function settle(
  { ripe, late }: { readonly ripe: Tallies; readonly late: Tallies },
  arm: 'control' | 'treatment',
  rate: number,
  chance: Chance,
): void {
  const luck = chance.between(0, 1);
  if (luck < unknownShare) return;
  if (!chance.of(rate)) {
    ripe[arm].failed += 1;
    return;
  }
  if (luck < unknownShare + voucherShare) late[arm].succeeded += 1;
  else if (luck < unknownShare + voucherShare + recoveredShare) {
    ripe[arm].failed += 1;
    late[arm].failed -= 1;
    late[arm].succeeded += 1;
  } else ripe[arm].succeeded += 1;
}

/** Five times as many at noon as at night, and fewer at weekends, as many as the day has on average. */
function arrivals(perDay: number, hour: number, chance: Chance): number {
  const ofDay = 1 + (2 / 3) * Math.sin((2 * Math.PI * ((hour % 24) - 8)) / 24);
  const ofWeek = Math.floor(hour / 24) % 7 >= 5 ? 0.65 : 1.14;
  return poisson((perDay / 24) * ofDay * ofWeek, chance);
}

/** In parts of at most 20, for the product underflows. */
function poisson(mean: number, chance: Chance): number {
  let total = 0;
  for (let left = mean; left > 0; left -= 20) {
    const limit = Math.exp(-Math.min(20, left));
    for (let product = chance.between(0, 1); product > limit; product *= chance.between(0, 1)) total += 1;
  }
  return total;
}

function remember(newest: boolean[], isError: boolean): void {
  newest.push(isError);
  if (newest.length > recentOpenings) newest.shift();
}

function healthOf(openings: Record<'control' | 'treatment', boolean[]>): RecentHealth {
  const of = (newest: boolean[]) => ({ openings: newest.length, openingErrors: newest.filter(Boolean).length });
  return {
    ...of(openings.treatment),
    control: of(openings.control),
    ...{ webhookDelayMs: null, minutesWithoutWebhook: 0, settledWithoutWebhook: 0, breakerOpenMinutes: null },
  };
}

const emptyTallies = (): Tallies => ({ control: { succeeded: 0, failed: 0 }, treatment: { succeeded: 0, failed: 0 } });

const dayOf = (hour: number) => String(Math.floor(hour / 24)).padStart(4, '0');
