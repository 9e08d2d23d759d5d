import type { RefundTruth } from '../../domain/payment/truth.ts';
import { asUnknown, paymentNotRefundable, refundExceedsPayment, refundNotExact } from '../failures.ts';
import type { JsonApi } from '../json-api.ts';
import type { CreateRefundInput, MoneyResult, RefundOperations } from '../port-money.ts';
import { isRefundTooHigh } from './errors.ts';
import { mapRefund, REFUND_REASONS, refundableOf } from './map-money.ts';
import { findOrder } from './orders.ts';
import { readAll } from './paging.ts';
import { refundAmountOf } from './refund-amount.ts';
import { polarOrder, polarPayment, polarRefund, type PolarOrder, type PolarRefund } from './wire-money.ts';
import { pageOf } from './wire.ts';

interface PaymentRef {
  readonly providerPaymentId: string;
  readonly providerInvoiceId: string | null;
}

/** Refunds belong to orders at Polar, and one order has one payment that succeeded. */
export function createPolarRefunds(api: JsonApi): RefundOperations {
  return {
    create: (input) => refund(api, input),
    async list(query) {
      const order = await orderOf(api, query);
      if (!order) return [];
      return (await refundsOf(api, order.id)).map((item) => mapRefund(item, query.providerPaymentId));
    },
  };
}

/** Without idempotency keys: what carries our refund id already is the answer, whoever asks again. */
async function refund(api: JsonApi, input: CreateRefundInput): Promise<MoneyResult<RefundTruth>> {
  const order = await orderOf(api, input);
  if (!order) throw paymentNotRefundable('polar', 'order_unknown');
  const earlier = (await refundsOf(api, order.id)).find(({ metadata }) => metadata.refund_id === input.refundId);
  if (earlier) return resultOf(mapRefund(earlier, input.providerPaymentId));
  const netMinor = netOf(order, input);
  try {
    const created = await api.call({
      operation: 'refunds.create',
      method: 'POST',
      path: '/v1/refunds/',
      body: {
        order_id: order.id,
        amount: netMinor,
        reason: REFUND_REASONS[input.reason],
        metadata: { refund_id: input.refundId },
      },
      reply: polarRefund,
    });
    return resultOf(mapRefund(created, input.providerPaymentId));
  } catch (error) {
    // Somebody else refunded since we read the order.
    if (isRefundTooHigh(error)) throw refundExceedsPayment('polar', null);
    return asUnknown(error);
  }
}

/** @returns What Polar must be told, without tax. @throws {BillingError} as `RefundOperations.create` says. */
function netOf(order: PolarOrder, input: CreateRefundInput): number {
  if (!order.paid) throw paymentNotRefundable('polar', 'not_paid');
  if (order.currency.toUpperCase() !== input.amount.currency) throw paymentNotRefundable('polar', 'other_currency');
  const amount = refundAmountOf(input.amount.amountMinor, refundableOf(order));
  switch (amount.kind) {
    case 'exact':
      return amount.netMinor;
    case 'not_exact':
      throw refundNotExact('polar', amount.nearestMinor);
    case 'too_much':
      throw refundExceedsPayment('polar', amount.refundableMinor);
  }
}

function resultOf(value: RefundTruth): MoneyResult<RefundTruth> {
  switch (value.status) {
    case 'succeeded':
      return { outcome: 'succeeded', value };
    case 'pending':
      return { outcome: 'pending', value, nextAction: null };
    case 'failed':
    case 'canceled':
      return { outcome: 'declined', declineCode: 'processing_error', providerCode: value.status, value };
  }
}

async function refundsOf(api: JsonApi, orderId: string): Promise<readonly PolarRefund[]> {
  return readAll(api, {
    operation: 'refunds.list',
    path: '/v1/refunds/',
    query: { order_id: orderId, sorting: 'created_at' },
    item: polarRefund,
  });
}

/**
 * The order that was paid: named by the caller, by the payment, or by the payment's checkout. An order settled without
 * a payment of its own (from the customer's balance) goes by its own id.
 */
async function orderOf(api: JsonApi, ref: PaymentRef): Promise<PolarOrder | null> {
  if (ref.providerInvoiceId !== null) return findOrder(api, ref.providerInvoiceId);
  const payment = await api.find({
    operation: 'payments.get',
    method: 'GET',
    path: `/v1/payments/${encodeURIComponent(ref.providerPaymentId)}`,
    reply: polarPayment,
  });
  if (!payment) return findOrder(api, ref.providerPaymentId);
  if (payment.order_id != null) return findOrder(api, payment.order_id);
  if (payment.checkout_id == null) return null;
  const made = await api.call({
    operation: 'orders.list',
    method: 'GET',
    path: '/v1/orders/',
    query: { checkout_id: payment.checkout_id, limit: 10, sorting: 'created_at' },
    reply: pageOf(polarOrder),
  });
  return made.items.find((order) => order.paid) ?? null;
}
