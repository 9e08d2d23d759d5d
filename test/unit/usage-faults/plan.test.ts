import { describe, expect, it } from 'vitest';
import { victims } from '../../faults/plan.ts';
import { decimalOfMilli } from '../../usage-faults/events.ts';
import { expectedOf } from '../../usage-faults/expect.ts';
import { meters } from '../../usage-faults/meters.ts';
import { drawUsagePlan, requestKinds, type UsagePlan } from '../../usage-faults/plan.ts';
import { decimalOf } from '../../usage-faults/provider-figures.ts';
import { replayCommand } from '../../usage-faults/render.ts';
import { correctionsOf, impersonationOf, requestOf } from '../../usage-faults/requests.ts';

const dose = { seed: 42, events: 20_000, ratePerSecond: 600 };
const plan = drawUsagePlan(dose);
const startMs = Date.UTC(2026, 10, 22);
const drawn = (from: UsagePlan) => ({ ...from, event: Array.from({ length: 500 }, (_, index) => from.event(index)) });

interface Sent {
  readonly organization_id: string;
  readonly event_id: string;
  readonly event_name: string;
  readonly quantity: string | number;
  readonly corrects?: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** All that requests carry, as an app's own books would have it: by id, whichever came first. */
function sentOf(requests: UsagePlan['requests']): ReadonlyMap<string, Sent> {
  const sent = new Map<string, Sent>();
  for (const request of requests) {
    const bodies = [
      requestOf(plan, { ...request, kind: 'batch', hasFaulty: false }, startMs),
      correctionsOf(plan, request),
    ];
    for (const planned of bodies.flatMap((one) => one ?? []))
      for (const event of (JSON.parse(planned.body) as { readonly events: readonly Sent[] }).events)
        if (!sent.has(event.event_id)) sent.set(event.event_id, event);
  }
  return sent;
}

describe('a plan of usage', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(drawn(drawUsagePlan(dose))).toEqual(drawn(plan));
    expect(drawn(drawUsagePlan({ ...dose, seed: 43 }))).not.toEqual(drawn(plan));
  });

  it('sends one in five for the second time, and each for the first time once', () => {
    const firsts = plan.isFirst.reduce((sum, isFirst) => sum + isFirst, 0);
    expect(firsts).toBe(plan.distinct);
    expect(1 - plan.distinct / dose.events).toBeCloseTo(0.2, 1);
    expect(new Set(plan.slots).size).toBe(plan.distinct);
  });

  it('has every kind of request and of faulty manner, and no event in none of them', () => {
    expect(new Set(plan.requests.map(({ kind }) => kind))).toEqual(new Set(requestKinds));
    expect(plan.requests.reduce((sum, { from, to }) => sum + to - from, 0)).toBe(dose.events);
    for (const manner of ['isTwice', 'hasKey', 'hasFaulty', 'isImpersonated'] as const)
      expect(plan.requests.some((request) => request[manner])).toBe(true);
    expect(plan.requests.some(({ givesUpAfterMs }) => givesUpAfterMs !== null)).toBe(true);
  });

  it('kills each of ours, has faults overlap, and none after its end', () => {
    expect(new Set(plan.kills.map(({ victim }) => victim))).toEqual(new Set(victims));
    expect(plan.storms.length).toBeGreaterThan(3);
    expect(plan.storms.every(({ toMs }) => toMs <= plan.lengthMs)).toBe(true);
  });

  it('sends the same bytes again, and other quantities under the same ids where it steals them', () => {
    for (const request of plan.requests.slice(0, 20))
      expect(requestOf(plan, request, startMs)).toMatchObject({ body: requestOf(plan, request, startMs).body });
    const [stolen] = plan.requests.filter(({ kind }) => kind === 'batch');
    if (stolen === undefined) throw new Error('a plan has batches');
    const ids = (body: string) => (JSON.parse(body) as { readonly events: readonly Sent[] }).events;
    const [ours] = ids(requestOf(plan, stolen, startMs).body);
    const [theirs] = ids(impersonationOf(plan, stolen, startMs).body);
    expect(theirs?.event_id).toBe(ours?.event_id);
    expect(Number(theirs?.quantity)).toBeCloseTo(Number(ours?.quantity) + 7_000);
  });
});

describe('what a plan expects', () => {
  const expected = expectedOf(plan);
  const sent = [...sentOf(plan.requests).values()];

  it('is every different event once, corrections too', () => {
    expect(Object.values(expected.events).reduce((sum, count) => sum + count, 0)).toBe(sent.length);
    expect(expected.reported + expected.rejected).toBe(sent.length);
    expect(expected.reported).toBeGreaterThan(expected.rejected);
    expect(expected.rejected).toBeGreaterThan(0);
  });

  it('is what a reader of the requests adds up to', () => {
    for (const { id } of plan.organizations) {
      const own = sent.filter(({ organization_id: organization }) => organization === id);
      const units = own.filter(({ event_name: name }) => name === 'units');
      const sum = units.reduce((milli, { quantity }) => milli + Math.round(Number(quantity) * 1_000), 0);
      const users = new Set(own.flatMap(({ properties }) => properties['user'] ?? []));
      const valueOf = (meter: string) =>
        expected.meters.find((one) => one.organizationId === id && one.meter === meter)?.value;
      expect(valueOf('faults_units')).toBe(decimalOfMilli(sum));
      expect(valueOf('faults_users')).toBe(String(users.size));
      expect(valueOf('faults_peak')).toBe(
        String(Math.max(...own.map(({ properties }) => Number(properties['percent'] ?? 0)))),
      );
    }
  });

  it('bills what providers can count: by every meter somebody, by none everybody', () => {
    for (const { key } of meters) {
      const billed = expected.meters.filter(({ meter }) => meter === key).map(({ isBilled }) => isBilled);
      expect(new Set(billed)).toEqual(new Set([true, false]));
    }
  });
});

describe('figures', () => {
  it('are written as plain decimals, free of the noise of doubles', () => {
    expect([0, 5, -1_250, 12_000, -3].map(decimalOfMilli)).toEqual(['0', '0.005', '-1.25', '12', '-0.003']);
    expect([0.1 + 0.2, 100, 0, 12.5].map(decimalOf)).toEqual(['0.3', '100', '0', '12.5']);
  });

  it('are replayed by one command', () => {
    expect(replayCommand(dose)).toBe('npm run usage-faults -- --seed 42 --events 20000 --rate 600');
  });
});
