import type { RefundReason, RefundTruth } from '../../domain/payment/truth.ts';
import { asUnknown, paymentNotRefundable, refundExceedsPayment } from '../failures.ts';
import type { Budget } from '../http.ts';
import type { JsonApi } from '../json-api.ts';
import type { CreateRefundInput, MoneyResult, RefundOperations } from '../port-money.ts';
import { refundStateDiffers } from './errors.ts';
import { mapRefunds } from './map-order.ts';
import { checkoutState, leadingCharge } from './map.ts';
import { readOrder } from './orders.ts';
import { orderOfCharge } from './read-charge.ts';
import { conektaOrder, type ConektaOrder } from './wire.ts';

const REASONS: Readonly<Record<RefundReason, string>> = {
  requested_by_customer: 'requested_by_client',
  duplicate: 'duplicated_transaction',
  fraudulent: 'suspected_fraud',
  service_disruption: 'cannot_be_fulfilled',
  other: 'other',
};

interface PaymentRef {
  readonly providerPaymentId: string;
  readonly providerInvoiceId: string | null;
}

/**
 * Refunds are of an order. There is neither a key nor a place for our id, so a repeat is told by the sum alone: what
 * went back by Conekta against what our rows had before this refund. Two calls at the very same moment can still pay
 * twice.
 */
export function createConektaRefunds(api: JsonApi): RefundOperations {
  return {
    create: (input) => createRefund(api, input).catch(asUnknown),
    async list(query) {
      const order = await orderOf(api, query, api.budget());
      return order ? mapRefunds(order).filter((row) => row.providerPaymentId === query.providerPaymentId) : [];
    },
  };
}

async function createRefund(api: JsonApi, input: CreateRefundInput): Promise<MoneyResult<RefundTruth>> {
  const budget = api.budget();
  const order = await orderOf(api, input, budget);
  if (!order) throw paymentNotRefundable('conekta', 'unknown_payment');
  assertPaid(order, input);
  const known = doneBefore(order, input);
  if (known) return resultOf(known, input);
  assertRefundable(order, input);
  const before = new Set(mapRefunds(order).map((row) => row.providerRefundId));
  const after = await api.call({
    operation: 'refunds.create',
    method: 'POST',
    path: `/orders/${encodeURIComponent(order.id)}/refunds`,
    body: { amount: input.amount.amountMinor, reason: REASONS[input.reason] },
    reply: conektaOrder,
    budget,
  });
  const made = mapRefunds(after).findLast((row) => !before.has(row.providerRefundId));
  if (!made) return { outcome: 'unknown', reason: 'api_error', providerCode: 'refund_missing' };
  return resultOf(made, input);
}

function resultOf(made: RefundTruth, input: CreateRefundInput): MoneyResult<RefundTruth> {
  const value = { ...made, refundId: input.refundId };
  if (made.status === 'succeeded') return { outcome: 'succeeded', value };
  if (made.status === 'pending') return { outcome: 'pending', value, nextAction: null };
  return { outcome: 'declined', declineCode: 'processing_error', providerCode: made.status, value };
}

function assertPaid(order: ConektaOrder, input: CreateRefundInput): void {
  if (checkoutState(order) !== 'paid') throw paymentNotRefundable('conekta', 'not_paid');
  if (input.amount.currency !== order.currency.toUpperCase()) throw paymentNotRefundable('conekta', 'other_currency');
}

/**
 * The refund that an earlier call made, null where it is still to be made.
 *
 * @throws {BillingError} `refund_state_differs` (conflict) when neither fits: guessing would pay twice or not at all.
 */
function doneBefore(order: ConektaOrder, { refundedMinor, amount }: CreateRefundInput): RefundTruth | null {
  const providerMinor = order.amount_refunded ?? 0;
  if (providerMinor === refundedMinor) return null;
  const made =
    providerMinor === refundedMinor + amount.amountMinor
      ? mapRefunds(order).findLast((row) => isLive(row) && row.amount.amountMinor === amount.amountMinor)
      : undefined;
  if (made) return made;
  throw refundStateDiffers({ refundedMinor, providerMinor });
}

function isLive({ status }: RefundTruth): boolean {
  return status === 'succeeded' || status === 'pending';
}

function assertRefundable(order: ConektaOrder, input: CreateRefundInput): void {
  const charge = order.charges?.data.find(({ id }) => id === input.providerPaymentId) ?? leadingCharge(order);
  if (charge?.status === 'charged_back') throw paymentNotRefundable('conekta', 'disputed');
  const leftMinor = order.amount - (order.amount_refunded ?? 0);
  if (input.amount.amountMinor > leftMinor) throw refundExceedsPayment('conekta', leftMinor);
  if (order.is_refundable === false) throw paymentNotRefundable('conekta', 'method_not_refundable');
}

/** By its order; a charge alone is looked up first. */
async function orderOf(api: JsonApi, ref: PaymentRef, budget: Budget): Promise<ConektaOrder | null> {
  if (ref.providerInvoiceId !== null) return readOrder(api, ref.providerInvoiceId, 'refunds.order', budget);
  return orderOfCharge(api, ref.providerPaymentId, budget);
}
