import type { DisputeTruth } from '../../domain/payment/truth.ts';
import type { DisputeOperations } from '../port-money.ts';
import { isoFromUnix, unixFromIso } from '../wire-time.ts';
import { fromStripeAmount } from './amount.ts';
import type { StripeApi } from './client.ts';
import { pageOf, pageParams } from './page.ts';
import { idOf, listOf } from './wire.ts';
import { stripeDispute, type StripeDispute } from './wire-money.ts';

export function createStripeDisputes(api: StripeApi): DisputeOperations {
  return {
    async get(id) {
      const found = await api.find({
        operation: 'disputes.get',
        reply: stripeDispute,
        budget: api.budget(),
        send: (stripe, options) => stripe.disputes.retrieve(id, {}, options),
      });
      return found && mapDispute(found);
    },
    async list({ createdAfter, ...query }) {
      const found = await api.call({
        operation: 'disputes.list',
        reply: listOf(stripeDispute),
        budget: api.budget(),
        send: (stripe, options) =>
          stripe.disputes.list({ created: { gte: unixFromIso(createdAfter) }, ...pageParams(query) }, options),
      });
      return pageOf(found, mapDispute);
    },
  };
}

/** `prevented`: refunded before it became one. A status we do not know is treated as wanting an answer: never missed. */
export function disputeStatus(status: string): DisputeTruth['status'] {
  switch (status) {
    case 'warning_needs_response':
    case 'warning_under_review':
      return 'warning';
    case 'under_review':
    case 'appeal_under_review':
      return 'under_review';
    case 'won':
    case 'lost':
      return status;
    case 'warning_closed':
    case 'prevented':
      return 'closed';
    default:
      return 'needs_response';
  }
}

export function mapDispute(dispute: StripeDispute): DisputeTruth {
  return {
    providerDisputeId: dispute.id,
    providerPaymentId: idOf(dispute.payment_intent) ?? idOf(dispute.charge) ?? '',
    providerInvoiceId: null,
    status: disputeStatus(dispute.status),
    amount: fromStripeAmount(dispute.amount, dispute.currency),
    reason: dispute.reason ?? null,
    respondBy: isoFromUnix(dispute.evidence_details?.due_by),
    createdAt: new Date(dispute.created * 1000).toISOString(),
  };
}
