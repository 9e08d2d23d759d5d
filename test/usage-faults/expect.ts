import { decimalOfMilli, type PlannedEvent } from './events.ts';
import { countedBy, meters, type MeterPlan, type OrganizationPlan } from './meters.ts';
import type { UsagePlan } from './plan.ts';

/** What one organization must have of one meter. */
export interface ExpectedMeter {
  readonly organizationId: string;
  readonly meter: string;
  /** A decimal. */
  readonly value: string;
  /** Whether its provider can count it: then its figure must be the same there. */
  readonly isBilled: boolean;
}

export interface Expected {
  readonly meters: readonly ExpectedMeter[];
  /** Different events by organization, corrections included. */
  readonly events: Readonly<Record<string, number>>;
  /** Of all events: those whose meters can all be billed, and the others. */
  readonly reported: number;
  readonly rejected: number;
}

interface Tally {
  sum: bigint;
  count: number;
  max: number;
  lastAgoS: number;
  last: number;
  readonly values: Set<unknown>;
}

/**
 * The plan's own arithmetic, in whole thousandths, over every different event once: how often it was sent, in which form
 * and what broke meanwhile does not matter.
 */
export function expectedOf(plan: UsagePlan): Expected {
  const tallies = new Map<string, Tally>();
  const events: Record<string, number> = {};
  const sums = { reported: 0, rejected: 0 };
  const add = (event: PlannedEvent, milli: number, corrected: PlannedEvent | null) => {
    const { organization } = event;
    events[organization.id] = (events[organization.id] ?? 0) + 1;
    const counting = meters.filter((meter) => counts(meter, event));
    for (const meter of counting) tallyUp(tallyOf(tallies, organization, meter), meter, event, milli, corrected);
    sums[counting.every((meter) => isBilled(organization, meter)) ? 'reported' : 'rejected'] += 1;
  };
  for (let index = 0; index < plan.distinct; index += 1) {
    const event = plan.event(index);
    add(event, event.milli, null);
    if (event.correctionMilli !== null) add(event, event.correctionMilli, event);
  }
  return {
    ...{ events, ...sums },
    meters: plan.organizations.flatMap((organization) =>
      meters.map((meter) => ({
        ...{ organizationId: organization.id, meter: meter.key, isBilled: isBilled(organization, meter) },
        value: valueOf(meter, tallyOf(tallies, organization, meter)),
      })),
    ),
  };
}

function counts({ event_name: name, filter }: MeterPlan, event: PlannedEvent): boolean {
  return event.name === name && filter.every(({ property, value }) => event.properties[property] === value);
}

function isBilled({ provider }: OrganizationPlan, { aggregation }: MeterPlan): boolean {
  return provider !== null && (countedBy[provider]?.includes(aggregation) ?? false);
}

function tallyOf(tallies: Map<string, Tally>, { id }: OrganizationPlan, { key }: MeterPlan): Tally {
  const name = `${id} ${key}`;
  const known = tallies.get(name);
  if (known) return known;
  const made: Tally = { sum: 0n, count: 0, max: 0, lastAgoS: Number.POSITIVE_INFINITY, last: 0, values: new Set() };
  tallies.set(name, made);
  return made;
}

function tallyUp(tally: Tally, meter: MeterPlan, event: PlannedEvent, milli: number, corrected: PlannedEvent | null) {
  tally.sum += BigInt(milli);
  // Only a correction that takes the whole event back takes one off.
  if (corrected === null) tally.count += 1;
  else if (milli === -corrected.milli) tally.count -= 1;
  const value = event.properties[meter.property ?? ''];
  tally.values.add(value);
  if (typeof value === 'number') tally.max = Math.max(tally.max, value);
  if (event.agoS !== null && event.agoS < tally.lastAgoS) {
    tally.lastAgoS = event.agoS;
    tally.last = milli;
  }
}

function valueOf({ aggregation }: MeterPlan, tally: Tally): string {
  switch (aggregation) {
    case 'sum':
      return decimalOfMilli(tally.sum);
    case 'count':
      return String(tally.count);
    case 'max':
      return String(tally.max);
    case 'unique':
      return String(tally.values.size);
    case 'last':
      return decimalOfMilli(tally.last);
  }
}
