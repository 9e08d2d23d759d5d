import type { Budget } from '../http.ts';
import type { JsonApi } from '../json-api.ts';
import type { PolarOrder, PolarPayment } from './wire-money.ts';
import { polarOrder, polarPayment } from './wire-money.ts';
import { MAX_PAGE } from './paging.ts';
import { pageOf } from './wire.ts';

/** Orders and the payments of them, as several groups read them. */
export async function findOrder(api: JsonApi, id: string, budget?: Budget): Promise<PolarOrder | null> {
  return api.find({
    operation: 'orders.get',
    method: 'GET',
    path: `/v1/orders/${encodeURIComponent(id)}`,
    reply: polarOrder,
    ...(budget && { budget }),
  });
}

/** The newest orders of these subscriptions, newest first. */
export async function ordersOf(
  api: JsonApi,
  subscriptionIds: readonly string[],
  limit: number,
  budget?: Budget,
): Promise<readonly PolarOrder[]> {
  const page = await api.call({
    operation: 'orders.list',
    method: 'GET',
    path: '/v1/orders/',
    query: { subscription_id: subscriptionIds, limit, sorting: '-created_at' },
    reply: pageOf(polarOrder),
    ...(budget && { budget }),
  });
  return page.items;
}

/** The attempts to pay these orders, newest first; nobody is asked about orders of nothing. */
export async function paymentsOf(
  api: JsonApi,
  orders: readonly PolarOrder[],
  budget?: Budget,
): Promise<readonly PolarPayment[]> {
  const owing = orders.filter((order) => order.total_amount > 0).map((order) => order.id);
  if (owing.length === 0) return [];
  const page = await api.call({
    operation: 'payments.list',
    method: 'GET',
    path: '/v1/payments/',
    query: { order_id: owing, limit: MAX_PAGE, sorting: '-created_at' },
    reply: pageOf(polarPayment),
    ...(budget && { budget }),
  });
  return page.items;
}
