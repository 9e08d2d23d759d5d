import { describe, expect, it } from 'vitest';
import { createPolarRefunds } from '../../../../src/providers/polar/refunds.ts';
import orderFixture from '../../../fixtures/polar/order-paid.json' with { type: 'json' };
import succeededFixture from '../../../fixtures/polar/payment-succeeded.json' with { type: 'json' };
import refundFixture from '../../../fixtures/polar/refund.json' with { type: 'json' };
import { fakePolar, invalid, missing, ok, page, refusal, type FakeReply } from './fake-polar.ts';

const orderId = orderFixture.id;
const paymentId = succeededFixture.id;
const usd = (amountMinor: number) => ({ amountMinor, currency: 'USD' });
const input = {
  idempotencyKey: 'k',
  refundId: 'ref_1',
  refundedMinor: 0,
  providerPaymentId: paymentId,
  providerInvoiceId: orderId,
  amount: usd(1190),
  reason: 'requested_by_customer',
} as const;

function withOrder(earlier: readonly unknown[], created: FakeReply = ok(refundFixture), order: unknown = orderFixture) {
  const fake = fakePolar({
    [`GET /v1/orders/${orderId}`]: ok(order),
    [`GET /v1/payments/${paymentId}`]: ok(succeededFixture),
    'GET /v1/payments/nobody': missing,
    'GET /v1/orders/nobody': missing,
    'GET /v1/refunds/': page(...earlier),
    'POST /v1/refunds/': created,
  });
  return { ...fake, refunds: createPolarRefunds(fake.api) };
}

describe('refunds at Polar', () => {
  it('tells the amount without tax and carries our id', async () => {
    const { refunds, sent } = withOrder([]);
    await expect(refunds.create(input)).resolves.toMatchObject({
      outcome: 'succeeded',
      value: { refundId: 'ref_1', amount: usd(1190), taxMinor: 190 },
    });
    expect(sent().map(({ body }) => body)).toEqual([
      { order_id: orderId, amount: 1000, reason: 'customer_request', metadata: { refund_id: 'ref_1' } },
    ]);
  });

  it('is made once: what carries our id is the answer', async () => {
    const { refunds, sent } = withOrder([refundFixture]);
    await expect(refunds.create(input)).resolves.toMatchObject({ outcome: 'succeeded' });
    expect(sent()).toEqual([]);
  });

  it.each([
    ['pending', { outcome: 'pending', nextAction: null }],
    ['failed', { outcome: 'declined', providerCode: 'failed' }],
  ])('tells one that is %s as such', async (status, result) => {
    const { refunds } = withOrder([], ok({ ...refundFixture, status }));
    await expect(refunds.create(input)).resolves.toMatchObject(result);
  });

  it('finds the order by the payment alone', async () => {
    const { refunds } = withOrder([refundFixture]);
    await expect(refunds.list({ providerPaymentId: paymentId, providerInvoiceId: null })).resolves.toHaveLength(1);
    await expect(refunds.list({ providerPaymentId: 'nobody', providerInvoiceId: null })).resolves.toEqual([]);
  });

  it.each([
    ['more than was paid', { amount: usd(5832) }, 'refund_exceeds_payment', { refundable_minor: 5831 }],
    ['a sum that rounding skips', { amount: usd(3) }, 'refund_amount_not_exact', { nearest_minor: 2 }],
    ['another currency', { amount: { amountMinor: 10, currency: 'EUR' } }, 'payment_not_refundable', {}],
    ['an unknown payment', { providerPaymentId: 'nobody', providerInvoiceId: null }, 'payment_not_refundable', {}],
  ])('refuses %s without asking', async (_, change, code, details) => {
    const { refunds, sent } = withOrder([]);
    await expect(refunds.create({ ...input, ...change })).rejects.toMatchObject({ code, details });
    expect(sent()).toEqual([]);
  });

  it.each([
    ['too high', invalid({ loc: ['body', 'amount'], type: 'value_error' }), 'refund_exceeds_payment'],
    ['refunded already', refusal(403, 'RefundedAlready'), 'payment_not_refundable'],
  ])('believes Polar when it says %s after all', async (_, reply, code) => {
    const { refunds } = withOrder([], reply);
    await expect(refunds.create(input)).rejects.toMatchObject({ code, kind: 'conflict' });
  });

  it('does not know when the answer is lost, and asks once', async () => {
    const { refunds, sent } = withOrder([], { status: 'lost' });
    await expect(refunds.create(input)).resolves.toMatchObject({ outcome: 'unknown', reason: 'timeout' });
    expect(sent()).toHaveLength(1);
  });

  it('refunds nothing of an order that is not paid', async () => {
    const { refunds } = withOrder([], ok(refundFixture), { ...orderFixture, status: 'pending', paid: false });
    await expect(refunds.create(input)).rejects.toMatchObject({ code: 'payment_not_refundable' });
  });
});
