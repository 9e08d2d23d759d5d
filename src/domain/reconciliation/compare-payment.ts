import type { PaymentTruth } from '../checkout/truth.ts';
import type { Difference, Side } from './difference.ts';
import type { OurPayment, Sale } from './ledger.ts';

/**
 * A payment of ours and the provider's word on it. Attempts that took no money may be told differently (one side saw
 * the bank's answer earlier, another attempt followed): only what was paid is compared.
 */
export function comparePayment(ours: OurPayment, theirs: PaymentTruth): readonly Difference[] {
  const isPaidHere = ours.status === 'succeeded';
  if (isPaidHere !== (theirs.status === 'succeeded')) return [differing('state', ours, theirs)];
  if (!isPaidHere) return [];
  const isSame = ours.amountMinor === theirs.amount.amountMinor && ours.currency === theirs.amount.currency;
  return isSame ? [] : [differing('amount', ours, theirs)];
}

/** Money there that no row of ours tells of. Attempts that took none are not missed. */
export function missingPayment(sale: Sale, theirs: PaymentTruth): readonly Difference[] {
  if (theirs.status !== 'succeeded') return [];
  return [{ ...ofCharge(theirs), kind: 'missing_here', ...entityOf(sale), ours: null, theirs: theirPayment(theirs) }];
}

/** A payment of ours that the provider does not know. */
export function absentPayment(ours: OurPayment): Difference {
  return { ...differing('missing_there', ours, null), objectId: ours.providerPaymentId };
}

/** What went back of a payment, by the provider's word and by our row, where the refunds themselves agree. */
export function compareRefunded(ours: OurPayment, theirs: PaymentTruth, isTold: boolean): readonly Difference[] {
  const isSame = ours.refundedMinor === theirs.refundedMinor;
  // Lists of payments do not tell what went back at every provider: silence is no contradiction.
  const isSilent = theirs.refundedMinor === 0 && !isTold;
  return isSame || isSilent ? [] : [differing('amount', ours, theirs)];
}

function differing(kind: Difference['kind'], ours: OurPayment, theirs: PaymentTruth | null): Difference {
  return {
    kind,
    ...{ objectKind: 'payment', objectId: ours.providerPaymentId },
    ...{ entityKind: 'payment', entityId: ours.id, organizationId: ours.organizationId },
    ours: ourPayment(ours),
    theirs: theirs && theirPayment(theirs),
  };
}

export function ofCharge(theirs: PaymentTruth): Pick<Difference, 'objectKind' | 'objectId'> {
  return { objectKind: 'payment', objectId: theirs.providerPaymentId };
}

export function entityOf(sale: Sale): Pick<Difference, 'entityKind' | 'entityId' | 'organizationId'> {
  return { entityKind: sale.kind, entityId: sale.id, organizationId: sale.organizationId };
}

export function ourPayment(ours: OurPayment): Side {
  return {
    ...{ status: ours.status, amount_minor: ours.amountMinor, currency: ours.currency },
    ...{ refunded_minor: ours.refundedMinor, payment_id: ours.id },
    ...{ checkout_id: ours.checkoutId, subscription_id: ours.subscriptionId },
  };
}

export function theirPayment(theirs: PaymentTruth): Side {
  return {
    ...{ status: theirs.status, amount_minor: theirs.amount.amountMinor, currency: theirs.amount.currency },
    ...{ refunded_minor: theirs.refundedMinor, paid_at: theirs.paidAt, invoice_id: theirs.providerInvoiceId },
  };
}
