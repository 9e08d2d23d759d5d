import { describe, expect, it } from 'vitest';
import {
  directState,
  mapDirectPayment,
  mapDispute,
  mapOrderInvoice,
  mapRefunds,
} from '../../../../src/providers/conekta/map-order.ts';
import { mapPaymentSource } from '../../../../src/providers/conekta/payment-methods.ts';
import { conektaCharge, conektaOrder } from '../../../../src/providers/conekta/wire.ts';
import canceledFixture from '../../../fixtures/conekta/order-cash-canceled.json' with { type: 'json' };
import challengeFixture from '../../../fixtures/conekta/order-3ds-challenge.json' with { type: 'json' };
import declinedFixture from '../../../fixtures/conekta/error-declined.json' with { type: 'json' };
import expiredFixture from '../../../fixtures/conekta/order-spei-expired.json' with { type: 'json' };
import pendingFixture from '../../../fixtures/conekta/order-spei-pending.json' with { type: 'json' };
import refundedFixture from '../../../fixtures/conekta/order-partially-refunded.json' with { type: 'json' };

const challenge = conektaOrder.parse(challengeFixture);
const refunded = conektaOrder.parse(refundedFixture);

describe('a direct payment at Conekta', () => {
  it.each([
    ['a challenge', challengeFixture, 'requires_action'],
    ['a decline, whose order tells no status', declinedFixture.data, 'declined'],
    ['a transfer that is waited for', pendingFixture, 'pending'],
    ['an expired transfer', expiredFixture, 'canceled'],
    ['a canceled voucher', canceledFixture, 'canceled'],
    ['a partial refund', refundedFixture, 'succeeded'],
    ['an authorization', { ...challengeFixture, payment_status: 'pre_authorized', next_action: null }, 'authorized'],
    ['a status nobody knows', { ...challengeFixture, payment_status: 'fraudulent', next_action: null }, 'unknown'],
  ])('is told from %s', (_what, fixture, state) => {
    expect(directState(conektaOrder.parse(fixture))).toBe(state);
  });

  it('tells where the bank wants to see the buyer, and nowhere once that is over', () => {
    expect(mapDirectPayment(challenge).nextAction).toEqual({
      kind: 'redirect',
      url: 'https://3ds-pay.conekta.com/a9b6ea04-d405-4a58-b299-f985aefef006',
    });
    expect(mapDirectPayment({ ...challenge, payment_status: 'paid' }).nextAction).toBeNull();
  });

  it('keeps of the metadata what is text', () => {
    expect(mapDirectPayment({ ...challenge, metadata: { business_id: 'chk_1', store: 1 } }).metadata).toEqual({
      business_id: 'chk_1',
    });
  });
});

describe('an order as an invoice', () => {
  it.each([
    [refundedFixture, 'partially_refunded', 40_000],
    [expiredFixture, 'void', 0],
    [pendingFixture, 'open', 0],
    [{ ...pendingFixture, payment_status: 'declined', charges: null }, 'failed', 0],
  ])('has a status and what was paid (%#)', (fixture, status, amountPaidMinor) => {
    const invoice = mapOrderInvoice(conektaOrder.parse(fixture));
    expect(invoice).toMatchObject({ status, amountPaidMinor });
    expect(invoice.lines.reduce((sum, line) => sum + line.amount.amountMinor, 0)).toBeGreaterThan(0);
  });
});

describe('refunds and disputes at Conekta', () => {
  it('turns negative rows into what the customer gets', () => {
    expect(mapRefunds(refunded)).toEqual([
      expect.objectContaining({
        status: 'succeeded',
        refundId: null,
        providerPaymentId: refunded.charges?.data[0]?.id,
        amount: { amountMinor: 15_000, currency: 'MXN' },
      }),
    ]);
  });

  it.each([
    ['pending', 'pending'],
    ['something new', 'pending'],
    ['canceled', 'canceled'],
    ['expired', 'failed'],
  ])('does not call a refund done that is %s', (status, expected) => {
    const charge = { ...refunded.charges?.data[0], refunds: { data: [{ id: 'r', amount: -1, status }] } };
    const order = { ...refunded, charges: { data: [conektaCharge.parse(charge)] } };
    expect(mapRefunds(order)[0]?.status).toBe(expected);
  });

  it.each([
    ['action_required', 'needs_response'],
    ['under_review', 'under_review'],
    ['represented', 'under_review'],
    ['won', 'won'],
    ['covered', 'won'],
    ['lost', 'lost'],
    ['something new', 'under_review'],
  ])('reads a chargeback that is %s as %s', (status, expected) => {
    const charge = conektaCharge.parse({
      ...refundedFixture.charges.data[0],
      chargeback: { id: 'chbk_1', status, reason: 'unrecognized', created_at: 1768846800, evidence_due_by: 1769126399 },
    });
    expect(mapDispute('ord_1', charge)).toEqual({
      providerDisputeId: 'ord_1/chbk_1',
      providerPaymentId: charge.id,
      providerInvoiceId: 'ord_1',
      status: expected,
      amount: { amountMinor: 40_000, currency: 'MXN' },
      reason: 'unrecognized',
      respondBy: '2026-01-22T23:59:59.000Z',
      createdAt: '2026-01-19T18:20:00.000Z',
    });
  });
});

describe('a payment source', () => {
  const card = {
    id: 'src_1',
    type: 'card',
    last4: '4242',
    brand: 'VISA',
    exp_month: '01',
    exp_year: '31',
    default: false,
  };

  it('has a year of four digits', () => {
    expect(mapPaymentSource('cus_1', card, null)).toMatchObject({ expMonth: 1, expYear: 2031, brand: 'visa' });
    expect(mapPaymentSource('cus_1', { ...card, exp_year: '2031' }, null).expYear).toBe(2031);
    expect(mapPaymentSource('cus_1', { id: 'off_ref_1', type: 'cash_recurrent' }, null)).toMatchObject({
      type: 'cash',
      expYear: null,
      last4: null,
    });
  });

  it('is the default that its customer names, whatever it says itself', () => {
    expect(mapPaymentSource('cus_1', card, 'src_1').isDefault).toBe(true);
    expect(mapPaymentSource('cus_1', { ...card, default: true }, 'src_2').isDefault).toBe(false);
    expect(mapPaymentSource('cus_1', { ...card, default: true }, null).isDefault).toBe(true);
  });
});
