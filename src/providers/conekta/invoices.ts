import { z } from 'zod';
import type { Budget } from '../http.ts';
import type { JsonApi } from '../json-api.ts';
import type { Page } from '../port.ts';
import type { InvoiceOperations, ProviderInvoice } from '../port-money.ts';
import { mapOrderInvoice } from './map-order.ts';
import { readOrder } from './orders.ts';
import { pageParams, readAll, toPage } from './paging.ts';
import { conektaCustomer, conektaEventPage, conektaOrderPage } from './wire.ts';

type ListQuery = Parameters<InvoiceOperations['list']>[0];

/** Orders stand for invoices: Conekta has no documents and no open invoice to pay. */
export function createConektaInvoices(api: JsonApi): InvoiceOperations {
  return {
    async get(id) {
      const order = await readOrder(api, id, 'invoices.get');
      return order && mapOrderInvoice(order);
    },
    list: (query) =>
      query.providerSubscriptionId === undefined
        ? listOfCustomer(api, query)
        : listOfSubscription(api, query, query.providerSubscriptionId),
  };
}

/** Orders have no customer filter: `search` reads e-mails (official document), and the match by customer is ours. */
async function listOfCustomer(api: JsonApi, query: ListQuery): Promise<Page<ProviderInvoice>> {
  const budget = api.budget();
  const email = await emailOf(api, query.providerCustomerId, budget);
  if (email === null) return { items: [], nextCursor: null };
  const page = await api.call({
    operation: 'invoices.list',
    method: 'GET',
    path: '/orders',
    query: { ...pageParams(query), search: email },
    reply: conektaOrderPage,
    budget,
  });
  const own = page.data.filter((order) => order.customer_info?.customer_id === query.providerCustomerId);
  return toPage(
    page,
    own.map((order) => mapOrderInvoice(order)),
  );
}

export async function emailOf(api: JsonApi, customerId: string, budget: Budget): Promise<string | null> {
  const customer = await api.find({
    operation: 'customers.get',
    method: 'GET',
    path: `/customers/${encodeURIComponent(customerId)}`,
    reply: conektaCustomer,
    budget,
  });
  return customer?.email ?? null;
}

/** A subscription's events name the order of each cycle. The cursor is how many of those have been told. */
async function listOfSubscription(
  api: JsonApi,
  query: ListQuery,
  subscriptionId: string,
): Promise<Page<ProviderInvoice>> {
  const budget = api.budget();
  const events = await readAll(
    api,
    {
      operation: 'subscriptions.events',
      path: `/customers/${encodeURIComponent(query.providerCustomerId)}/subscriptions/${encodeURIComponent(subscriptionId)}/events`,
      reply: conektaEventPage,
    },
    budget,
  );
  const ids = new Set(
    events
      .toSorted((a, b) => (b.created_at ?? 0) - (a.created_at ?? 0))
      .flatMap((event) => event.data.object?.last_billing_cycle_order_id ?? []),
  );
  const start = z.coerce
    .number()
    .int()
    .nonnegative()
    .catch(0)
    .parse(query.cursor ?? 0);
  const wanted = [...ids].slice(start, start + query.limit);
  const orders = await Promise.all(wanted.map((id) => readOrder(api, id, 'invoices.get', budget)));
  const oldest = [...ids].at(-1);
  return {
    items: orders.flatMap((order) =>
      order === null
        ? []
        : [
            mapOrderInvoice(order, {
              subscriptionId,
              reason: order.id === oldest ? 'subscription_start' : 'subscription_cycle',
            }),
          ],
    ),
    nextCursor: start + wanted.length < ids.size ? String(start + wanted.length) : null,
  };
}
