import { z } from 'zod';
import type { Route } from '../http/answer.ts';
import type { StripeContext } from './context.ts';
import { invalid, noSuch } from './errors.ts';
import { expanded } from './expand.ts';
import { collectInvoice, draftInvoice } from './invoices.ts';
import { inRange, listPage } from './listing.ts';
import type { Subscription, SubscriptionItem } from './objects.ts';
import { bool, expand, formOf, ignored, integer, mergeMetadata, metadata, page, parse, range, text } from './params.ts';
import { cancelNow, chargeableMethod, emitUpdated, periodLine, planPeriodEnd } from './subscription-changes.ts';
import { currentEnd, newItem, periodEnd, setItemPrice } from './subscription-object.ts';

const itemParams = z.strictObject({
  id: text.optional(),
  price: text.optional(),
  quantity: integer.optional(),
  deleted: bool.optional(),
  metadata: metadata.optional(),
  discounts: ignored.optional(),
  clear_usage: bool.optional(),
});
const updateParams = z.strictObject({
  ...Object.fromEntries(
    [
      'add_invoice_items',
      'application_fee_percent',
      'automatic_tax',
      'billing_cycle_anchor',
      'billing_schedules',
      'billing_thresholds',
      'collection_method',
      'days_until_due',
      'default_source',
      'default_tax_rates',
      'discounts',
      'invoice_settings',
      'off_session',
      'on_behalf_of',
      'payment_behavior',
      'payment_settings',
      'pending_invoice_item_interval',
      'proration_date',
      'transfer_data',
      'trial_from_plan',
      'trial_settings',
    ].map((name) => [name, ignored.optional()]),
  ),
  cancel_at: z.union([z.literal(''), z.enum(['min_period_end', 'max_period_end']), integer]).optional(),
  cancel_at_period_end: bool.optional(),
  cancellation_details: z.looseObject({ comment: text.optional(), feedback: text.optional() }).optional(),
  default_payment_method: text.optional(),
  description: text.optional(),
  expand,
  items: z.array(itemParams).optional(),
  metadata: metadata.optional(),
  pause_collection: z
    .union([z.literal(''), z.looseObject({ behavior: text, resumes_at: integer.optional() })])
    .optional(),
  proration_behavior: z.enum(['always_invoice', 'create_prorations', 'none']).optional(),
  trial_end: z.union([z.literal('now'), integer]).optional(),
});
const cancelParams = z.strictObject({
  cancellation_details: ignored.optional(),
  expand,
  invoice_now: bool.optional(),
  prorate: bool.optional(),
});
const listParams = z.strictObject({
  ...page,
  automatic_tax: ignored.optional(),
  collection_method: text.optional(),
  created: range.optional(),
  current_period_end: range.optional(),
  current_period_start: range.optional(),
  customer: text.optional(),
  customer_account: text.optional(),
  price: text.optional(),
  status: text.optional(),
  test_clock: text.optional(),
});

type Update = z.output<typeof updateParams>;

function changeItem(
  stripe: StripeContext,
  subscription: Subscription,
  change: z.output<typeof itemParams>,
  at: number,
): SubscriptionItem | null {
  const price = change.price === undefined ? undefined : stripe.prices.get(change.price);
  if (change.price !== undefined && !price) throw noSuch('price', change.price, `items[${at}][price]`, 400);
  const { data } = subscription.items;
  const item = data.find((candidate) => candidate.id === change.id);
  if (change.id !== undefined && !item) throw noSuch('subscription item', change.id, `items[${at}][id]`, 400);
  if (!item) {
    if (!price)
      throw invalid(`Missing required param: items[${at}][price].`, {
        code: 'parameter_missing',
        param: `items[${at}][price]`,
      });
    const start = stripe.now();
    data.push(
      newItem(stripe, {
        subscription: subscription.id,
        price,
        quantity: change.quantity ?? 1,
        start,
        end: currentEnd(subscription),
      }),
    );
    return null;
  }
  if (change.deleted === true) data.splice(data.indexOf(item), 1);
  if (change.quantity !== undefined) item.quantity = change.quantity;
  if (price) setItemPrice(item, price);
  return item;
}

/** Bills the difference for what is left of the period, or starts a new period when the interval changed. */
function prorate(
  stripe: StripeContext,
  subscription: Subscription,
  before: SubscriptionItem[],
  behavior: string,
): void {
  const now = stripe.now();
  const lines = subscription.items.data.flatMap((item) => {
    const old = before.find((candidate) => candidate.id === item.id);
    if (!old) return [periodLine(stripe, item)];
    const share = Math.max(0, (old.current_period_end - now) / (old.current_period_end - old.current_period_start));
    const amountOf = (of: SubscriptionItem): number => (of.price.unit_amount ?? 0) * of.quantity;
    const sameInterval = old.price.recurring?.interval === item.price.recurring?.interval;
    if (!sameInterval) {
      item.current_period_start = now;
      item.current_period_end = periodEnd(item.price, now, now);
      subscription.billing_cycle_anchor = now;
    }
    const owed = sameInterval ? amountOf(item) * share : amountOf(item);
    const line = { ...periodLine(stripe, item), proration: true };
    return [
      {
        ...line,
        amount: Math.round(owed) - Math.round(amountOf(old) * share),
        description: `Change to ${item.price.id}`,
      },
    ];
  });
  const changedInterval = subscription.billing_cycle_anchor === now;
  if (behavior === 'none' || (behavior === 'create_prorations' && !changedInterval)) return;
  if (subscription.status === 'trialing') return;
  const invoice = draftInvoice(stripe, subscription, {
    reason: 'subscription_update',
    lines,
    period: { start: now, end: now },
  });
  const method = chargeableMethod(stripe, subscription);
  const outcome = collectInvoice(stripe, invoice, method, null, subscription.metadata);
  if (!outcome.paid) subscription.status = 'past_due';
}

function applyEnding(stripe: StripeContext, subscription: Subscription, update: Update): void {
  const now = stripe.now();
  if (update.cancel_at_period_end !== undefined) {
    subscription.cancel_at_period_end = update.cancel_at_period_end;
    subscription.cancel_at = update.cancel_at_period_end ? currentEnd(subscription) : null;
    subscription.canceled_at = update.cancel_at_period_end ? now : null;
    const reason = update.cancel_at_period_end ? 'cancellation_requested' : null;
    subscription['cancellation_details'] = {
      comment: update.cancellation_details?.comment ?? null,
      feedback: update.cancellation_details?.feedback ?? null,
      reason,
    };
  }
  if (update.cancel_at !== undefined) {
    const at =
      update.cancel_at === ''
        ? null
        : typeof update.cancel_at === 'number'
          ? update.cancel_at
          : currentEnd(subscription);
    subscription.cancel_at = at;
    subscription.canceled_at = at === null ? null : now;
  }
  if (update.trial_end !== undefined && subscription.status !== 'canceled') {
    const end = update.trial_end === 'now' ? now : update.trial_end;
    Object.assign(subscription, {
      trial_end: end,
      trial_start: subscription.trial_start ?? now,
      billing_cycle_anchor: end,
    });
    subscription.status = end > now ? 'trialing' : 'active';
    for (const item of subscription.items.data) item.current_period_end = end;
  }
}

function apply(stripe: StripeContext, subscription: Subscription, update: Update): void {
  const before = structuredClone(subscription);
  update.items?.forEach((change, at) => changeItem(stripe, subscription, change, at));
  applyEnding(stripe, subscription, update);
  subscription.metadata = mergeMetadata(subscription.metadata, update.metadata);
  if (update.description !== undefined)
    subscription['description'] = update.description === '' ? null : update.description;
  if (update.default_payment_method !== undefined) {
    if (!stripe.paymentMethods.get(update.default_payment_method))
      throw noSuch('PaymentMethod', update.default_payment_method, 'default_payment_method', 400);
    subscription.default_payment_method = update.default_payment_method;
  }
  if (update.pause_collection !== undefined) {
    subscription['pause_collection'] =
      update.pause_collection === '' ? null : { resumes_at: null, ...update.pause_collection };
  }
  if (update.items) prorate(stripe, subscription, before.items.data, update.proration_behavior ?? 'create_prorations');
  const previous = Object.fromEntries(
    Object.entries(before).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(subscription[key])),
  );
  emitUpdated(stripe, subscription, previous);
  planPeriodEnd(stripe, subscription);
}

function keepSubscription(params: z.output<typeof listParams>): (doc: Subscription) => boolean {
  return (doc) => {
    const byStatus =
      params.status === undefined ? doc.status !== 'canceled' : params.status === 'all' || doc.status === params.status;
    const byPrice = params.price === undefined || doc.items.data.some((item) => item.price.id === params.price);
    return byStatus && byPrice && inRange(doc.created, params.created);
  };
}

export function subscriptionRoutes(stripe: StripeContext): Route[] {
  const found = (id = ''): Subscription => {
    const subscription = stripe.subscriptions.get(id);
    if (!subscription) throw noSuch('subscription', id, 'id');
    return subscription;
  };
  const path = '/v1/subscriptions/:id';
  return [
    {
      method: 'get',
      path: '/v1/subscriptions',
      operations: ['subscriptions.list'],
      handle(request) {
        const params = parse(listParams, formOf(request));
        const source =
          params.customer === undefined
            ? stripe.subscriptions.newestFirst()
            : stripe.subscriptions.findBy('customer', params.customer).reverse();
        return {
          status: 200,
          body: expanded(
            stripe,
            listPage(source, '/v1/subscriptions', params, keepSubscription(params)),
            params.expand,
          ),
        };
      },
    },
    {
      method: 'get',
      path,
      operations: ['subscriptions.get'],
      handle: (request) => ({
        status: 200,
        body: expanded(stripe, found(request.params['id']), parse(z.strictObject({ expand }), formOf(request)).expand),
      }),
    },
    {
      method: 'post',
      path,
      operations: ['subscriptions.update'],
      handle(request) {
        const subscription = found(request.params['id']);
        const update = parse(updateParams, formOf(request));
        if (subscription.status === 'canceled') {
          const onlyMetadata = Object.keys(update).every(
            (key) => key === 'metadata' || key === 'expand' || key === 'cancellation_details',
          );
          if (!onlyMetadata)
            throw invalid('A canceled subscription can only update its cancellation_details and metadata.');
        }
        apply(stripe, subscription, update);
        return { status: 200, body: expanded(stripe, subscription, update.expand) };
      },
    },
    {
      method: 'delete',
      path,
      operations: ['subscriptions.cancel'],
      handle(request) {
        const subscription = found(request.params['id']);
        const params = parse(cancelParams, formOf(request));
        if (subscription.status === 'canceled') throw noSuch('subscription', subscription.id, 'id');
        subscription['cancellation_details'] = { comment: null, feedback: null, reason: 'cancellation_requested' };
        cancelNow(stripe, subscription);
        return { status: 200, body: expanded(stripe, subscription, params.expand) };
      },
    },
  ];
}
