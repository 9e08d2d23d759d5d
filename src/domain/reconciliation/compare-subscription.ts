import { isOver } from '../subscription/transition.ts';
import type { SubscriptionStatus, SubscriptionTruth } from '../subscription/truth.ts';
import type { Difference } from './difference.ts';
import { isSameTime, timeOf } from './same-time.ts';

export interface OurSubscription {
  readonly id: string;
  readonly organizationId: string;
  readonly status: SubscriptionStatus;
  readonly priceId: string;
  readonly quantity: number;
  readonly amountMinor: number;
  readonly currency: string;
  readonly providerSubscriptionId: string | null;
  readonly providerCustomerId: string | null;
  readonly currentPeriodStart: Date | null;
  readonly currentPeriodEnd: Date | null;
  readonly cancelAtPeriodEnd: boolean;
}

/** What our side knows beside the row. */
export interface SubscriptionContext {
  /** Whether the end of it waits with us, because the provider cannot schedule one: then only we know of it. */
  readonly isEndOurs: boolean;
  /** Prices of ours that the provider's price stands for; empty: one we did not push. */
  readonly chargedPriceIds: readonly string[];
  /** Organizations of ours that the provider's customer is known as; empty: nobody we know. */
  readonly owners: readonly string[];
}

/**
 * A subscription of ours and the provider's word on it. Of one that is over only that is compared: nothing reopens it,
 * and which of two ends came first does not matter. What a provider does not tell is no difference.
 */
export function compareSubscription(
  ours: OurSubscription,
  theirs: SubscriptionTruth | null,
  context: SubscriptionContext,
): readonly Difference[] {
  if (theirs === null) return isOver(ours.status) ? [] : [differing('missing_there', ours, null)];
  const customer = isSameCustomer(ours, theirs, context) ? [] : [differing('customer', ours, theirs)];
  if (isOver(ours.status) || isOver(theirs.status))
    return isOver(ours.status) === isOver(theirs.status) ? [] : [differing('state', ours, theirs)];
  const isEndSame = ours.cancelAtPeriodEnd === theirs.cancelAtPeriodEnd || context.isEndOurs;
  const isSamePeriod =
    isSameTime(ours.currentPeriodStart, theirs.currentPeriodStart) &&
    isSameTime(ours.currentPeriodEnd, theirs.currentPeriodEnd);
  return [
    ...(ours.status === theirs.status && isEndSame ? [] : [differing('state', ours, theirs)]),
    ...(isSamePeriod ? [] : [differing('period', ours, theirs)]),
    ...(isSameOffer(ours, theirs, context) ? [] : [differing('amount', ours, theirs)]),
    ...customer,
  ];
}

function isSameOffer(
  ours: OurSubscription,
  theirs: SubscriptionTruth,
  { chargedPriceIds }: SubscriptionContext,
): boolean {
  const { amount } = theirs;
  const isSameSum = amount === null || (amount.amountMinor === ours.amountMinor && amount.currency === ours.currency);
  const isSamePrice = chargedPriceIds.length === 0 || chargedPriceIds.includes(ours.priceId);
  return isSameSum && isSamePrice && ours.quantity === theirs.quantity;
}

function isSameCustomer(ours: OurSubscription, theirs: SubscriptionTruth, { owners }: SubscriptionContext): boolean {
  const isOurs = owners.length === 0 || owners.includes(ours.organizationId);
  const isKnown = ours.providerCustomerId !== null && theirs.providerCustomerId !== null;
  return isOurs && (!isKnown || ours.providerCustomerId === theirs.providerCustomerId);
}

function differing(kind: Difference['kind'], ours: OurSubscription, theirs: SubscriptionTruth | null): Difference {
  return {
    kind,
    ...{ objectKind: 'subscription', objectId: ours.providerSubscriptionId ?? ours.id },
    ...{ entityKind: 'subscription', entityId: ours.id, organizationId: ours.organizationId },
    ours: {
      ...{ status: ours.status, cancel_at_period_end: ours.cancelAtPeriodEnd, quantity: ours.quantity },
      ...{ amount_minor: ours.amountMinor, currency: ours.currency, price_id: ours.priceId },
      ...{ period_start: timeOf(ours.currentPeriodStart), period_end: timeOf(ours.currentPeriodEnd) },
      ...{ customer_id: ours.providerCustomerId, organization_id: ours.organizationId },
    },
    theirs: theirs && {
      ...{ status: theirs.status, cancel_at_period_end: theirs.cancelAtPeriodEnd, quantity: theirs.quantity },
      ...{ amount_minor: theirs.amount?.amountMinor ?? null, currency: theirs.amount?.currency ?? null },
      ...{ product_id: theirs.price?.providerProductId ?? null, price_id: theirs.price?.providerPriceId ?? null },
      ...{ period_start: theirs.currentPeriodStart, period_end: theirs.currentPeriodEnd },
      ...{ customer_id: theirs.providerCustomerId },
    },
  };
}
