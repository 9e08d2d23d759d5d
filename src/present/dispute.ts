import type { DisputeAnswer } from '../api/schemas/dispute.ts';
import type { Dispute, Payment } from '../db/entities/payment.ts';
import { isoOrNull, toMoney } from './values.ts';

/** @param payment What is asked back. */
export function presentDispute(
  row: Dispute,
  payment: Pick<Payment, 'invoiceId' | 'checkoutId' | 'subscriptionId'>,
): DisputeAnswer {
  return {
    id: row.id,
    organization_id: row.organizationId,
    status: row.status,
    amount: toMoney(row.amountMinor, row.currency),
    reason: row.reason,
    respond_by: isoOrNull(row.respondBy),
    payment_id: row.paymentId,
    invoice_id: payment.invoiceId,
    checkout_id: payment.checkoutId,
    subscription_id: payment.subscriptionId,
    provider: row.provider,
    provider_dispute_id: row.providerDisputeId,
    opened_at: row.disputedAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}
