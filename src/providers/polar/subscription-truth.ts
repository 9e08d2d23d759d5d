import type { SubscriptionTruth } from '../../domain/subscription/truth.ts';
import type { Budget } from '../http.ts';
import type { JsonApi } from '../json-api.ts';
import { missing, PolarValidationError } from './errors.ts';
import { mapSubscription } from './map.ts';
import { ordersOf, paymentsOf } from './orders.ts';
import { MAX_PAGE } from './paging.ts';
import { polarSubscription, type PolarOrder, type PolarSubscription } from './wire-money.ts';

/** Enough to see the last renewals without paging. */
const RECENT = 5;

export async function findSubscription(api: JsonApi, id: string, budget?: Budget): Promise<PolarSubscription | null> {
  return api.find({
    operation: 'subscriptions.get',
    method: 'GET',
    path: `/v1/subscriptions/${encodeURIComponent(id)}`,
    reply: polarSubscription,
    ...(budget && { budget }),
  });
}

/** @throws {BillingError} `provider_object_missing` (not_found). */
export async function mustFindSubscription(api: JsonApi, id: string): Promise<PolarSubscription> {
  const found = await findSubscription(api, id);
  if (!found) throw missing('subscription');
  return found;
}

/** Subscription and orders side by side, then the attempts to pay them. */
export async function readTruth(api: JsonApi, id: string): Promise<SubscriptionTruth | null> {
  const budget = api.budget();
  const [subscription, orders] = await Promise.all([
    findSubscription(api, id, budget),
    ordersOf(api, [id], RECENT, budget).catch(noneOfNoUuid),
  ]);
  if (!subscription) return null;
  return mapSubscription(subscription, orders, await paymentsOf(api, orders, budget));
}

/** An id that is no UUID is refused as a filter, while the other call says that there is no such subscription. */
function noneOfNoUuid(error: unknown): readonly PolarOrder[] {
  if (error instanceof PolarValidationError) return [];
  throw error;
}

/** What a change answered, with what has been charged so far. */
export async function truthOf(api: JsonApi, subscription: PolarSubscription): Promise<SubscriptionTruth> {
  const orders = await ordersOf(api, [subscription.id], RECENT);
  return mapSubscription(subscription, orders, await paymentsOf(api, orders));
}

/** The same for many in two calls; an old subscription among busy ones may come with fewer orders. */
export async function truthsOf(
  api: JsonApi,
  subscriptions: readonly PolarSubscription[],
): Promise<readonly SubscriptionTruth[]> {
  if (subscriptions.length === 0) return [];
  const ids = subscriptions.map(({ id }) => id);
  const all = await ordersOf(api, ids, MAX_PAGE);
  const recent = ids.flatMap((id) => all.filter((order) => order.subscription_id === id).slice(0, RECENT));
  const payments = await paymentsOf(api, recent);
  return subscriptions.map((subscription) =>
    mapSubscription(
      subscription,
      recent.filter((order) => order.subscription_id === subscription.id),
      payments,
    ),
  );
}
