import { createRandom } from '../../bench/load/random.ts';
import { drawKills, type Kill } from '../faults/plan.ts';
import { drawStorms, type FaultPhase } from '../faults/storms.ts';
import { drawEvent, type PlannedEvent } from './events.ts';
import { organizationsOf, type OrganizationPlan } from './meters.ts';
import { lostAnswers, usageWeather } from './weather.ts';

export interface UsageDose {
  readonly seed: number;
  /** Sent, repeats included. */
  readonly events: number;
  readonly ratePerSecond: number;
}

export const requestKinds = ['single', 'batch', 'cloud events', 'import'] as const;
export type RequestKind = (typeof requestKinds)[number];

/** One request of the app: some slots of the plan, in their order. */
export interface RequestPlan {
  readonly index: number;
  readonly kind: RequestKind;
  /** Slots `[from, to)`. */
  readonly from: number;
  readonly to: number;
  readonly atMs: number;
  /** Sent twice at the same moment. */
  readonly isTwice: boolean;
  /** The first try is given up this early and sent again; null: the app waits. */
  readonly givesUpAfterMs: number | null;
  readonly hasKey: boolean;
  /** Events that must be refused stand among the others. */
  readonly hasFaulty: boolean;
  /** Once it was accepted, the same ids come with other quantities: they must change nothing. */
  readonly isImpersonated: boolean;
  /** When its events are corrected, after it was accepted. */
  readonly correctedAfterMs: number;
}

export interface UsagePlan {
  readonly dose: UsageDose;
  readonly organizations: readonly OrganizationPlan[];
  /** By slot: the number of the event that is sent there. About one in five was sent before. */
  readonly slots: Int32Array;
  /** By slot: 1 where its event is sent for the first time. */
  readonly isFirst: Uint8Array;
  /** Different events, corrections not counted. */
  readonly distinct: number;
  readonly requests: readonly RequestPlan[];
  readonly storms: readonly FaultPhase[];
  readonly kills: readonly Kill[];
  readonly lengthMs: number;
  readonly event: (index: number) => PlannedEvent;
}

export const duplicateShare = 0.2;

/** Everything that chance decides in a run, from its seed alone: what is sent when and how often, what breaks, who dies. */
export function drawUsagePlan(dose: UsageDose): UsagePlan {
  const { seed, events, ratePerSecond } = dose;
  const lengthMs = Math.ceil((events / ratePerSecond) * 1_000);
  const organizations = organizationsOf(seed);
  return {
    ...{ dose, organizations, lengthMs, ...drawSlots(events, createRandom(seed)) },
    requests: drawRequests(dose, createRandom(seed + 1)),
    storms: [...lostAnswers(lengthMs, seed), ...drawStorms(lengthMs, createRandom(seed + 2), usageWeather)],
    kills: drawKills(lengthMs, createRandom(seed + 3)),
    event: (index) => drawEvent(seed, index, organizations),
  };
}

/** Repeats come soon after, or of anything that was ever sent. */
function drawSlots(count: number, random: () => number): Pick<UsagePlan, 'slots' | 'isFirst' | 'distinct'> {
  const slots = new Int32Array(count);
  const isFirst = new Uint8Array(count);
  let distinct = 0;
  for (let slot = 0; slot < count; slot += 1) {
    const isRepeat = distinct > 0 && random() < duplicateShare;
    const reach = random() < 0.5 ? Math.min(distinct, 200) : distinct;
    isFirst[slot] = isRepeat ? 0 : 1;
    slots[slot] = isRepeat ? distinct - 1 - Math.floor(random() * reach) : distinct++;
  }
  return { slots, isFirst, distinct };
}

function drawRequests({ events, ratePerSecond }: UsageDose, random: () => number): readonly RequestPlan[] {
  const requests: RequestPlan[] = [];
  for (let from = 0; from < events;) {
    const { kind, size } = drawSize(random);
    const to = Math.min(events, from + size);
    requests.push({
      ...{ index: requests.length, kind, from, to, atMs: Math.round((from / ratePerSecond) * 1_000) },
      isTwice: random() < 0.1,
      givesUpAfterMs: random() < 0.12 ? Math.round(5 + random() * 200) : null,
      hasKey: random() < 0.5,
      hasFaulty: random() < 0.2 && (kind === 'batch' || kind === 'import'),
      isImpersonated: random() < 0.1,
      correctedAfterMs: Math.round(random() * 12_000),
    });
    from = to;
  }
  return requests;
}

function drawSize(random: () => number): { readonly kind: RequestKind; readonly size: number } {
  const drawn = random();
  const between = (least: number, most: number) => least + Math.floor(random() * (most - least + 1));
  if (drawn < 0.35) return { kind: 'single', size: 1 };
  if (drawn < 0.8) return { kind: 'batch', size: between(2, 200) };
  if (drawn < 0.85) return { kind: 'batch', size: 990 };
  if (drawn < 0.93) return { kind: 'cloud events', size: between(2, 100) };
  return { kind: 'import', size: between(300, 2_000) };
}
