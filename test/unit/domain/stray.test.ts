import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgePaidStray, strayEndsAtMs, strayGapMs, strayOutageGapMs } from '../../../src/domain/checkout/stray.ts';
import { checkoutStatuses } from '../../../src/domain/checkout/transition.ts';
import type { CheckoutTruth } from '../../../src/domain/checkout/truth.ts';

const hourMs = 3_600_000;
const states = ['open', 'pending', 'paid', 'expired', 'canceled', 'unknown'] as const;

function aTruth(state: CheckoutTruth['state'], paidAt: string | null = null): CheckoutTruth {
  const payment = {
    ...{ providerPaymentId: 'p', status: 'succeeded' as const, amount: { amountMinor: 1, currency: 'USD' }, paidAt },
    ...{ taxMinor: null, refundedMinor: 0, method: null, declineCode: null, providerInvoiceId: null },
  };
  return {
    ...{ providerCheckoutId: 'c', state, providerCustomerId: null, payment: state === 'paid' ? payment : null },
    ...{ voucher: null, subscription: null, invoice: null, objects: [] },
  };
}

describe('a session that was paid beside a checkout’s own', () => {
  const stray = aTruth('paid', '2026-11-21T10:00:00Z');

  it.each([
    ['the books say paid: it goes back', 'paid', null, false, 'give_back'],
    ['nobody can pay the page: it is the checkout’s', 'expired', null, false, 'adopt'],
    ['nobody served: it is the checkout’s', 'failed', null, false, 'adopt'],
    ['the page can be paid: that ends first', 'open', aTruth('open'), false, 'end_own_first'],
    ['money is on its way to the page: that ends first', 'pending', aTruth('pending'), false, 'end_own_first'],
    ['the page could not be ended: it is the checkout’s', 'open', aTruth('open'), true, 'adopt'],
    ['the page has ended: it is the checkout’s', 'open', aTruth('expired'), true, 'adopt'],
    [
      'the page was paid before: it goes back',
      'open',
      aTruth('paid', '2026-11-21T09:59:59Z'),
      false,
      'take_own_and_give_back',
    ],
    ['the page was paid later: it is the checkout’s', 'open', aTruth('paid', '2026-11-21T10:00:01Z'), true, 'adopt'],
    ['nobody says when: what was handed out holds', 'open', aTruth('paid'), true, 'take_own_and_give_back'],
  ] as const)('%s', (_, status, own, isOwnEndTried, verdict) => {
    expect(judgePaidStray({ status, own, isOwnEndTried, stray })).toBe(verdict);
  });

  it('is never adopted over what is in the books, and always decided once the page was to be ended', () => {
    const own = fc.option(fc.constantFrom(...states).map((state) => aTruth(state)));
    fc.assert(
      fc.property(fc.constantFrom(...checkoutStatuses), own, fc.boolean(), (status, page, isOwnEndTried) => {
        const verdict = judgePaidStray({ status, own: page, isOwnEndTried, stray });
        expect(verdict === 'give_back').toBe(status === 'paid');
        expect(verdict === 'end_own_first' && isOwnEndTried).toBe(false);
        expect(verdict === 'take_own_and_give_back').toBe(page?.state === 'paid' && status !== 'paid');
      }),
    );
  });
});

describe('looks', () => {
  const gapsOf = (isKnown: boolean) => {
    const endsAtMs = strayEndsAtMs({ askedAtMs: 0, voucherExpiresAtMs: null });
    const gaps: number[] = [];
    for (let nowMs = 0; nowMs < endsAtMs; nowMs += gaps.at(-1) ?? 0)
      gaps.push(strayGapMs({ looks: gaps.length, isKnown, nowMs, endsAtMs }));
    return gaps;
  };

  it('resolve what a provider tells of within two minutes: two of them by then, and each hour one at least', () => {
    const gaps = gapsOf(false);
    expect((gaps[0] ?? 0) + (gaps[1] ?? 0)).toBeLessThan(60_000);
    expect(Math.max(...gaps, ...gapsOf(true))).toBe(hourMs);
  });

  it('end with the session’s life, which a voucher prolongs', () => {
    expect(strayEndsAtMs({ askedAtMs: 0, voucherExpiresAtMs: null })).toBeGreaterThan(3 * 24 * hourMs + 24 * hourMs);
    const yearMs = 365 * 24 * hourMs;
    expect(strayEndsAtMs({ askedAtMs: 0, voucherExpiresAtMs: yearMs })).toBeGreaterThan(yearMs + 24 * hourMs);
    expect(strayGapMs({ looks: 9, isKnown: true, nowMs: 0, endsAtMs: 5_000 })).toBe(5_000);
    expect(strayGapMs({ looks: 9, isKnown: true, nowMs: 9_000, endsAtMs: 5_000 })).toBe(1_000);
  });

  it('grow rarer while a provider is away, and never stop', () => {
    const gaps = [0, 1, 2, 3, 4, 50].map(strayOutageGapMs);
    expect(gaps).toEqual([5, 10, 20, 40, 60, 60].map((minutes) => minutes * 60_000));
  });
});
