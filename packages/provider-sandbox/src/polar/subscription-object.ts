import { addInterval } from '../core/duration.ts';
import { uuid } from '../core/ids.ts';
import type { PolarContext } from './context.ts';
import { emitState, subscriptionMeters } from './customer-state.ts';
import type { Interval, Product, ProductPrice, Subscription } from './objects.ts';
import { discountAmount, dueDiscount, showPrice, staticAmount } from './pricing.ts';
import { bareDiscount, showProduct } from './product-object.ts';

interface SubscriptionInput {
  customerId: string;
  product: Product;
  prices: readonly ProductPrice[];
  currency: string;
  seats: number | null;
  /** Of a pay-what-you-want price. */
  chosenAmount: number | null;
  trial: { interval: Interval; count: number } | null;
  discountId: string | null;
  checkoutId: string | null;
  paymentMethodId: string | null;
  metadata: Subscription['metadata'];
  customFieldData: unknown;
}

/** The amount before any discount, in minor units. */
export function baseAmount(subscription: Subscription): number {
  return staticAmount(subscription.prices, subscription.seats, Number(subscription['chosen_amount'] ?? 0));
}

/** Sets `amount` to the prices less the discount that the next invoice will have. */
export function reprice(polar: PolarContext, subscription: Subscription): void {
  const base = baseAmount(subscription);
  subscription.amount = base - discountAmount(dueDiscount(polar, subscription), base, subscription.currency);
}

export function newSubscription(polar: PolarContext, input: SubscriptionInput): Subscription {
  const { product, trial } = input;
  const nowMs = polar.sandbox.clock.nowMs();
  const now = polar.now();
  const interval = product.recurring_interval ?? 'month';
  const count = product.recurring_interval_count ?? 1;
  const iso = (ms: number): string => new Date(ms).toISOString();
  const end = iso(trial ? addInterval(nowMs, trial.interval, trial.count) : addInterval(nowMs, interval, count));
  const meterEnd =
    product.meter_interval === null
      ? null
      : iso(addInterval(nowMs, product.meter_interval, product.meter_interval_count ?? 1));
  const subscription: Subscription = {
    id: uuid(),
    created_at: now,
    modified_at: null,
    amount: 0,
    currency: input.currency,
    recurring_interval: interval,
    recurring_interval_count: count,
    status: trial ? 'trialing' : 'active',
    current_period_start: now,
    current_period_end: end,
    current_meter_period_start: meterEnd === null ? null : now,
    current_meter_period_end: meterEnd,
    trial_start: trial ? now : null,
    trial_end: trial ? end : null,
    cancel_at_period_end: false,
    canceled_at: null,
    started_at: now,
    ends_at: null,
    ended_at: null,
    past_due_at: null,
    pause_at_period_end: false,
    paused_at: null,
    resumes_at: null,
    customer_id: input.customerId,
    product_id: product.id,
    discount_id: input.discountId,
    checkout_id: input.checkoutId,
    seats: input.seats,
    units: null,
    customer_cancellation_reason: null,
    customer_cancellation_comment: null,
    metadata: { ...input.metadata },
    custom_field_data: input.customFieldData ?? {},
    prices: [...input.prices],
    pending_update: null,
    chosen_amount: input.chosenAmount,
    internal: { discountedSince: null, prorations: [], paymentMethodId: input.paymentMethodId },
  };
  reprice(polar, subscription);
  return subscription;
}

/** A subscription as the API shows it. */
export function showSubscription(polar: PolarContext, subscription: Subscription): Record<string, unknown> {
  const { internal: _internal, chosen_amount: _chosen, ...stored } = subscription;
  const product = polar.products.get(subscription.product_id);
  const meters = subscriptionMeters(polar, subscription).map((own) => ({
    ...own,
    meter: polar.meters.get(String(own['meter_id'])) ?? null,
  }));
  return {
    ...stored,
    customer: polar.customers.get(subscription.customer_id) ?? null,
    product: product ? showProduct(polar, product) : null,
    discount: bareDiscount(polar, subscription.discount_id),
    prices: subscription.prices.map((price) => showPrice(polar, price)),
    meters,
  };
}

/** Saves a change and tells about it, then about the customer's state. */
export function touchSubscription(polar: PolarContext, subscription: Subscription, ...types: string[]): void {
  subscription.modified_at = polar.now();
  polar.subscriptions.put(subscription);
  for (const type of types) polar.emit(`subscription.${type}`, showSubscription(polar, subscription));
  emitState(polar, subscription.customer_id);
}
