import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entitlementOfBenefit, licenseTerms } from '../../../src/domain/benefit.ts';
import { benefitPush, planBenefitsPush, type BenefitPushFacts } from '../../../src/domain/benefit-push.ts';
import { entitlementOf, orderEntitlement } from '../../../src/domain/entitlement/entitlement.ts';
import { defaultLifecyclePolicy as policy } from '../../../src/domain/subscription/lifecycle-policy.ts';

describe('what a benefit entitles to', () => {
  it('is a feature, or units on a limit', () => {
    expect(entitlementOfBenefit('feature_flag', { feature: 'beta' })).toEqual({ feature: 'beta', limits: {} });
    expect(entitlementOfBenefit('meter_credit', { meter: 'api_calls', units: 5 })).toEqual({
      ...{ feature: null, limits: { api_calls: 5 } },
    });
  });

  it('is nothing of ours for all others', () => {
    for (const type of ['custom', 'downloadables', 'license_keys', 'discord', 'github_repository'] as const)
      expect(entitlementOfBenefit(type, { feature: 'beta' })).toBeNull();
  });
});

describe('the terms of a license key', () => {
  const from = new Date('2024-01-31T10:00:00Z');
  const expiring = (ttl: number, timeframe: string, at = from) =>
    licenseTerms({ expires: { ttl, timeframe } }, at).expiresAt?.toISOString();

  it('are none where none are named', () => {
    expect(licenseTerms({ prefix: null, expires: null }, from)).toEqual({
      ...{ prefix: null, activationLimit: null, usageLimit: null, expiresAt: null },
    });
  });

  it('end by the calendar, on the last day of a month that is too short', () => {
    expect(expiring(1, 'month')).toBe('2024-02-29T10:00:00.000Z');
    expect(expiring(13, 'month')).toBe('2025-02-28T10:00:00.000Z');
    expect(expiring(1, 'year', new Date('2024-02-29T00:00:00Z'))).toBe('2025-02-28T00:00:00.000Z');
    expect(expiring(30, 'day')).toBe('2024-03-01T10:00:00.000Z');
  });

  it('never end later in the month than they began, nor before', () => {
    const days = fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(days, fc.integer({ min: 1, max: 400 }), (at, ttl) => {
        const end = licenseTerms({ expires: { ttl, timeframe: 'month' } }, at).expiresAt ?? at;
        const months = (date: Date) => date.getUTCFullYear() * 12 + date.getUTCMonth();
        expect(months(end) - months(at)).toBe(ttl);
        expect(end.getUTCDate()).toBeLessThanOrEqual(at.getUTCDate());
      }),
    );
  });
});

describe('what a subscription entitles to', () => {
  const of = (status: 'past_due' | 'active' | 'paused', changes = {}) =>
    entitlementOf({ status, graceEndsAt: '2026-12-01T00:00:00Z', isDisputed: false, policy, ...changes });

  it('goes on in the grace, where the policy keeps it', () => {
    expect(of('active')).toEqual({ isAllowed: true, reason: 'subscription_active', until: null });
    expect(of('past_due')).toMatchObject({ isAllowed: true, until: '2026-12-01T00:00:00Z' });
    expect(of('past_due', { policy: { ...policy, pastDueAccess: 'revoke' } })).toMatchObject({ isAllowed: false });
    expect(of('paused')).toMatchObject({ isAllowed: false, reason: 'subscription_paused' });
  });

  it('is held back while the bank asks the money back, where the policy says so', () => {
    expect(of('active', { isDisputed: true })).toMatchObject({ isAllowed: false, reason: 'payment_disputed' });
    const kept = { isDisputed: true, policy: { ...policy, disputeAccess: 'keep' } };
    expect(of('active', kept)).toMatchObject({ isAllowed: true });
  });

  it('and an order, until its money has gone back', () => {
    const allowed = (status: Parameters<typeof orderEntitlement>[0], disputeAccess: 'keep' | 'revoke') =>
      orderEntitlement(status, { disputeAccess }).isAllowed;
    expect(['paid', 'partially_refunded'].map((status) => allowed(status as 'paid', 'revoke'))).toEqual([true, true]);
    expect([allowed('refunded', 'keep'), allowed('disputed', 'revoke'), allowed('disputed', 'keep')]).toEqual([
      ...[false, false, true],
    ]);
  });
});

describe('pushing a benefit', () => {
  const facts: BenefitPushFacts = {
    ...{ isActive: true, isOffered: true, isMapped: true, isThere: true, fingerprint: 'a', pushedFingerprint: 'a' },
  };

  it.each<[Partial<BenefitPushFacts>, string]>([
    [{}, 'none'],
    [{ isActive: false }, 'none'],
    [{ isOffered: false, isMapped: false }, 'not_offered'],
    [{ isMapped: false, isThere: false }, 'create'],
    [{ isThere: false }, 'create'],
    [{ fingerprint: 'b' }, 'update'],
  ])('with %j does: %s', (changes, action) => {
    expect(benefitPush({ ...facts, ...changes }).action).toBe(action);
  });

  it('tells a plan’s products only what they do not bring yet, in any order', () => {
    const act = (wanted: string[], pushed: (string[] | null)[]) => planBenefitsPush(wanted, pushed).action;
    expect(act(['a'], [])).toBe('none');
    expect(act(['a', 'b'], [['b', 'a']])).toBe('none');
    expect(act([], [null])).toBe('none');
    expect(act(['a'], [['a'], null])).toBe('update');
    expect(act([], [['a']])).toBe('update');
    expect(act(['a', 'b'], [['a', 'c']])).toBe('update');
  });
});
