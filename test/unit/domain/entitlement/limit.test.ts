import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EntitlementFact } from '../../../../src/domain/entitlement/access.ts';
import { decideLimit, monthOf, type MeterReading } from '../../../../src/domain/entitlement/limit.ts';

const nowMs = Date.UTC(2026, 10, 21, 12);
const month = { startMs: Date.UTC(2026, 10, 1), endMs: Date.UTC(2026, 11, 1) };
const period = { startMs: Date.UTC(2026, 10, 5, 9), endMs: Date.UTC(2026, 11, 5, 9) };

const planOf = (limits: Readonly<Record<string, number>>) => ({ id: 'plan_1', key: 'pro', features: [], limits });

function aFact(changes: Partial<EntitlementFact> = {}): EntitlementFact {
  return {
    ...{ sourceKind: 'subscription', sourceId: 'sub_1', plan: planOf({ calls: 100 }), feature: null, limits: {} },
    ...{ isAllowed: true, reason: 'subscription_active', untilMs: null },
    ...{ periodStartMs: period.startMs, periodEndMs: period.endMs },
    ...changes,
  };
}
const aGrant = (changes: Partial<EntitlementFact> = {}) =>
  aFact({
    ...{ sourceKind: 'grant', sourceId: 'grant_1', plan: null, reason: 'benefit_granted' },
    ...{ periodStartMs: null, periodEndMs: null },
    ...changes,
  });

function aMeter(used: string | null, changes: Partial<MeterReading> = {}): MeterReading {
  const usedSince = used === null ? null : { [period.startMs]: used, [month.startMs]: '7' };
  return { unit: 'call', limitBehavior: 'hard', whenUnreadable: 'closed', usedSince, ...changes };
}
const decide = (facts: readonly EntitlementFact[], meter: MeterReading | null) =>
  decideLimit(facts, 'calls', meter, nowMs);

describe('a metered limit', () => {
  it('tells what is left of it until the period of its subscription ends', () => {
    expect(decide([aFact()], aMeter('40.5'))).toMatchObject({
      ...{ allowed: true, reason: 'subscription_active', limit: 100, unit: 'call' },
      ...{ used: '40.5', remaining: '59.5', overage: '0', resetsAtMs: period.endMs, subscriptionId: 'sub_1' },
    });
  });

  it.each([
    ['99.999999999999', 'hard', true, 'subscription_active'],
    ['100', 'hard', false, 'limit_exceeded'],
    ['100.000000000001', 'hard', false, 'limit_exceeded'],
    ['99.999999999999', 'soft', true, 'subscription_active'],
    ['100', 'soft', true, 'limit_exceeded_soft'],
    ['250', 'soft', true, 'limit_exceeded_soft'],
  ] as const)('of 100, %s used: %s, allowed %s as %s', (used, limitBehavior, allowed, reason) => {
    expect(decide([aFact()], aMeter(used, { limitBehavior }))).toMatchObject({ allowed, reason });
  });

  it('counts credits as included, and tells the overage beyond both', () => {
    const facts = [aFact(), aGrant({ limits: { calls: 50 } })];
    expect(decide(facts, aMeter('120'))).toMatchObject({ allowed: true, limit: 150, remaining: '30', overage: '0' });
    expect(decide(facts, aMeter('151.25'))).toMatchObject({ allowed: false, remaining: '0', overage: '1.25' });
  });

  it('is counted by the month of UTC where no subscription decides', () => {
    expect(decide([aGrant({ limits: { calls: 10 } })], aMeter('999'))).toMatchObject({
      ...{ allowed: true, used: '7', remaining: '3', resetsAtMs: month.endMs, subscriptionId: null },
    });
    expect(decide([], aMeter('999'))).toMatchObject({
      ...{ allowed: false, reason: 'no_subscription', limit: 0, used: '7', remaining: '0', overage: '7' },
    });
    expect(monthOf(Date.UTC(2026, 11, 31, 23, 59, 59, 999))).toEqual({
      ...{ startMs: Date.UTC(2026, 11, 1), endMs: Date.UTC(2027, 0, 1) },
    });
  });

  it('of 0 gives nothing where it is hard, and is pay as you go where it is soft', () => {
    const zero = [aFact({ plan: planOf({ calls: 0 }) })];
    expect(decide(zero, aMeter('0'))).toMatchObject({ allowed: false, reason: 'limit_is_zero', overage: '0' });
    expect(decide(zero, aMeter('3', { limitBehavior: 'soft' }))).toMatchObject({
      ...{ allowed: true, reason: 'limit_exceeded_soft', limit: 0, overage: '3' },
    });
  });

  it('is open or closed as its meter says while that cannot be read, for who has it', () => {
    const unread = { used: null, remaining: null, overage: null, limit: 100, resetsAtMs: period.endMs };
    for (const [whenUnreadable, allowed] of [
      ['open', true],
      ['closed', false],
    ] as const) {
      expect(decide([aFact()], aMeter(null, { whenUnreadable }))).toMatchObject({
        ...{ ...unread, allowed, reason: 'meter_unreadable' },
      });
      expect(decide([], aMeter(null, { whenUnreadable }))).toMatchObject({ allowed: false, reason: 'no_subscription' });
    }
  });

  it('without a meter is what its sources give', () => {
    expect(decide([aFact()], null)).toMatchObject({ allowed: true, limit: 100, used: null, unit: null, overage: null });
  });
});

const facts = fc.array(
  fc.record({
    sourceKind: fc.constantFrom('subscription' as const, 'order' as const, 'grant' as const),
    sourceId: fc.constantFrom('a', 'b', 'c', 'd'),
    plan: fc.constantFrom(null, planOf({ calls: 100 }), planOf({ calls: 0 }), planOf({})),
    feature: fc.constant(null),
    limits: fc.constantFrom({}, { calls: 5 }, { calls: 0.5 }),
    isAllowed: fc.boolean(),
    reason: fc.constantFrom('subscription_active', 'subscription_canceled'),
    untilMs: fc.constantFrom(null, nowMs - 1, nowMs + 1),
    periodStartMs: fc.constantFrom(null, period.startMs),
    periodEndMs: fc.constant(period.endMs),
  }),
  { maxLength: 5 },
);
const distinct = facts.map((all) => [
  ...new Map(all.map((fact) => [`${fact.sourceKind}${fact.sourceId}`, fact])).values(),
]);
const settings = fc.record({
  unit: fc.constant('call'),
  limitBehavior: fc.constantFrom('soft' as const, 'hard' as const),
  whenUnreadable: fc.constantFrom('open' as const, 'closed' as const),
});
const uses = fc.integer({ min: -200, max: 1_500 }).map((tenths) => tenths / 10);
const reading = (of: Omit<MeterReading, 'usedSince'>, used: number | null): MeterReading => ({
  ...{ ...of, usedSince: used === null ? null : bothPeriods(String(used)) },
});
const bothPeriods = (used: string) => ({ [period.startMs]: used, [month.startMs]: used });

describe('over any sources and any use, a metered limit', () => {
  it('once refused stays refused when more is used', () => {
    fc.assert(
      fc.property(distinct, settings, uses, uses, (all, meter, one, other) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)].map((used) =>
          decide(all, reading(meter, used)),
        );
        expect(more?.allowed === true && less?.allowed === false).toBe(false);
        expect(Number(more?.remaining)).toBeLessThanOrEqual(Number(less?.remaining));
        expect(Number(more?.overage)).toBeGreaterThanOrEqual(Number(less?.overage));
      }),
    );
  });

  it('does not depend on the order of the sources', () => {
    fc.assert(
      fc.property(
        distinct.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        settings,
        fc.option(uses),
        ([all, shuffled], meter, used) => {
          expect(decide(shuffled, reading(meter, used))).toEqual(decide(all, reading(meter, used)));
        },
      ),
    );
  });

  it('refuses nobody who has it while it is soft, allows nobody beyond it while it is hard, and adds up', () => {
    fc.assert(
      fc.property(distinct, settings, uses, (all, meter, used) => {
        const decision = decide(all, reading(meter, used));
        const unmetered = decide(all, null);
        const isWrong = {
          soft: unmetered.allowed && !decision.allowed,
          hard: decision.allowed && used >= (decision.limit ?? 0),
        };
        expect(isWrong[meter.limitBehavior]).toBe(false);
        expect(Number(decision.remaining) - Number(decision.overage)).toBeCloseTo((decision.limit ?? 0) - used);
      }),
    );
  });

  it('open while it cannot be read allows whatever closed allows, and neither gives what sources do not', () => {
    fc.assert(
      fc.property(distinct, settings, (all, meter) => {
        const open = decide(all, reading({ ...meter, whenUnreadable: 'open' }, null));
        const closed = decide(all, reading({ ...meter, whenUnreadable: 'closed' }, null));
        expect(closed.allowed && !open.allowed).toBe(false);
        expect(open.allowed && decide(all, null).reason !== 'limit_is_zero').toBe(decide(all, null).allowed);
      }),
    );
  });
});
