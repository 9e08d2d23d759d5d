import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideAccess, type AccessQuestion, type EntitlementFact } from '../../../../src/domain/entitlement/access.ts';

const nowMs = Date.UTC(2026, 10, 21);
const plans = {
  pro: { id: 'plan_1', key: 'pro', features: ['sso', 'audit'], limits: { api_calls: 10_000, seats: 0 } },
  free: { id: 'plan_2', key: 'free', features: [], limits: { api_calls: 1_000 } },
};

function aFact(changes: Partial<EntitlementFact> = {}): EntitlementFact {
  return {
    ...{ sourceKind: 'subscription', sourceId: 'sub_1', plan: plans.pro, feature: null, limits: {} },
    ...{
      isAllowed: true,
      reason: 'subscription_active',
      untilMs: null,
      periodStartMs: nowMs - 9,
      periodEndMs: nowMs + 1,
    },
    ...changes,
  };
}
const aGrant = (changes: Partial<EntitlementFact>) =>
  aFact({
    sourceKind: 'grant',
    sourceId: 'grant_1',
    plan: null,
    reason: 'benefit_granted',
    periodStartMs: null,
    periodEndMs: null,
    ...changes,
  });
const decide = (facts: readonly EntitlementFact[], question: AccessQuestion) => decideAccess(facts, question, nowMs);
const about = (kind: 'feature' | 'limit' | 'plan', name: string): AccessQuestion => ({ about: kind, name });

describe('access', () => {
  it('is refused to who never bought anything', () => {
    expect(decide([], { about: 'any' })).toMatchObject({ allowed: false, reason: 'no_subscription', plan: null });
    expect(decide([], about('limit', 'api_calls'))).toMatchObject({ allowed: false, limit: 0 });
  });

  it('is given by plan, by its key and its id', () => {
    for (const name of ['pro', 'plan_1'])
      expect(decide([aFact()], about('plan', name))).toEqual({
        ...{ allowed: true, reason: 'subscription_active', plan: 'pro', limit: null },
        ...{ periodStartMs: nowMs - 9, resetsAtMs: nowMs + 1, subscriptionId: 'sub_1' },
      });
    expect(decide([aFact()], about('plan', 'enterprise'))).toMatchObject({
      ...{ allowed: false, reason: 'plan_not_included', plan: 'pro' },
    });
  });

  it('is given by a feature of the plan or by a feature flag', () => {
    expect(decide([aFact()], about('feature', 'sso'))).toMatchObject({ allowed: true, plan: 'pro' });
    expect(decide([aGrant({ feature: 'beta' })], about('feature', 'beta'))).toMatchObject({
      ...{ allowed: true, reason: 'benefit_granted', plan: null, subscriptionId: null },
    });
    expect(decide([aFact()], about('feature', 'beta'))).toMatchObject({
      ...{ allowed: false, reason: 'feature_not_included' },
    });
  });

  it('counts the largest plan and every credit into a limit', () => {
    const facts = [
      aFact({ sourceId: 'sub_2', plan: plans.free }),
      aFact(),
      aGrant({ limits: { api_calls: 500 } }),
      aGrant({ sourceId: 'grant_2', limits: { api_calls: 250 } }),
    ];
    expect(decide(facts, about('limit', 'api_calls'))).toMatchObject({
      ...{ allowed: true, limit: 10_750, plan: 'pro', subscriptionId: 'sub_1' },
    });
    expect(decide(facts, about('limit', 'seats'))).toMatchObject({ allowed: false, reason: 'limit_is_zero', limit: 0 });
    for (const name of ['storage', 'constructor'])
      expect(decide(facts, about('limit', name))).toMatchObject({ allowed: false, reason: 'limit_not_included' });
  });

  it('ends with the grace, by the clock', () => {
    const late = aFact({ reason: 'subscription_past_due_grace', untilMs: nowMs + 1_000 });
    const question = about('plan', 'pro');
    expect(decideAccess([late], question, nowMs)).toMatchObject({ allowed: true });
    expect(decideAccess([late], question, nowMs + 1_000)).toMatchObject({ allowed: false, reason: 'grace_ended' });
  });

  it('says what stands in the way where it was given once', () => {
    const paused = aFact({ isAllowed: false, reason: 'subscription_paused', sourceId: 'sub_2' });
    const canceled = aFact({ isAllowed: false, reason: 'subscription_canceled' });
    for (const question of [about('plan', 'pro'), about('feature', 'sso'), about('limit', 'api_calls')])
      expect(decide([canceled, paused], question)).toMatchObject({
        ...{ allowed: false, reason: 'subscription_paused', subscriptionId: 'sub_2', resetsAtMs: null },
      });
    expect(decide([canceled], about('feature', 'beta'))).toMatchObject({ reason: 'subscription_canceled' });
  });

  it('comes of what was bought once, too', () => {
    const order = aFact({ sourceKind: 'order', sourceId: 'ord_1', reason: 'order_paid', periodEndMs: null });
    expect(decide([order], about('feature', 'sso'))).toMatchObject({
      ...{ allowed: true, reason: 'order_paid', subscriptionId: null, resetsAtMs: null },
    });
  });
});

const facts = fc.array(
  fc.record({
    sourceKind: fc.constantFrom('subscription' as const, 'order' as const, 'grant' as const),
    sourceId: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    plan: fc.constantFrom(null, plans.pro, plans.free),
    feature: fc.constantFrom(null, 'beta', 'sso'),
    limits: fc.constantFrom({}, { api_calls: 5 }),
    isAllowed: fc.boolean(),
    reason: fc.constantFrom('subscription_active', 'subscription_canceled'),
    untilMs: fc.constantFrom(null, nowMs - 1, nowMs + 1),
    periodStartMs: fc.constantFrom(null, nowMs - 9),
    periodEndMs: fc.constantFrom(null, nowMs + 9),
  }),
  { maxLength: 6 },
);
const distinct = facts.map((all) => [
  ...new Map(all.map((fact) => [`${fact.sourceKind}${fact.sourceId}`, fact])).values(),
]);
const questions = fc.constantFrom<AccessQuestion>(
  { about: 'any' },
  ...[about('plan', 'pro'), about('feature', 'sso'), about('feature', 'beta'), about('limit', 'api_calls')],
);
const isInForce = (fact: EntitlementFact) => fact.isAllowed && (fact.untilMs === null || fact.untilMs > nowMs);

describe('over any sources, access', () => {
  it('does not depend on their order', () => {
    fc.assert(
      fc.property(
        distinct.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        questions,
        ([all, shuffled], question) => {
          expect(decide(shuffled, question)).toEqual(decide(all, question));
        },
      ),
    );
  });

  it('never shrinks when a source is added, and needs one in force', () => {
    fc.assert(
      fc.property(distinct, questions, (all, question) => {
        const decision = decide(all, question);
        expect(decision.allowed && !all.some(isInForce)).toBe(false);
        for (const [index] of all.entries()) {
          const fewer = decide(all.toSpliced(index, 1), question);
          expect(fewer.allowed && !decision.allowed).toBe(false);
          expect(decision.limit ?? 0).toBeGreaterThanOrEqual(fewer.limit ?? 0);
        }
      }),
    );
  });
});
