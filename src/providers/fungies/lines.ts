import type { FungiesApi } from './client.ts';
import { isPaid, netsOf } from './map.ts';
import { subscriptionPath } from './read-subscription.ts';
import { inventoryReply, orderReply, subscriptionReply, type FungiesItem, type FungiesPayment } from './wire.ts';

/**
 * The lines of a payment, from wherever Fungies shows them: itself, its subscription, its order, or, for what was
 * bought once and paid, the user's inventory, whose lines are matched by their sum.
 */
export async function linesOf(
  api: FungiesApi,
  payment: FungiesPayment,
  ofSubscription: readonly FungiesItem[],
): Promise<readonly FungiesItem[]> {
  if (payment.items?.length) return payment.items;
  if (ofSubscription.length > 0) return ofSubscription;
  const ofOrder = await orderLines(api, payment.orderId ?? null);
  if (ofOrder.length > 0 || !isPaid(payment) || payment.userId == null) return ofOrder;
  return linesWorth(await inventoryOf(api, payment.userId), netsOf(payment));
}

export async function readSubscriptionLines(api: FungiesApi, id: string): Promise<readonly FungiesItem[]> {
  const found = await api.find({
    operation: 'subscriptions.get',
    method: 'GET',
    path: subscriptionPath(id),
    reply: subscriptionReply,
  });
  return found?.items ?? [];
}

/** Lines of exactly the sum; where none is, those that a discount may have brought down to it. */
function linesWorth(items: readonly FungiesItem[], nets: readonly number[]): readonly FungiesItem[] {
  const sumsOf = ({ value, quantity }: FungiesItem): readonly number[] => [
    value ?? NaN,
    (value ?? NaN) * (quantity ?? 1),
  ];
  const exact = items.filter((item) => sumsOf(item).some((sum) => nets.includes(sum)));
  return exact.length > 0 ? exact : items.filter((item) => sumsOf(item).some((sum) => sum > Math.min(...nets)));
}

async function orderLines(api: FungiesApi, orderId: string | null): Promise<readonly FungiesItem[]> {
  if (orderId === null) return [];
  const found = await api.find({
    operation: 'orders.get',
    method: 'GET',
    path: `/orders/${encodeURIComponent(orderId)}`,
    reply: orderReply,
  });
  return found?.items ?? found?.order.items ?? [];
}

async function inventoryOf(api: FungiesApi, userId: string): Promise<readonly FungiesItem[]> {
  const found = await api.find({
    operation: 'customers.inventory',
    method: 'GET',
    path: `/users/${encodeURIComponent(userId)}/inventory`,
    reply: inventoryReply,
  });
  return found?.inventory ?? found?.items ?? [];
}
