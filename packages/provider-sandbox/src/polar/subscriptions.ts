import { z } from 'zod';
import type { Route } from '../http/answer.ts';
import type { PolarContext } from './context.ts';
import { failed, notFound, refuse } from './errors.ts';
import { listPage, oneOf } from './listing.ts';
import type { Subscription } from './objects.ts';
import { emitSubscription, planPeriodEnd, revoke } from './subscription-changes.ts';
import { showSubscription } from './subscription-object.ts';
import { newOrder, payOrder } from './order-object.ts';
import { bodyOf, metadata, parse } from './validation.ts';

const cancellation = {
  customer_cancellation_reason: z
    .enum([
      'customer_service',
      'low_quality',
      'missing_features',
      'switched_service',
      'too_complex',
      'too_expensive',
      'unused',
      'other',
    ])
    .nullish(),
  customer_cancellation_comment: z.string().nullish(),
};
const cancelBody = z.strictObject({ cancel_at_period_end: z.boolean(), ...cancellation });
const revokeBody = z.strictObject({ revoke: z.literal(true), ...cancellation });
const periodBody = z.strictObject({ current_billing_period_end: z.iso.datetime({ offset: true }) });
const changeBody = z.strictObject({
  product_id: z.uuid().optional(),
  proration_behavior: z.enum(['invoice', 'prorate', 'next_period', 'reset']).nullish(),
  discount_id: z.uuid().nullish(),
  trial_end: z.union([z.literal('now'), z.iso.datetime({ offset: true })]).nullish(),
  metadata,
});

function requireLive(subscription: Subscription): void {
  if (subscription.status === 'canceled')
    throw failed(
      403,
      'AlreadyCanceledSubscription',
      'This subscription is already canceled or will be at the end of the period.',
    );
}

function setEnding(polar: PolarContext, subscription: Subscription, body: z.output<typeof cancelBody>): void {
  requireLive(subscription);
  const ending = body.cancel_at_period_end;
  Object.assign(subscription, {
    cancel_at_period_end: ending,
    canceled_at: ending ? polar.now() : null,
    ends_at: ending ? subscription.current_period_end : null,
    customer_cancellation_reason: ending ? (body.customer_cancellation_reason ?? null) : null,
    customer_cancellation_comment: ending ? (body.customer_cancellation_comment ?? null) : null,
  });
  emitSubscription(polar, subscription, 'updated', ending ? 'canceled' : 'uncanceled');
}

function switchProduct(polar: PolarContext, subscription: Subscription, productId: string, behavior: string): void {
  const product = polar.products.get(productId);
  const price =
    product?.prices.find((candidate) => candidate.price_currency === subscription.currency) ?? product?.prices[0];
  if (!product?.recurring_interval || !price)
    throw refuse(['body', 'product_id'], 'Product is not a recurring product.', productId);
  if (behavior === 'next_period') {
    subscription['pending_update'] = {
      created_at: polar.now(),
      modified_at: null,
      id: subscription.id,
      applies_at: subscription.current_period_end,
      product_id: productId,
      seats: null,
    };
    return;
  }
  const left = Date.parse(subscription.current_period_end) - polar.sandbox.clock.nowMs();
  const whole = Date.parse(subscription.current_period_end) - Date.parse(subscription.current_period_start);
  const owed = Math.round(((price.price_amount ?? 0) - subscription.amount) * Math.max(0, left / whole));
  Object.assign(subscription, {
    product_id: product.id,
    prices: [price],
    amount: price.price_amount ?? 0,
    recurring_interval: product.recurring_interval,
    recurring_interval_count: product.recurring_interval_count ?? 1,
  });
  if (behavior !== 'invoice' || owed <= 0 || subscription.status === 'trialing') return;
  const order = newOrder(polar, {
    subscription,
    checkout: null,
    reason: 'subscription_update',
    amount: owed,
    discount: 0,
  });
  payOrder(polar, order, polar.vault.get(subscription.customer_id)?.card ?? null);
}

function setTrialEnd(polar: PolarContext, subscription: Subscription, trialEnd: string): void {
  const end = trialEnd === 'now' ? polar.now() : new Date(trialEnd).toISOString();
  const future = Date.parse(end) > polar.sandbox.clock.nowMs();
  if (trialEnd !== 'now' && !future) throw refuse(['body', 'trial_end'], 'Trial end must be in the future.', trialEnd);
  if (subscription.status === 'active' && future && Date.parse(end) <= Date.parse(subscription.current_period_end)) {
    throw refuse(['body', 'trial_end'], 'Trial end must be after the current period end.', trialEnd);
  }
  Object.assign(subscription, {
    trial_start: subscription.trial_start ?? polar.now(),
    trial_end: end,
    current_period_end: end,
    status: 'trialing',
  });
}

function change(polar: PolarContext, subscription: Subscription, body: z.output<typeof changeBody>): void {
  requireLive(subscription);
  if (body.product_id !== undefined)
    switchProduct(polar, subscription, body.product_id, body.proration_behavior ?? 'prorate');
  if (body.discount_id !== undefined) subscription.discount_id = body.discount_id;
  if (body.trial_end != null) setTrialEnd(polar, subscription, body.trial_end);
  if (body.metadata !== undefined) subscription.metadata = body.metadata;
  emitSubscription(polar, subscription, 'updated');
  planPeriodEnd(polar, subscription);
}

export function subscriptionRoutes(polar: PolarContext): Route[] {
  const found = (id = ''): Subscription => {
    const subscription = polar.subscriptions.get(id);
    if (!subscription) throw notFound();
    return subscription;
  };
  return [
    {
      method: 'get',
      path: '/v1/subscriptions/',
      operations: ['subscriptions.list'],
      handle(request) {
        const keep = (doc: Subscription): boolean =>
          ['customer_id', 'product_id', 'status', 'cancel_at_period_end', 'discount_id'].every((name) =>
            oneOf(request, name, doc[name]),
          ) &&
          oneOf(request, 'external_customer_id', polar.customers.get(doc.customer_id)?.external_id) &&
          oneOf(request, 'active', ['active', 'trialing', 'past_due'].includes(doc.status));
        return {
          status: 200,
          body: listPage(request, polar.subscriptions.newestFirst(), keep, (doc) => showSubscription(polar, doc)),
        };
      },
    },
    {
      method: 'get',
      path: '/v1/subscriptions/:id',
      operations: ['subscriptions.get'],
      handle: (request) => ({ status: 200, body: showSubscription(polar, found(request.params['id'])) }),
    },
    {
      method: 'patch',
      path: '/v1/subscriptions/:id',
      operations: ['subscriptions.update'],
      handle(request) {
        const subscription = found(request.params['id']);
        const body = bodyOf(request);
        const has = (key: string): boolean => typeof body === 'object' && body !== null && key in body;
        if (has('revoke')) {
          parse(revokeBody, request);
          requireLive(subscription);
          revoke(polar, subscription);
        } else if (has('cancel_at_period_end')) setEnding(polar, subscription, parse(cancelBody, request));
        else if (has('current_billing_period_end')) {
          subscription.current_period_end = new Date(
            parse(periodBody, request).current_billing_period_end,
          ).toISOString();
          emitSubscription(polar, subscription, 'updated');
          planPeriodEnd(polar, subscription);
        } else change(polar, subscription, parse(changeBody, request));
        return { status: 200, body: showSubscription(polar, subscription) };
      },
    },
    {
      method: 'delete',
      path: '/v1/subscriptions/:id',
      operations: ['subscriptions.cancel'],
      handle(request) {
        const subscription = found(request.params['id']);
        requireLive(subscription);
        revoke(polar, subscription);
        return { status: 200, body: showSubscription(polar, subscription) };
      },
    },
  ];
}
