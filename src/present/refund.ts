import type { RefundAnswer } from '../api/schemas/refund.ts';
import type { Payment, Refund } from '../db/entities/payment.ts';
import type { RefundStatus } from '../domain/payment/refund.ts';
import { isoOrNull, moneyOrNull, toMoney } from './values.ts';

/** @param payment What is paid back. */
export function presentRefund(row: Refund, payment: Pick<Payment, 'subscriptionId'>): RefundAnswer {
  return {
    id: row.id,
    organization_id: row.organizationId,
    status: shownStatus(row.status),
    amount: toMoney(row.amountMinor, row.currency),
    tax: moneyOrNull(row.taxMinor, row.currency),
    invoice_id: row.invoiceId,
    checkout_id: row.checkoutId,
    subscription_id: payment.subscriptionId,
    payment_id: row.paymentId,
    provider: row.provider,
    provider_refund_id: row.providerRefundId,
    reason: row.reason,
    failure:
      row.failureCode === null
        ? null
        : {
            code: row.failureCode,
            provider_code: textOf(row.failureDetail?.['provider_code']),
            refundable_minor: numberOf(row.failureDetail?.['refundable_minor']),
            nearest_minor: numberOf(row.failureDetail?.['nearest_minor']),
          },
    created_at: row.createdAt.toISOString(),
    refunded_at: row.status === 'succeeded' ? isoOrNull(row.refundedAt) : null,
  };
}

function shownStatus(status: RefundStatus): RefundAnswer['status'] {
  if (status === 'requested') return 'pending';
  return status === 'canceled' ? 'failed' : status;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
