import { uuid } from '../core/ids.ts';
import { addInterval } from '../core/duration.ts';
import type { PolarContext } from './context.ts';
import { amountsOf, trialOf } from './checkout-object.ts';
import type { Checkout, Product, Subscription } from './objects.ts';

export function newSubscription(
  polar: PolarContext,
  checkout: Checkout,
  product: Product,
  customerId: string,
): Subscription {
  const nowMs = polar.sandbox.clock.nowMs();
  const now = new Date(nowMs).toISOString();
  const trial = trialOf(polar, checkout);
  const interval = product.recurring_interval ?? 'month';
  const count = product.recurring_interval_count ?? 1;
  const end = new Date(
    trial ? addInterval(nowMs, trial.interval, trial.count) : addInterval(nowMs, interval, count),
  ).toISOString();
  return {
    id: uuid(),
    created_at: now,
    modified_at: null,
    amount: amountsOf(polar, checkout).net,
    currency: checkout.currency,
    recurring_interval: interval,
    recurring_interval_count: count,
    status: trial ? 'trialing' : 'active',
    current_period_start: now,
    current_period_end: end,
    current_meter_period_start: null,
    current_meter_period_end: null,
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
    customer_id: customerId,
    product_id: product.id,
    discount_id: checkout.discount_id,
    checkout_id: checkout.id,
    seats: null,
    customer_cancellation_reason: null,
    customer_cancellation_comment: null,
    metadata: { ...checkout.metadata },
    custom_field_data: {},
    prices: [checkout.price],
    meters: [],
    pending_update: null,
  };
}

export function showSubscription(polar: PolarContext, subscription: Subscription): object {
  return {
    ...subscription,
    customer: polar.customers.get(subscription.customer_id) ?? null,
    product: polar.products.get(subscription.product_id) ?? null,
    discount: subscription.discount_id === null ? null : (polar.discounts.get(subscription.discount_id) ?? null),
  };
}
