import type { Money } from '../../domain/money.ts';
import type { DisputeTruth, RefundReason, RefundTruth } from '../../domain/payment/truth.ts';
import type { PaymentMethodTruth, ProviderInvoice } from '../port-money.ts';
import { isoFromText } from '../wire-time.ts';
import { mapInvoice } from './map.ts';
import { toldLines } from './order-lines.ts';
import type { Refundable } from './refund-amount.ts';
import type { PolarDispute, PolarOrder, PolarPayment, PolarRefund } from './wire-money.ts';
import type { PolarPaymentMethod } from './wire.ts';

export function moneyOf(amountMinor: number, currency: string): Money {
  return { amountMinor, currency: currency.toUpperCase() };
}

export function mapProviderInvoice(order: PolarOrder, payments: readonly PolarPayment[]): ProviderInvoice {
  return {
    ...mapInvoice(order, payments),
    providerCustomerId: order.customer_id,
    providerSubscriptionId: order.subscription_id ?? null,
    ...toldLines(order),
  };
}

/** What the order's own fields say is left; older answers lack the refundable ones. */
export function refundableOf(order: PolarOrder): Refundable {
  const orderTaxMinor = order.tax_amount ?? 0;
  const orderNetMinor = order.net_amount ?? order.total_amount - orderTaxMinor;
  return {
    netMinor: order.refundable_amount ?? orderNetMinor - order.refunded_amount,
    taxMinor: order.refundable_tax_amount ?? orderTaxMinor - order.refunded_tax_amount,
    orderNetMinor,
    orderTaxMinor,
  };
}

/** Polar has `satisfaction_guarantee` and `dispute_prevention` too, which are its own to give. */
export const REFUND_REASONS = {
  requested_by_customer: 'customer_request',
  duplicate: 'duplicate',
  fraudulent: 'fraudulent',
  service_disruption: 'service_disruption',
  other: 'other',
} as const satisfies Record<RefundReason, string>;

export function mapRefund(refund: PolarRefund, providerPaymentId: string): RefundTruth {
  const { refund_id: refundId } = refund.metadata;
  return {
    providerRefundId: refund.id,
    providerPaymentId,
    refundId: typeof refundId === 'string' ? refundId : null,
    status: refundStatus(refund.status),
    amount: moneyOf(refund.amount + refund.tax_amount, refund.currency),
    taxMinor: refund.tax_amount,
    createdAt: isoFromText(refund.created_at),
  };
}

/** A status we do not know is not settled: somebody will ask again. */
function refundStatus(status: string): RefundTruth['status'] {
  switch (status) {
    case 'succeeded':
    case 'failed':
    case 'canceled':
      return status;
    default:
      return 'pending';
  }
}

export function mapDispute(dispute: PolarDispute): DisputeTruth {
  return {
    providerDisputeId: dispute.id,
    providerPaymentId: dispute.payment_id,
    providerInvoiceId: dispute.order_id,
    status: disputeStatus(dispute.status, dispute.closed ?? false),
    amount: moneyOf(dispute.amount + dispute.tax_amount, dispute.currency),
    reason: dispute.reason ?? null,
    respondBy: isoFromText(dispute.evidence_due_by),
    createdAt: isoFromText(dispute.created_at) ?? dispute.created_at,
  };
}

/** @param isClosed Polar's own flag, which may come before the status that tells why. */
export function disputeStatus(status: string, isClosed: boolean): DisputeTruth['status'] {
  switch (status) {
    case 'won':
    case 'lost':
      return status;
    case 'prevented': // refunded before it became one
      return 'closed';
    case 'early_warning':
      return isClosed ? 'closed' : 'warning';
    case 'needs_response':
      return isClosed ? 'closed' : 'needs_response';
    default:
      return isClosed ? 'closed' : 'under_review';
  }
}

export function mapPaymentMethod(method: PolarPaymentMethod, defaultId: string | null): PaymentMethodTruth {
  const card = method.method_metadata;
  return {
    providerPaymentMethodId: method.id,
    providerCustomerId: method.customer_id,
    type: method.type,
    brand: card?.brand ?? null,
    last4: card?.last4 ?? null,
    expMonth: card?.exp_month ?? null,
    expYear: card?.exp_year ?? null,
    country: null,
    isDefault: method.id === defaultId,
  };
}
