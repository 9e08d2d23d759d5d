import { describe, expect, it } from 'vitest';
import {
  disputeStatus,
  mapDispute,
  mapPaymentMethod,
  mapProviderInvoice,
  mapRefund,
  refundableOf,
} from '../../../../src/providers/polar/map-money.ts';
import { billingReason } from '../../../../src/providers/polar/order-lines.ts';
import { polarDispute, polarOrder, polarPayment, polarRefund } from '../../../../src/providers/polar/wire-money.ts';
import disputeFixture from '../../../fixtures/polar/dispute.json' with { type: 'json' };
import orderFixture from '../../../fixtures/polar/order-paid.json' with { type: 'json' };
import succeededFixture from '../../../fixtures/polar/payment-succeeded.json' with { type: 'json' };
import refundFixture from '../../../fixtures/polar/refund.json' with { type: 'json' };

const order = polarOrder.parse(orderFixture);

describe('Polar money', () => {
  it('adds the tax to a refund, which Polar leaves out', () => {
    expect(mapRefund(polarRefund.parse(refundFixture), 'pay_1')).toEqual({
      providerRefundId: refundFixture.id,
      providerPaymentId: 'pay_1',
      refundId: 'ref_1',
      status: 'succeeded',
      amount: { amountMinor: 1190, currency: 'USD' },
      taxMinor: 190,
      createdAt: '2026-10-05T09:00:00.000Z',
    });
  });

  it('takes a refund of an unknown status for one that is not settled', () => {
    expect(mapRefund(polarRefund.parse({ ...refundFixture, status: 'sleeping' }), 'p').status).toBe('pending');
  });

  it('adds the tax to a dispute, which Polar leaves out', () => {
    expect(mapDispute(polarDispute.parse(disputeFixture))).toEqual({
      providerDisputeId: disputeFixture.id,
      providerPaymentId: disputeFixture.payment_id,
      providerInvoiceId: disputeFixture.order_id,
      status: 'needs_response',
      amount: { amountMinor: 5831, currency: 'USD' },
      reason: 'product_not_received',
      respondBy: '2026-11-01T00:00:00.000Z',
      createdAt: '2026-10-20T08:00:00.000Z',
    });
  });

  it.each([
    ['early_warning', false, 'warning'],
    ['early_warning', true, 'closed'],
    ['prevented', true, 'closed'],
    ['needs_response', false, 'needs_response'],
    ['under_review', false, 'under_review'],
    ['won', true, 'won'],
    ['lost', true, 'lost'],
    ['brand_new', false, 'under_review'],
    ['brand_new', true, 'closed'],
  ])('reads a dispute that is %s (closed: %s) as %s', (status, isClosed, mapped) => {
    expect(disputeStatus(status, isClosed)).toBe(mapped);
  });

  it.each([
    ['purchase', null],
    ['subscription_create', 'subscription_start'],
    ['subscription_cycle', 'subscription_cycle'],
    ['subscription_update', 'subscription_update'],
    ['subscription_meter_cycle', 'usage'],
    [null, null],
  ])('knows why an order of %s was made', (reason, mapped) => {
    expect(billingReason(reason)).toBe(mapped);
  });

  it('tells an order as an invoice, with lines and payer', () => {
    const items = [{ label: 'Pro', amount: 4900, start_timestamp: '2026-10-02T10:00:00Z', end_timestamp: null }];
    const invoice = mapProviderInvoice(polarOrder.parse({ ...orderFixture, items }), [
      polarPayment.parse(succeededFixture),
    ]);
    expect(invoice).toMatchObject({
      providerInvoiceId: order.id,
      providerCustomerId: order.customer_id,
      total: { amountMinor: 5831, currency: 'USD' },
      lines: [
        {
          description: 'Pro',
          quantity: 1,
          amount: { amountMinor: 4900, currency: 'USD' },
          periodStart: '2026-10-02T10:00:00.000Z',
          periodEnd: null,
        },
      ],
    });
  });

  it('knows what is left of an order, told or not', () => {
    expect(refundableOf({ ...order, refundable_amount: 3900, refundable_tax_amount: 741 })).toEqual({
      netMinor: 3900,
      taxMinor: 741,
      orderNetMinor: 4900,
      orderTaxMinor: 931,
    });
    const untold = { ...order, refundable_amount: null, refundable_tax_amount: null, net_amount: null };
    expect(refundableOf({ ...untold, refunded_amount: 1000, refunded_tax_amount: 190 })).toEqual({
      netMinor: 3900,
      taxMinor: 741,
      orderNetMinor: 4900,
      orderTaxMinor: 931,
    });
  });

  it('keeps of a card only what may be kept', () => {
    const card = { brand: 'visa', last4: '4242', exp_month: 4, exp_year: 2030 };
    const method = { id: 'pm', customer_id: 'c', type: 'card', method_metadata: card };
    expect(mapPaymentMethod(method, 'pm')).toEqual({
      providerPaymentMethodId: 'pm',
      providerCustomerId: 'c',
      type: 'card',
      brand: 'visa',
      last4: '4242',
      expMonth: 4,
      expYear: 2030,
      country: null,
      isDefault: true,
    });
    const generic = { id: 'pm2', customer_id: 'c', type: 'ideal', method_metadata: undefined };
    expect(mapPaymentMethod(generic, 'pm')).toMatchObject({ type: 'ideal', last4: null, isDefault: false });
  });
});
