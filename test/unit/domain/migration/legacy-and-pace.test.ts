import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intervalOf, legacyOf, rhythmOf } from '../../../../src/domain/migration/legacy.ts';
import type { MigrationPlan } from '../../../../src/domain/migration/migration.ts';
import { paceOf } from '../../../../src/domain/migration/pace.ts';
import type { SubscriptionTruth } from '../../../../src/domain/subscription/truth.ts';

const truth = (changes: Partial<SubscriptionTruth> = {}): SubscriptionTruth => ({
  ...{ providerSubscriptionId: 'S1', providerCustomerId: 'u1', status: 'active', quantity: 1 },
  ...{ amount: { amountMinor: 1900, currency: 'USD' }, price: { providerProductId: 'p', providerPriceId: 'o' } },
  ...{ currentPeriodStart: '2026-11-01T00:00:00.000Z', currentPeriodEnd: '2026-12-01T00:00:00.000Z' },
  ...{ trialStart: null, trialEnd: null, cancelAtPeriodEnd: false, cancelAt: null, canceledAt: null, endedAt: null },
  ...{ pausedAt: null, resumesAt: null, invoices: [], payments: [], ...changes },
});
const paid = (refundedMinor: number) => ({
  ...{ providerPaymentId: 'pay', status: 'succeeded' as const, amount: { amountMinor: 1900, currency: 'USD' } },
  ...{ taxMinor: null, refundedMinor, method: null, declineCode: null, paidAt: null, providerInvoiceId: null },
});

describe('a subscription as a migration keeps it', () => {
  it('is paid through its period, or until its trial ends', () => {
    expect(legacyOf(truth(), null)).toMatchObject({ paidThrough: '2026-12-01T00:00:00.000Z', interval: 'month' });
    const trial = truth({ status: 'trialing', trialEnd: '2026-11-15T00:00:00.000Z' });
    expect(legacyOf(trial, true)).toMatchObject({
      ...{ paidThrough: '2026-11-15T00:00:00.000Z', interval: null, hasEmail: true },
    });
  });

  it.each([
    [[paid(1900)], true],
    [[paid(1899)], false],
    [[paid(1900), paid(0)], false],
    [[], false],
  ])('is refunded where the newest payment went back as a whole', (payments, isRefunded) => {
    expect(legacyOf(truth({ payments }), null).isRefunded).toBe(isRefunded);
  });

  it.each([
    ['2026-02-01', '2026-03-01', 'month'],
    ['2024-02-29', '2025-02-28', 'year'],
    ['2026-01-01', '2026-01-08', null],
  ])('tells month from year by its period: %s to %s', (start, end, interval) => {
    expect(intervalOf({ status: 'active', start, end })).toBe(interval);
  });
});

describe('how often an old subscription is paid', () => {
  const plan: MigrationPlan = {
    ...{
      action: 'move' as const,
      planId: 'plan',
      priceId: 'price',
      interval: 'year' as const,
      provider: 'seller',
      rule: 'preferred',
    },
    ...{ quantity: 1, amountMinor: 1900, currency: 'USD', firstChargeAt: '2026-12-01', differenceMinor: null },
  };
  const excluded = { action: 'exclude', code: 'no_email', because: 'nobody' } as const;

  it.each([
    ['by what it was seen to be', 'month', plan, 'month'],
    ['by the price that is planned, where it was in trial', null, plan, 'year'],
    ['by nothing, where nothing is planned', null, excluded, null],
    ['by nothing, before there is a plan', null, null, null],
  ] as const)('is told %s', (_, interval, planned, rhythm) => {
    expect(rhythmOf({ legacy: { interval }, plan: planned })).toBe(rhythm);
  });
});

describe('the pace of notices', () => {
  it('never lets more than the limit be told within any minute, and goes on as soon as it may', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 90_000 }), { minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 5 }), (waits, perMinute) => {
        const told: number[] = [];
        let nowMs = 1_000_000;
        for (const wait of waits) {
          nowMs += wait;
          const { room, waitMs } = paceOf({ nowMs, perMinute, toldAtMs: told });
          if (room === 0) nowMs += waitMs;
          expect(paceOf({ nowMs, perMinute, toldAtMs: told }).room).toBeGreaterThan(0);
          told.push(nowMs);
          expect(told.filter((atMs) => atMs > nowMs - 60_000).length).toBeLessThanOrEqual(perMinute);
        }
      }),
    );
  });
});
