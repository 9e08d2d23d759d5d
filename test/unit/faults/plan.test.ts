import { describe, expect, it } from 'vitest';
import { behaviours, drawPlan, victims } from '../../faults/plan.ts';

const dose = { seed: 42, checkouts: 1_000, ratePerSecond: 10 };
const plan = drawPlan(dose);

describe('a plan of faults', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(drawPlan(dose)).toEqual(plan);
    expect(drawPlan({ ...dose, seed: 43 })).not.toEqual(plan);
  });

  it('has every buyer arrive in the time that the rate gives, under a key of their own', () => {
    expect(plan.lengthMs).toBe(100_000);
    expect(new Set(plan.buyers.map(({ key }) => key)).size).toBe(1_000);
    expect(plan.buyers.every(({ afterMs }) => afterMs >= 0 && afterMs <= plan.lengthMs)).toBe(true);
  });

  it('has every behaviour, every market, both products, and buyers who pay what nobody gave them', () => {
    const drawn = (of: (buyer: (typeof plan.buyers)[number]) => unknown) => new Set(plan.buyers.map(of));
    expect(drawn(({ behaviour }) => behaviour)).toEqual(new Set(behaviours));
    expect(drawn(({ market }) => market.country)).toEqual(new Set(['US', 'MX', 'RU']));
    expect(drawn(({ product }) => product)).toEqual(new Set(['starter-kit', 'pro']));
    expect(drawn(({ paysStray }) => paysStray)).toEqual(new Set(['never', 'before', 'after', 'instead']));
  });

  it('subscribes an organization once, for a second time is refused', () => {
    const subscribers = plan.buyers.filter(({ product }) => product === 'pro').map((buyer) => buyer.organizationId);
    expect(new Set(subscribers).size).toBe(subscribers.length);
  });

  it('has faults that overlap, quiet between them, and none after the last arrival', () => {
    const { storms, lengthMs } = plan;
    const onAt = (ms: number) => storms.filter(({ fromMs, toMs }) => fromMs <= ms && ms < toMs).length;
    const seconds = Array.from({ length: lengthMs / 1_000 }, (_, second) => onAt(second * 1_000));
    expect(Math.max(...seconds)).toBeGreaterThanOrEqual(2);
    expect(seconds.filter((count) => count === 0).length).toBeGreaterThan(5);
    expect(storms.every(({ fromMs, toMs }) => fromMs < toMs && toMs <= lengthMs)).toBe(true);
  });

  it('draws every kind of fault in a long run', () => {
    const { storms } = drawPlan({ ...dose, checkouts: 10_000 });
    expect(new Set(storms.map(({ fault }) => fault.kind))).toEqual(
      new Set([
        ...['timeout_after_work', 'timeout_before_work', 'reset', 'status', 'rate_limited', 'malformed', 'latency'],
        ...['webhook_lost', 'webhook_duplicate', 'webhook_late', 'webhook_reordered'],
      ]),
    );
    expect(storms.every(({ fault: { rate = 0 } }) => rate > 0 && rate <= 1)).toBe(true);
  });

  it('kills each of ours at least once, however short it is', () => {
    const { kills, lengthMs } = drawPlan({ ...dose, checkouts: 20 });
    expect(new Set(kills.map(({ victim }) => victim))).toEqual(new Set(victims));
    expect(kills.every(({ atMs }) => atMs >= 0 && atMs <= lengthMs)).toBe(true);
  });
});
