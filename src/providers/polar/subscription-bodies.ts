import { notSupported } from '../failures.ts';
import type { ChangeSubscriptionInput } from '../port-subscriptions.ts';
import type { PolarSubscription } from './wire-money.ts';

/** One PATCH of a subscription: Polar takes exactly one kind of change at a time. */
export type SubscriptionPatch = Readonly<Record<string, unknown>>;

const CANCELLATION_REASONS = new Set([
  'customer_service',
  'low_quality',
  'missing_features',
  'switched_service',
  'too_complex',
  'too_expensive',
  'unused',
  'other',
]);

/** A reason outside Polar's own list is `other`; the comment is kept as it is. */
export function cancellationOf(reason: string | null, comment: string | null): SubscriptionPatch {
  return {
    ...(reason === null ? {} : { customer_cancellation_reason: CANCELLATION_REASONS.has(reason) ? reason : 'other' }),
    ...(comment === null ? {} : { customer_cancellation_comment: comment }),
  };
}

/**
 * What brings a subscription where it should be, in order; nothing where it already is or is about to be.
 *
 * @throws {BillingError} `not_supported_by_provider`: see `prorationOf`, and a quantity of what is sold as one.
 */
export function changesOf(
  subscription: PolarSubscription,
  input: ChangeSubscriptionInput,
): readonly SubscriptionPatch[] {
  const behavior = prorationOf(subscription, input);
  const patches: SubscriptionPatch[] = [];
  const productId = input.price?.providerProductId ?? null;
  if (productId !== null) patches.push(...productOf(subscription, productId, { when: input.when, behavior }));
  if (input.quantity !== null) patches.push(...quantityOf(subscription, input, behavior));
  return patches;
}

function productOf(
  { product_id: now, pending_update: pending }: PolarSubscription,
  productId: string,
  { when, behavior }: { readonly when: ChangeSubscriptionInput['when']; readonly behavior: string },
): readonly SubscriptionPatch[] {
  const later = pending?.product_id ?? now;
  // To stay what it is, what waits to change it goes.
  if (productId === now) return later === now ? [] : [{ pending_update: null }];
  return when === 'period_end' && productId === later ? [] : [{ product_id: productId, proration_behavior: behavior }];
}

function quantityOf(
  subscription: PolarSubscription,
  input: ChangeSubscriptionInput,
  behavior: string,
): readonly SubscriptionPatch[] {
  const { seats, units, pending_update: pending } = subscription;
  const { quantity } = input;
  for (const [key, now, later] of [
    ['seats', seats, pending?.seats],
    ['units', units, pending?.units],
  ] as const) {
    if (now == null) continue;
    const due = input.when === 'now' ? now : (later ?? now);
    return due === quantity ? [] : [{ [key]: quantity, proration_behavior: behavior }];
  }
  if (quantity === 1) return [];
  throw notSupported('polar', 'sell more than one of a product without seats or units');
}

/**
 * | asked | Polar |
 * |---|---|
 * | at the period's end | `next_period`: waits in `pending_update`, nothing is prorated |
 * | now, charged at once | `invoice` |
 * | now, charged with the next invoice | `prorate`; with another interval Polar would charge at once, so that is refused |
 * | now, never charged | not at Polar (`reset` is a preview) |
 */
function prorationOf(
  subscription: PolarSubscription,
  input: ChangeSubscriptionInput,
): 'invoice' | 'prorate' | 'next_period' {
  if (input.when === 'period_end') return 'next_period';
  switch (input.proration) {
    case 'immediate':
      return 'invoice';
    case 'next_invoice':
      if (changesInterval(subscription, input))
        throw notSupported('polar', 'charge a change of interval with the next invoice: it does so at once');
      return 'prorate';
    case 'none':
      throw notSupported('polar', 'change a plan now without charging the difference: change it at the period’s end');
  }
}

function changesInterval(subscription: PolarSubscription, { price }: ChangeSubscriptionInput): boolean {
  if (price === null || subscription.recurring_interval == null) return false;
  return subscription.recurring_interval !== (price.billingInterval === 'monthly' ? 'month' : 'year');
}
