import { isSettled, nextCheckoutStatus, type CheckoutStatus } from '../checkout/transition.ts';
import type { CheckoutTruth } from '../checkout/truth.ts';
import type { Difference } from './difference.ts';

export interface OurCheckout {
  readonly id: string;
  readonly organizationId: string;
  readonly status: CheckoutStatus;
  readonly amountMinor: number | null;
  readonly subscriptionId: string | null;
  readonly providerCheckoutId: string | null;
}

/**
 * A checkout of ours and the provider's session: paid there and not here, paid here and not there, another's customer,
 * gone. A status of the provider's that we do not map says nothing.
 *
 * @param owners Organizations of ours that the session's customer is known as; empty: a guest, or nobody we know.
 */
export function compareCheckout(
  ours: OurCheckout,
  theirs: CheckoutTruth | null,
  owners: readonly string[],
): readonly Difference[] {
  if (theirs === null) {
    const isMissed = ours.status === 'paid' || ours.status === 'open' || ours.status === 'pending';
    return isMissed ? [differing('missing_there', ours, null)] : [];
  }
  const isOwners = owners.length === 0 || owners.includes(ours.organizationId);
  return [
    ...(isInStep(ours, theirs) ? [] : [differing('state', ours, theirs)]),
    ...(isOwners ? [] : [differing('customer', ours, theirs)]),
    ...lostSubscription(ours, theirs),
  ];
}

/** Whether the row is where the truth would take it, and what is paid here is paid there. */
export function isInStep(ours: OurCheckout, theirs: CheckoutTruth): boolean {
  if (theirs.state === 'unknown') return true;
  if (ours.status === 'paid') return theirs.state === 'paid' || ours.amountMinor === 0;
  // What we ended may still lie open there, where it can only lapse.
  return nextCheckoutStatus(ours.status, theirs) === ours.status || (isSettled(ours.status) && theirs.state !== 'paid');
}

function lostSubscription(ours: OurCheckout, theirs: CheckoutTruth): readonly Difference[] {
  if (ours.status !== 'paid' || theirs.subscription === null || ours.subscriptionId !== null) return [];
  const { providerSubscriptionId, status } = theirs.subscription;
  const lost = { ...differing('missing_here', ours, theirs), objectKind: 'subscription' };
  return [{ ...lost, objectId: providerSubscriptionId, ours: null, theirs: { status } }];
}

function differing(kind: Difference['kind'], ours: OurCheckout, theirs: CheckoutTruth | null): Difference {
  return {
    kind,
    ...{ objectKind: 'checkout', objectId: ours.providerCheckoutId ?? ours.id },
    ...{ entityKind: 'checkout', entityId: ours.id, organizationId: ours.organizationId },
    ours: { status: ours.status, organization_id: ours.organizationId },
    theirs: theirs && {
      ...{ state: theirs.state, customer_id: theirs.providerCustomerId },
      ...{ payment_id: theirs.payment?.providerPaymentId ?? null },
      ...{
        amount_minor: theirs.payment?.amount.amountMinor ?? null,
        currency: theirs.payment?.amount.currency ?? null,
      },
    },
  };
}
