import type { DisputeTruth } from '../payment/truth.ts';
import type { Difference, Side } from './difference.ts';
import type { OurDispute, OurPayment } from './ledger.ts';

/** A dispute of ours and the provider's word on it. */
export function compareDispute(ours: OurDispute, theirs: DisputeTruth): readonly Difference[] {
  const isSameSum = ours.amountMinor === theirs.amount.amountMinor && ours.currency === theirs.amount.currency;
  return [
    ...(isSameSum ? [] : [differing('amount', ours, theirs)]),
    ...(ours.status === theirs.status ? [] : [differing('state', ours, theirs)]),
  ];
}

/** @param payment The disputed one, which we have. */
export function missingDispute(payment: OurPayment, theirs: DisputeTruth): Difference {
  return {
    kind: 'missing_here',
    ...{ objectKind: 'dispute', objectId: theirs.providerDisputeId },
    ...{ entityKind: 'payment', entityId: payment.id, organizationId: payment.organizationId },
    ours: { checkout_id: payment.checkoutId, subscription_id: payment.subscriptionId },
    theirs: theirSide(theirs),
  };
}

export function absentDispute(ours: OurDispute): Difference {
  return differing('missing_there', ours, null);
}

function differing(kind: Difference['kind'], ours: OurDispute, theirs: DisputeTruth | null): Difference {
  const { id, organizationId, paymentId, status, amountMinor, currency } = ours;
  return {
    kind,
    ...{ objectKind: 'dispute', objectId: ours.providerDisputeId },
    ...{ entityKind: 'dispute', entityId: id, organizationId },
    ours: { status, amount_minor: amountMinor, currency, payment_id: paymentId },
    theirs: theirs && theirSide(theirs),
  };
}

function theirSide({ status, amount, providerPaymentId }: DisputeTruth): Side {
  return { status, amount_minor: amount.amountMinor, currency: amount.currency, payment_id: providerPaymentId };
}
