import { base62 } from '../../core/ids.ts';
import { addInterval } from '../../core/duration.ts';
import type { StripeContext } from '../context.ts';
import type { Price, Subscription, SubscriptionItem } from '../objects.ts';

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
    amount_decimal: price.unit_amount_decimal,
    billing_scheme: price.billing_scheme,
    created: price.created,
    currency: price.currency,
    interval: price.recurring?.interval,
    interval_count: price.recurring?.interval_count,
    livemode: false,
    metadata: price.metadata,
    meter: price.recurring?.meter ?? null,
    nickname: price['nickname'],
    product: price.product,
    tiers_mode: price.tiers_mode,
    transform_usage: price.transform_quantity,
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

interface NewSubscription {
  customer: string;
  paymentMethod: string | null;
  prices: { price: Price; quantity: number; metadata?: Record<string, string> }[];
  metadata: Record<string, string>;
  trialEnd: number | null;
  /** Unix seconds the first full period starts at, when it is not now. */
  anchor?: number | undefined;
  fields?: Record<string, unknown>;
}

export function newSubscription(stripe: StripeContext, input: NewSubscription): Subscription {
  const id = `sub_1${base62(23)}`;
  const now = stripe.now();
  const first = input.prices[0]?.price;
  const end = input.trialEnd ?? input.anchor ?? (first ? periodEnd(first, now, now) : now);
  const items = input.prices.map(({ price, quantity, metadata = {} }) => ({
    ...newItem(stripe, { subscription: id, price, quantity, start: now, end }),
    metadata,
  }));
  return {
    ...EMPTY_FIELDS,
    id,
    object: 'subscription',
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: input.trialEnd ?? input.anchor ?? now,
    billing_mode: { flexible: { proration_discounts: 'included' }, type: 'flexible', updated_at: now },
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    collection_method: 'charge_automatically',
    created: now,
    currency: first?.currency ?? 'usd',
    customer: input.customer,
    default_payment_method: input.paymentMethod,
    discounts: [],
    ended_at: null,
    items: {
      object: 'list',
      data: items,
      has_more: false,
      total_count: items.length,
      url: `/v1/subscription_items?subscription=${id}`,
    },
    latest_invoice: null,
    metadata: input.metadata,
    pause_collection: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: now,
    status: input.trialEnd === null ? 'incomplete' : 'trialing',
    trial_end: input.trialEnd,
    trial_settings: { end_behavior: { missing_payment_method: 'create_invoice' } },
    trial_start: input.trialEnd === null ? null : now,
    ...input.fields,
  };
}

const EMPTY_FIELDS = {
  application: null,
  application_fee_percent: null,
  billing_cycle_anchor_config: null,
  billing_schedules: [],
  billing_thresholds: null,
  cancellation_details: { comment: null, feedback: null, reason: null },
  customer_account: null,
  days_until_due: null,
  default_source: null,
  default_tax_rates: [],
  description: null,
  invoice_settings: { account_tax_ids: null, issuer: { type: 'self' } },
  livemode: false,
  managed_payments: null,
  next_pending_invoice_item_invoice: null,
  on_behalf_of: null,
  payment_settings: { payment_method_options: null, payment_method_types: null, save_default_payment_method: 'off' },
  pending_invoice_item_interval: null,
  test_clock: null,
  transfer_data: null,
};

/** The end of the running period: it lives on the items since 2025-03-31.basil. */
export function currentEnd(subscription: Subscription): number {
  return Math.min(...subscription.items.data.map((item) => item.current_period_end));
}

export const currentStart = (subscription: Subscription): number =>
  Math.min(...subscription.items.data.map((item) => item.current_period_start));
