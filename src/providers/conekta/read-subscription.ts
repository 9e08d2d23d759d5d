import { BillingError } from '../../domain/errors.ts';
import type { SubscriptionTruth } from '../../domain/subscription/truth.ts';
import type { Budget } from '../http.ts';
import type { JsonApi } from '../json-api.ts';
import type { SubscriptionRef } from '../port-subscriptions.ts';
import { mapSubscription } from './map.ts';
import { readOrder } from './orders.ts';
import { readAll } from './paging.ts';
import {
  conektaPlan,
  conektaSubscription,
  conektaSubscriptionPage,
  type ConektaOrder,
  type ConektaSubscription,
} from './wire.ts';

/** A subscription with what its last cycle came to, as Conekta has it. */
export interface ReadSubscription {
  readonly truth: SubscriptionTruth;
  readonly lastOrder: ConektaOrder | null;
}

/** @throws {BillingError} `provider_customer_required` (invalid): a subscription is readable only under its customer. */
export function subscriptionPath(ref: SubscriptionRef): string {
  if (ref.providerCustomerId === null) {
    throw new BillingError({
      code: 'provider_customer_required',
      kind: 'invalid',
      message: 'Conekta finds a subscription only under its customer.',
      details: { provider: 'conekta' },
    });
  }
  return `/customers/${encodeURIComponent(ref.providerCustomerId)}/subscriptions/${encodeURIComponent(ref.providerSubscriptionId)}`;
}

export async function readSubscription(
  api: JsonApi,
  ref: SubscriptionRef,
  budget: Budget,
): Promise<ReadSubscription | null> {
  const subscription = await api.find({
    operation: 'subscriptions.get',
    method: 'GET',
    path: subscriptionPath(ref),
    reply: conektaSubscription,
    budget,
  });
  return subscription && withParts(api, subscription, null, budget);
}

export async function subscriptionsOf(
  api: JsonApi,
  customerId: string,
  budget: Budget,
): Promise<readonly ConektaSubscription[]> {
  return readAll(
    api,
    {
      operation: 'subscriptions.list',
      path: `/customers/${encodeURIComponent(customerId)}/subscriptions`,
      reply: conektaSubscriptionPage,
    },
    budget,
  );
}

/**
 * The subscription that a paid checkout order started. Subscriptions carry no metadata: the link is the order of the
 * last cycle, or, once a renewal has moved that on, plan and time.
 */
export async function findStartedSubscription(
  api: JsonApi,
  input: { readonly order: ConektaOrder; readonly planId: string; readonly customerId: string },
): Promise<SubscriptionTruth | null> {
  const budget = api.budget();
  const all = await subscriptionsOf(api, input.customerId, budget);
  const since = input.order.created_at ?? 0;
  const subscription =
    all.find((candidate) => candidate.last_billing_cycle_order_id === input.order.id) ??
    all
      .filter((candidate) => candidate.plan_id === input.planId && (candidate.created_at ?? 0) >= since)
      .toSorted((a, b) => (a.created_at ?? 0) - (b.created_at ?? 0))[0];
  return subscription ? (await withParts(api, subscription, input.order, budget)).truth : null;
}

/** Adds the plan, for the amount, and the order of the last cycle, for what was paid. */
export async function withParts(
  api: JsonApi,
  subscription: ConektaSubscription,
  known: ConektaOrder | null,
  budget: Budget,
): Promise<ReadSubscription> {
  const { plan_id: planId, last_billing_cycle_order_id: orderId } = subscription;
  const [plan, order] = await Promise.all([
    planId == null
      ? null
      : api.find({
          operation: 'plans.get',
          method: 'GET',
          path: `/plans/${encodeURIComponent(planId)}`,
          reply: conektaPlan,
          budget,
        }),
    orderId == null || orderId === '' || orderId === known?.id ? known : readOrder(api, orderId, 'orders.get', budget),
  ]);
  return { truth: mapSubscription(subscription, plan, order), lastOrder: order };
}
