import type { SubscriptionTruth } from '../../domain/subscription/truth.ts';
import { BillingError } from '../../domain/errors.ts';
import type { Budget } from '../http.ts';
import type { JsonApi } from '../json-api.ts';
import type { ProviderClient } from '../port.ts';
import { mapSubscription } from './map.ts';
import {
  conektaOrder,
  conektaPlan,
  conektaSubscription,
  conektaSubscriptionPage,
  type ConektaOrder,
  type ConektaSubscription,
} from './wire.ts';

export function createConektaSubscriptions(api: JsonApi): NonNullable<ProviderClient['subscriptions']> {
  return {
    async get({ providerSubscriptionId, providerCustomerId }) {
      if (providerCustomerId === null) {
        throw new BillingError({
          code: 'provider_customer_required',
          kind: 'invalid',
          message: 'Conekta finds a subscription only under its customer.',
          details: { provider: 'conekta' },
        });
      }
      const budget = api.budget();
      const subscription = await api.find({
        operation: 'subscriptions.get',
        method: 'GET',
        path: `/customers/${encodeURIComponent(providerCustomerId)}/subscriptions/${encodeURIComponent(providerSubscriptionId)}`,
        reply: conektaSubscription,
        budget,
      });
      return subscription && withParts(api, subscription, null, budget);
    },
  };
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
  const page = await api.call({
    operation: 'subscriptions.list',
    method: 'GET',
    path: `/customers/${encodeURIComponent(input.customerId)}/subscriptions`,
    query: { limit: 250 },
    reply: conektaSubscriptionPage,
    budget,
  });
  const since = input.order.created_at ?? 0;
  const subscription =
    page.data.find((candidate) => candidate.last_billing_cycle_order_id === input.order.id) ??
    page.data
      .filter((candidate) => candidate.plan_id === input.planId && (candidate.created_at ?? 0) >= since)
      .toSorted((a, b) => (a.created_at ?? 0) - (b.created_at ?? 0))[0];
  return subscription ? withParts(api, subscription, input.order, budget) : null;
}

async function withParts(
  api: JsonApi,
  subscription: ConektaSubscription,
  known: ConektaOrder | null,
  budget: Budget,
): Promise<SubscriptionTruth> {
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
    orderId == null || orderId === known?.id
      ? known
      : api.find({
          operation: 'orders.get',
          method: 'GET',
          path: `/orders/${encodeURIComponent(orderId)}`,
          reply: conektaOrder,
          budget,
        }),
  ]);
  return mapSubscription(subscription, plan, order);
}
