import { describe, expect, it } from 'vitest';
import {
  checkoutState,
  mapCheckout,
  mapPayment,
  mapSubscription,
  mapVoucher,
} from '../../../../src/providers/conekta/map.ts';
import { conektaOrder, conektaSubscription } from '../../../../src/providers/conekta/wire.ts';
import canceledFixture from '../../../fixtures/conekta/order-cash-canceled.json' with { type: 'json' };
import stuckFixture from '../../../fixtures/conekta/order-declined-then-paid.json' with { type: 'json' };
import refundedFixture from '../../../fixtures/conekta/order-partially-refunded.json' with { type: 'json' };
import expiredFixture from '../../../fixtures/conekta/order-spei-expired.json' with { type: 'json' };
import pendingFixture from '../../../fixtures/conekta/order-spei-pending.json' with { type: 'json' };
import pastDueFixture from '../../../fixtures/conekta/subscription-past-due.json' with { type: 'json' };

const pending = conektaOrder.parse(pendingFixture);

describe('Conekta truth', () => {
  it('believes a paid charge over an order that stayed declined', () => {
    const order = conektaOrder.parse(stuckFixture);
    expect(order.payment_status).toBe('declined');
    expect(checkoutState(order)).toBe('paid');
    expect(mapPayment(order)).toMatchObject({
      status: 'succeeded',
      amount: { amountMinor: 40000, currency: 'MXN' },
      method: 'card',
    });
  });

  it('is open again after a decline alone, and tells it', () => {
    const order = conektaOrder.parse({ ...stuckFixture, charges: { data: [stuckFixture.charges.data[0]] } });
    expect(checkoutState(order)).toBe('open');
    expect(mapPayment(order)).toMatchObject({ status: 'declined', declineCode: 'restricted_card' });
  });

  it('is open while nobody has touched it, though its checkout says Issued', () => {
    expect(checkoutState({ ...pending, payment_status: null, charges: null })).toBe('open');
    expect(checkoutState({ ...pending, payment_status: 'pending_payment', charges: null })).toBe('open');
  });

  it('waits for a transfer and tells its CLABE', () => {
    expect(checkoutState(pending)).toBe('pending');
    expect(mapVoucher(pending)).toEqual({
      kind: 'spei',
      reference: null,
      clabe: '734180008033435128',
      barcodeUrl: null,
      expiresAt: '2026-04-11T05:59:59.000Z',
    });
  });

  it('tells expired, canceled and unknown apart', () => {
    expect(checkoutState(conektaOrder.parse(expiredFixture))).toBe('expired');
    expect(checkoutState(conektaOrder.parse(canceledFixture))).toBe('canceled');
    expect(checkoutState({ ...pending, payment_status: 'fraudulent' })).toBe('unknown');
  });

  it('reads an old cash reference as OXXO', () => {
    expect(mapVoucher(conektaOrder.parse(canceledFixture))).toMatchObject({
      kind: 'oxxo',
      reference: '93000262285701',
    });
  });

  it('counts what was refunded', () => {
    const truth = mapCheckout(conektaOrder.parse(refundedFixture), null);
    expect(truth).toMatchObject({
      state: 'paid',
      payment: { refundedMinor: 15000 },
      invoice: { status: 'partially_refunded' },
    });
    expect(truth.objects.map(({ kind }) => kind)).toEqual(['order', 'charge', 'customer']);
  });

  it('maps a failed first charge to past due', () => {
    const plan = { id: 'contracargos-plan', amount: 49900, currency: 'MXN' };
    const truth = mapSubscription(conektaSubscription.parse(pastDueFixture), plan, null);
    expect(truth).toMatchObject({
      status: 'past_due',
      amount: { amountMinor: 49900, currency: 'MXN' },
      cancelAtPeriodEnd: false,
    });
  });
});
