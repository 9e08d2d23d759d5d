import { createRandom } from '../../bench/load/random.ts';
import { pick } from '../faults/plan.ts';
import type { EventName, OrganizationPlan } from './meters.ts';

/** An event of the plan. It is drawn from the seed and its number whenever it is needed: a million fit into no list. */
export interface PlannedEvent {
  readonly id: string;
  readonly organization: OrganizationPlan;
  readonly name: EventName;
  /** In thousandths: whole numbers, so that the plan's own sums are exact. */
  readonly milli: number;
  readonly properties: Readonly<Record<string, string | number>>;
  /** Before the run's start; null: it names no time and occurs when it is received. */
  readonly agoS: number | null;
  /** By how much it is corrected later on, in thousandths; null: it stands. */
  readonly correctionMilli: number | null;
}

/** Periods have begun earlier than the oldest event: see `stage.ts`. */
export const oldestEventS = 40 * 60;

/** The last value of a second must be one event's: times of these are all different, so there are only so many. */
const levels = 2_000;

export const users = 20;
const regions = ['eu', 'us', 'mx'] as const;

export function drawEvent(seed: number, index: number, organizations: readonly OrganizationPlan[]): PlannedEvent {
  const random = createRandom(Math.imul(index + 1, 0x85ebca6b) ^ Math.imul(seed, 0x9e3779b1));
  const organization = pick(organizations, random);
  const id = `uf-${seed}-${index}`;
  const drawn = random();
  const agoS = Math.floor(random() * oldestEventS);
  const event = { id, organization, milli: 1_000, properties: {}, agoS, correctionMilli: null };
  if (index < levels && drawn < 0.1)
    return { ...event, name: 'level', milli: 1 + Math.floor(random() * 90_000), agoS: (index * 7) % oldestEventS };
  if (drawn < 0.17) return { ...event, name: 'load', properties: { percent: Math.floor(random() * 1_000) / 10 } };
  if (drawn < 0.25)
    return { ...event, name: 'visit', properties: { user: `user ${1 + Math.floor(random() * users)}` } };
  return { ...event, ...drawUnits(random, agoS) };
}

/** Some are so large that taking them back later makes less of what was reported. */
function drawUnits(random: () => number, agoS: number) {
  const isLarge = random() < 0.01;
  const milli = isLarge ? 40_000_000 + Math.floor(random() * 1_000_000) : 1 + Math.floor(random() * 5_000);
  const properties = { region: pick(regions, random) };
  const part = random();
  // A half of all corrections takes the event back as a whole, which a meter that counts events takes off, too.
  const correctionMilli = part < 0.5 ? -milli : Math.floor(random() * 2 * milli) - milli;
  return {
    ...{ name: 'units' as const, milli, properties, agoS: random() < 0.1 ? null : agoS },
    correctionMilli: isLarge || random() < 0.02 ? correctionMilli : null,
  };
}

/** `milli` thousandths as a plain decimal. */
export function decimalOfMilli(milli: bigint | number): string {
  const units = BigInt(milli);
  const digits = (units < 0n ? -units : units).toString().padStart(4, '0');
  const fraction = digits.slice(-3).replace(/0+$/, '');
  return `${units < 0n ? '-' : ''}${digits.slice(0, -3)}${fraction === '' ? '' : `.${fraction}`}`;
}
