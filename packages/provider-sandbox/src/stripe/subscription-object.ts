import { base62 } from '../core/ids.ts';
import { addInterval } from '../core/duration.ts';
import type { StripeContext } from './context.ts';
import type { Price, Subscription, SubscriptionItem } from './objects.ts';

/** Unix seconds one period after `start`. */
export function periodEnd(price: Price, start: number, anchor: number): number {
  const recurring = price.recurring;
  if (!recurring) return start;
  const anchorDay = new Date(anchor * 1000).getUTCDate();
  return addInterval(start * 1000, recurring.interval, recurring.interval_count, anchorDay) / 1000;
}

function planOf(price: Price): object {
  return {
    id: price.id,
    object: 'plan',
    active: price.active,
    amount: price.unit_amount,
    amount_decimal: price['unit_amount_decimal'],
    billing_scheme: 'per_unit',
    created: price.created,
    currency: price.currency,
    interval: price.recurring?.interval,
    interval_count: price.recurring?.interval_count,
    livemode: false,
    metadata: price.metadata,
    meter: price.recurring?.meter ?? null,
    nickname: price['nickname'],
    product: price.product,
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: price.recurring?.trial_period_days ?? null,
    usage_type: price.recurring?.usage_type,
  };
}

export function newItem(
  stripe: StripeContext,
  input: { subscription: string; price: Price; quantity: number; start: number; end: number },
): SubscriptionItem {
  return {
    id: `si_${base62(14)}`,
    object: 'subscription_item',
    billing_thresholds: null,
    created: stripe.now(),
    current_period_end: input.end,
    current_period_start: input.start,
    current_trial: null,
    discounts: [],
    metadata: {},
    plan: planOf(input.price),
    price: input.price,
    quantity: input.quantity,
    subscription: input.subscription,
    tax_rates: [],
  };
}

export function setItemPrice(item: SubscriptionItem, price: Price): void {
  item.price = price;
  item['plan'] = planOf(price);
}

export interface NewSubscription {
  customer: string;
  paymentMethod: string;
  prices: { price: Price; quantity: number }[];
  metadata: Record<string, string>;
  trialEnd: number | null;
}

export function newSubscription(stripe: StripeContext, input: NewSubscription): Subscription {
  const id = `sub_1${base62(23)}`;
  const now = stripe.now();
  const first = input.prices[0]?.price;
  const end = input.trialEnd ?? (first ? periodEnd(first, now, now) : now);
  const items = input.prices.map(({ price, quantity }) =>
    newItem(stripe, { subscription: id, price, quantity, start: now, end }),
  );
  return {
    id,
    object: 'subscription',
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: input.trialEnd ?? now,
    billing_cycle_anchor_config: null,
    billing_mode: { flexible: { proration_discounts: 'included' }, type: 'flexible', updated_at: now },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    cancellation_details: { comment: null, feedback: null, reason: null },
    collection_method: 'charge_automatically',
    created: now,
    currency: first?.currency ?? 'usd',
    customer: input.customer,
    customer_account: null,
    days_until_due: null,
    default_payment_method: input.paymentMethod,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    ended_at: null,
    invoice_settings: { account_tax_ids: null, issuer: { type: 'self' } },
    items: {
      object: 'list',
      data: items,
      has_more: false,
      total_count: items.length,
      url: `/v1/subscription_items?subscription=${id}`,
    },
    latest_invoice: null,
    livemode: false,
    managed_payments: null,
    metadata: input.metadata,
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: { payment_method_options: null, payment_method_types: null, save_default_payment_method: 'off' },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: now,
    status: input.trialEnd === null ? 'incomplete' : 'trialing',
    test_clock: null,
    transfer_data: null,
    trial_end: input.trialEnd,
    trial_settings: { end_behavior: { missing_payment_method: 'create_invoice' } },
    trial_start: input.trialEnd === null ? null : now,
  };
}

/** The end of the running period: it lives on the items since 2025-03-31.basil. */
export function currentEnd(subscription: Subscription): number {
  return Math.min(...subscription.items.data.map((item) => item.current_period_end));
}
