import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkoutStatuses,
  isSettled,
  nextCheckoutStatus,
  nextLookMs,
  type CheckoutStatus,
} from '../../../src/domain/checkout/transition.ts';
import type { CheckoutTruth } from '../../../src/domain/checkout/truth.ts';

const states = ['open', 'pending', 'paid', 'expired', 'canceled', 'unknown'] as const;
const truth = (state: CheckoutTruth['state']): CheckoutTruth => ({
  providerCheckoutId: 'x',
  state,
  providerCustomerId: null,
  payment: null,
  voucher: null,
  subscription: null,
  invoice: null,
  objects: [],
});

describe('nextCheckoutStatus', () => {
  const table: [CheckoutStatus, CheckoutTruth['state'], CheckoutStatus][] = [
    ['open', 'open', 'open'],
    ['open', 'pending', 'pending'],
    ['open', 'paid', 'paid'],
    ['open', 'expired', 'expired'],
    ['open', 'canceled', 'canceled'],
    ['open', 'unknown', 'open'],
    ['pending', 'open', 'open'],
    ['pending', 'unknown', 'pending'],
    ['pending', 'paid', 'paid'],
    ['pending', 'expired', 'expired'],
    ['expired', 'paid', 'paid'],
    ['canceled', 'paid', 'paid'],
    ['failed', 'paid', 'paid'],
    ['expired', 'open', 'expired'],
    ['canceled', 'pending', 'canceled'],
    ['paid', 'expired', 'paid'],
    ['creating', 'open', 'creating'],
  ];
  it.each(table)('%s and the provider says %s → %s', (status, state, next) => {
    expect(nextCheckoutStatus(status, truth(state))).toBe(next);
  });

  it('honours money whatever came before, and never takes it back', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...checkoutStatuses),
        fc.array(fc.constantFrom(...states)),
        fc.array(fc.constantFrom(...states)),
        (start, before, after) => {
          const end = [...before, 'paid' as const, ...after].reduce<CheckoutStatus>(
            (status, state) => nextCheckoutStatus(status, truth(state)),
            start,
          );
          expect(end).toBe('paid');
        },
      ),
    );
  });

  it('changes nothing when the same truth is told again', () => {
    for (const status of checkoutStatuses) {
      for (const state of states) {
        const once = nextCheckoutStatus(status, truth(state));
        expect(nextCheckoutStatus(once, truth(state))).toBe(once);
      }
    }
  });

  it('stays as it is when the provider knows nothing', () => {
    for (const status of checkoutStatuses) expect(nextCheckoutStatus(status, null)).toBe(status);
    expect(checkoutStatuses.filter(isSettled)).toEqual(['paid', 'expired', 'canceled', 'failed']);
  });
});

describe('nextLookMs', () => {
  const gapsMs = [60_000, 300_000];
  const look = (looks: number, left: number) => nextLookMs({ looks, gapsMs, nowMs: 0, endsAtMs: left });

  it('waits longer each time, then a day', () => {
    expect([look(0, 1e9), look(1, 1e9), look(2, 1e9)]).toEqual([60_000, 300_000, 86_400_000]);
  });

  it('looks once more just before the end, and at the end', () => {
    expect(look(2, 3_600_000)).toBe(3_540_000);
    expect(look(3, 60_000)).toBe(60_000);
    expect(look(3, 500)).toBe(1_000);
    expect(look(0, 0)).toBeNull();
  });

  it('never waits past the end by more than a second, and never spins', () => {
    fc.assert(
      fc.property(fc.nat(10), fc.integer({ min: 1, max: 1e10 }), (looks, left) => {
        const wait = look(looks, left);
        expect(wait).toBeGreaterThanOrEqual(1_000);
        expect(wait).toBeLessThanOrEqual(Math.max(1_000, left));
      }),
    );
  });
});
