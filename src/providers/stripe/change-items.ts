import type { ProrationMode } from '../../domain/subscription/change.ts';
import { rejected } from '../failures.ts';
import type { ChangeSubscriptionInput } from '../port-subscriptions.ts';
import { toStripeAmount } from './amount.ts';
import type { StripeSubscription } from './wire.ts';

export const PRORATION = {
  immediate: 'always_invoice',
  next_invoice: 'create_prorations',
  none: 'none',
} as const satisfies Record<ProrationMode, string>;

type Item = StripeSubscription['items']['data'][number];

/** The one item of ours. @throws {BillingError} `provider_rejected` for a subscription without any. */
export function itemOf(subscription: StripeSubscription): Item & { readonly price: NonNullable<Item['price']> } {
  const item = subscription.items.data[0];
  if (item?.price) return { ...item, price: item.price };
  throw rejected({ provider: 'stripe', status: null, providerCode: 'subscription_without_price' });
}

/** What the item shall be. The quantity is always told: Stripe's default for a new price is not documented. */
export function wishedItem(subscription: StripeSubscription, input: ChangeSubscriptionInput) {
  const item = itemOf(subscription);
  const quantity = input.quantity ?? item.quantity ?? 1;
  const { price } = input;
  if (price === null) return { price: item.price.id, quantity };
  if (price.providerPriceId !== null) return { price: price.providerPriceId, quantity };
  return {
    quantity,
    price_data: {
      currency: price.unitAmount.currency.toLowerCase(),
      product: price.providerProductId,
      unit_amount: toStripeAmount(price.unitAmount),
      recurring: { interval: intervalOf(price.billingInterval) },
    },
  };
}

/** Another interval starts a new period at once, and an invoice with it, whatever the proration. */
export function isNewInterval(subscription: StripeSubscription, input: ChangeSubscriptionInput): boolean {
  if (input.price === null) return false;
  const now = itemOf(subscription).price.recurring;
  return now?.interval !== intervalOf(input.price.billingInterval) || now.interval_count !== 1;
}

export function intervalOf(interval: 'monthly' | 'yearly'): 'month' | 'year' {
  return interval === 'monthly' ? 'month' : 'year';
}
