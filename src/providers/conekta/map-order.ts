import type { InvoiceTruth } from '../../domain/checkout/truth.ts';
import type { DisputeTruth, RefundTruth } from '../../domain/payment/truth.ts';
import type { DirectPaymentTruth, NextAction, ProviderInvoice } from '../port-money.ts';
import { isoFromUnix } from '../wire-time.ts';
import { checkoutState, leadingCharge, mapInvoice, mapPayment, mapVoucher } from './map.ts';
import type { ConektaCharge, ConektaOrder, ConektaRefund } from './wire.ts';

/** What must still be done in the browser: 3-D Secure, by a page of Conekta's. */
export function nextActionOf(order: ConektaOrder): NextAction | null {
  const url = order.next_action?.redirect_to_url?.url;
  return url == null ? null : { kind: 'redirect', url };
}

/** An order made without a page. A decline ends it: nobody can try again on it. */
export function directState(order: ConektaOrder): DirectPaymentTruth['state'] {
  const state = checkoutState(order);
  const charge = leadingCharge(order);
  if (state === 'paid') return 'succeeded';
  if (state === 'expired' || state === 'canceled') return 'canceled';
  if (order.payment_status === 'pre_authorized' || charge?.status === 'pre_authorized') return 'authorized';
  if (state === 'pending') return 'pending';
  if (order.payment_status === 'declined' || charge?.status === 'declined') return 'declined';
  if (nextActionOf(order)) return 'requires_action';
  return state === 'open' ? 'pending' : 'unknown';
}

export function mapDirectPayment(order: ConektaOrder): DirectPaymentTruth {
  const state = directState(order);
  const customerId = order.customer_info?.customer_id;
  return {
    providerObjectId: order.id,
    state,
    amount: { amountMinor: order.amount, currency: order.currency.toUpperCase() },
    payment: mapPayment(order),
    voucher: mapVoucher(order),
    nextAction: state === 'requires_action' ? nextActionOf(order) : null,
    metadata: Object.fromEntries(
      Object.entries(order.metadata ?? {}).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
    ),
    objects: [
      { kind: 'order', id: order.id },
      ...(order.charges?.data ?? []).map((charge) => ({ kind: 'charge', id: charge.id })),
      ...(customerId ? [{ kind: 'customer', id: customerId }] : []),
    ],
  };
}

const NOTHING_PAID: Readonly<Record<string, InvoiceTruth['status']>> = {
  expired: 'void',
  canceled: 'void',
  declined: 'failed',
};

/** Conekta has no invoices: every order stands for one. `reason` and `subscriptionId` are known only to who asked by subscription. */
export function mapOrderInvoice(
  order: ConektaOrder,
  of: {
    readonly subscriptionId: string | null;
    readonly reason: ProviderInvoice['billingReason'];
  } = { subscriptionId: null, reason: null },
): ProviderInvoice {
  const currency = order.currency.toUpperCase();
  const state = order.payment_status === 'declined' ? 'declined' : checkoutState(order);
  const unpaid: InvoiceTruth = {
    providerInvoiceId: order.id,
    number: null,
    status: NOTHING_PAID[state] ?? 'open',
    total: { amountMinor: order.amount, currency },
    amountPaidMinor: 0,
    amountRefundedMinor: 0,
    taxMinor: null,
    periodStart: null,
    periodEnd: null,
    issuedAt: isoFromUnix(order.created_at),
    paidAt: null,
    hostedUrl: null,
    pdfUrl: null,
  };
  return {
    ...(mapInvoice(order) ?? unpaid),
    providerCustomerId: order.customer_info?.customer_id ?? null,
    providerSubscriptionId: of.subscriptionId,
    billingReason: of.reason,
    lines: (order.line_items?.data ?? []).map((line) => ({
      description: line.description ?? line.name ?? '',
      quantity: line.quantity,
      amount: { amountMinor: line.unit_price * line.quantity, currency },
      periodStart: null,
      periodEnd: null,
    })),
  };
}

export function mapRefunds(order: ConektaOrder): readonly RefundTruth[] {
  return (order.charges?.data ?? [])
    .flatMap((charge) => (charge.refunds?.data ?? []).map((refund) => mapRefund(charge, refund)))
    .toSorted((a, b) => (a.createdAt ?? '').localeCompare(b.createdAt ?? ''));
}

/** Rows carry negative amounts and nothing of ours. */
export function mapRefund(charge: ConektaCharge, refund: ConektaRefund): RefundTruth {
  return {
    providerRefundId: refund.id,
    providerPaymentId: charge.id,
    refundId: null,
    status: refundStatus(refund.status ?? null),
    amount: { amountMinor: Math.abs(refund.amount), currency: charge.currency.toUpperCase() },
    taxMinor: null,
    createdAt: isoFromUnix(refund.created_at),
  };
}

/** Card refunds come without a status and are done; what we do not know is not called done. */
function refundStatus(status: string | null): RefundTruth['status'] {
  switch (status) {
    case null:
    case 'succeeded':
    case 'success':
    case 'refunded':
    case 'completed':
    case 'paid':
      return 'succeeded';
    case 'canceled':
    case 'cancelled':
      return 'canceled';
    case 'failed':
    case 'declined':
    case 'expired':
      return 'failed';
    default:
      return 'pending';
  }
}

/** `<order>/<chargeback>`: chargebacks are readable only inside their order. */
export function disputeId(orderId: string, chargebackId: string): string {
  return `${orderId}/${chargebackId}`;
}

const DISPUTES: Readonly<Record<string, DisputeTruth['status']>> = {
  action_required: 'needs_response',
  pending_review: 'under_review',
  under_review: 'under_review',
  rt: 'under_review',
  rt_sent: 'under_review',
  represented: 'under_review',
  won: 'won',
  // Conekta bears it: the money stays with the merchant.
  covered: 'won',
  lost: 'lost',
};

/** A chargeback is of the whole charge: the document gives it no amount. */
export function mapDispute(orderId: string, charge: ConektaCharge): DisputeTruth | null {
  const { chargeback } = charge;
  if (!chargeback) return null;
  return {
    providerDisputeId: disputeId(orderId, chargeback.id),
    providerPaymentId: charge.id,
    providerInvoiceId: orderId,
    status: DISPUTES[chargeback.status ?? ''] ?? 'under_review',
    amount: { amountMinor: charge.amount, currency: charge.currency.toUpperCase() },
    reason: chargeback.reason ?? null,
    respondBy: isoFromUnix(chargeback.evidence_due_by),
    createdAt: isoFromUnix(chargeback.created_at ?? charge.created_at) ?? new Date(0).toISOString(),
  };
}
