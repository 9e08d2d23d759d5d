import { nextRefundStatus } from '../payment/refund.ts';
import type { RefundTruth } from '../payment/truth.ts';
import type { Difference, Side } from './difference.ts';
import type { OurPayment, OurRefund } from './ledger.ts';

/**
 * All refunds of one payment. A request of ours that the provider has not answered yet is its own workflow's work; a
 * refund that never paid anything back is missed on neither side.
 */
export function compareRefunds(
  payment: OurPayment,
  ours: readonly OurRefund[],
  theirs: readonly RefundTruth[],
): readonly Difference[] {
  const pairs = theirs.map((truth) => ({ truth, row: ours.find((row) => isSame(row, truth)) ?? null }));
  const told = new Set(theirs.map(({ providerRefundId }) => providerRefundId));
  return [
    ...pairs.flatMap(({ row, truth }) => (row === null ? missing(payment, truth) : compareRefund(row, truth))),
    ...ours.flatMap((row) =>
      row.providerRefundId === null || told.has(row.providerRefundId) || !isMoney(row.status)
        ? []
        : [differing('missing_there', row, null)],
    ),
  ];
}

/** By the provider's id; by ours, where the provider carries it; else by the sum of one whose answer was lost. */
function isSame(row: OurRefund, truth: RefundTruth): boolean {
  if (row.providerRefundId !== null) return row.providerRefundId === truth.providerRefundId;
  if (truth.refundId !== null) return row.id === truth.refundId;
  return row.status === 'unknown' && row.amountMinor === truth.amount.amountMinor;
}

function compareRefund(ours: OurRefund, theirs: RefundTruth): readonly Difference[] {
  if (ours.amountMinor !== theirs.amount.amountMinor || ours.currency !== theirs.amount.currency)
    return [differing('amount', ours, theirs)];
  const isStep = nextRefundStatus(ours.status, theirs.status) === ours.status;
  // Both mean that nothing went back.
  const isLost = !isMoney(ours.status) && !isMoney(theirs.status);
  return isStep || isLost || ours.status === 'requested' ? [] : [differing('state', ours, theirs)];
}

function missing(payment: OurPayment, theirs: RefundTruth): readonly Difference[] {
  if (!isMoney(theirs.status)) return [];
  return [
    {
      kind: 'missing_here',
      ...{ objectKind: 'refund', objectId: theirs.providerRefundId },
      ...{ entityKind: 'payment', entityId: payment.id, organizationId: payment.organizationId },
      ours: { checkout_id: payment.checkoutId, subscription_id: payment.subscriptionId },
      theirs: theirSide(theirs),
    },
  ];
}

function isMoney(status: OurRefund['status']): boolean {
  return status === 'succeeded' || status === 'pending';
}

function differing(kind: Difference['kind'], ours: OurRefund, theirs: RefundTruth | null): Difference {
  return {
    kind,
    ...{ objectKind: 'refund', objectId: ours.providerRefundId ?? theirs?.providerRefundId ?? ours.id },
    ...{ entityKind: 'refund', entityId: ours.id, organizationId: ours.organizationId },
    ours: { ...amountOf(ours), status: ours.status, payment_id: ours.paymentId },
    theirs: theirs && theirSide(theirs),
  };
}

function amountOf({ amountMinor, currency }: Pick<OurRefund, 'amountMinor' | 'currency'>): Side {
  return { amount_minor: amountMinor, currency };
}

function theirSide(theirs: RefundTruth): Side {
  const { providerPaymentId: payment, createdAt: made } = theirs;
  return { ...amountOf(theirs.amount), status: theirs.status, payment_id: payment, created_at: made };
}
