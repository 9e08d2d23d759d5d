import { describe, expect, it } from 'vitest';
import {
  checkoutState,
  mapCheckout,
  mapInvoice,
  mapPayment,
  mapSubscription,
  subscriptionStatus,
} from '../../../../src/providers/polar/map.ts';
import { polarOrder, polarPayment, polarSubscription } from '../../../../src/providers/polar/wire-money.ts';
import { polarCheckout } from '../../../../src/providers/polar/wire.ts';
import checkoutFixture from '../../../fixtures/polar/checkout-confirmed.json' with { type: 'json' };
import orderFixture from '../../../fixtures/polar/order-paid.json' with { type: 'json' };
import failedFixture from '../../../fixtures/polar/payment-failed.json' with { type: 'json' };
import succeededFixture from '../../../fixtures/polar/payment-succeeded.json' with { type: 'json' };
import subscriptionFixture from '../../../fixtures/polar/subscription-active.json' with { type: 'json' };

const checkout = polarCheckout.parse(checkoutFixture);
const order = polarOrder.parse(orderFixture);
const failed = polarPayment.parse(failedFixture);
const succeeded = polarPayment.parse(succeededFixture);

describe('Polar truth', () => {
  it.each([
    ['open', 'open'],
    ['confirmed', 'pending'],
    ['succeeded', 'paid'],
    ['expired', 'expired'],
    ['failed', 'unknown'],
    ['brand_new', 'unknown'],
  ])('maps a session that is %s to %s', (status, state) => {
    expect(checkoutState(status, false)).toBe(state);
  });

  it('is paid by its order while the session still says confirmed, tax included', () => {
    const truth = mapCheckout({ checkout, orders: [order], payments: [succeeded, failed], subscription: null });
    expect(truth).toMatchObject({
      state: 'paid',
      providerCustomerId: order.customer_id,
      payment: {
        status: 'succeeded',
        amount: { amountMinor: 5831, currency: 'USD' },
        taxMinor: 931,
        method: 'card',
        declineCode: null,
      },
      invoice: { status: 'paid', number: 'PLINTO-0001', amountPaidMinor: 5831, issuedAt: '2026-10-02T10:00:00.123Z' },
    });
    expect(truth.objects.map(({ kind }) => kind)).toEqual(['checkout', 'order', 'payment', 'customer']);
  });

  it('tells the decline of a session that is open again', () => {
    const open = { ...checkout, status: 'open' };
    const truth = mapCheckout({ checkout: open, orders: [], payments: [failed], subscription: null });
    expect(truth).toMatchObject({
      state: 'open',
      payment: { status: 'declined', declineCode: 'insufficient_funds' },
      invoice: null,
    });
  });

  it('knows no payment of an order of nothing', () => {
    expect(mapPayment({ ...order, total_amount: 0 }, [])).toBeNull();
  });

  it.each([
    ['of its items, where they say', '2026-10-02T10:00:01Z', { start_timestamp: '2026-09-01T00:00:00Z' }, '2026-09-01'],
    ['of its subscription, while it is the present one', '2026-10-02T10:00:01Z', {}, '2026-10-02'],
    ['unknown, once the subscription has moved on', '2026-09-02T10:00:01Z', {}, null],
  ])('knows the period of an order: %s', (_, created_at, item, start) => {
    const subscription = { current_period_start: '2026-10-02T10:00:00Z', current_period_end: '2026-11-02T10:00:00Z' };
    const items = [{ label: 'Pro', amount: 4900, ...item }];
    const parsed = polarOrder.parse({ ...orderFixture, created_at, subscription, items });
    expect(mapInvoice(parsed, []).periodStart?.slice(0, 10) ?? null).toBe(start);
  });

  it('counts refunded tax', () => {
    expect(mapPayment({ ...order, refunded_amount: 1000, refunded_tax_amount: 190 }, [succeeded])?.refundedMinor).toBe(
      1190,
    );
  });

  it('tells when a canceled subscription ends', () => {
    const truth = mapSubscription(polarSubscription.parse(subscriptionFixture), [order], [succeeded]);
    expect(truth).toMatchObject({
      status: 'active',
      cancelAtPeriodEnd: true,
      cancelAt: '2026-11-02T10:00:00.000Z',
      endedAt: null,
      quantity: 1,
    });
  });

  it.each([
    ['unpaid', 'past_due'],
    ['incomplete_expired', 'expired'],
    ['paused', 'paused'],
  ])('maps a subscription that is %s to %s', (status, mapped) => {
    expect(subscriptionStatus(status)).toBe(mapped);
  });

  it('refuses to guess a new status', () => {
    expect(() => subscriptionStatus('sleeping')).toThrow(/not mapped/);
  });
});
