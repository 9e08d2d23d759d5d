import { z } from 'zod';
import type { CustomerDataOperations, CustomerDataRef } from '../port-records.ts';
import type { FungiesApi } from './client.ts';
import { readEverything, readSubscriptionsOf } from './paging.ts';
import { retireUser } from './retire-user.ts';

/** What stays at Fungies when a customer is erased. */
export const fungiesRetains = [
  'The archived user with name and address, its e-mail replaced: Fungies has no deletion by API; ask its support for one.',
  'Orders, payments and invoices, which Fungies keeps as the merchant of record under tax law.',
] as const;

const owned = z.looseObject({ id: z.string(), userId: z.string().nullish() });

export function createFungiesCustomerData(api: FungiesApi): CustomerDataOperations {
  return {
    export: (ref) => exportCustomer(api, ref),
    async erase({ providerCustomerId: id }) {
      return (await retireUser(api, id))
        ? { outcome: 'archived', retained: fungiesRetains }
        : { outcome: 'not_found', retained: [] };
    },
  };
}

async function exportCustomer(api: FungiesApi, { providerCustomerId: id }: CustomerDataRef) {
  const found = await api.find({
    operation: 'customers.get',
    method: 'GET',
    path: `/users/${encodeURIComponent(id)}`,
    reply: z.object({ user: z.looseObject({ id: z.string() }) }),
  });
  if (!found) return null;
  const [inventory, orders, payments, subscriptions] = await Promise.all([
    api.find({
      operation: 'customers.inventory',
      method: 'GET',
      path: `/users/${encodeURIComponent(id)}/inventory`,
      reply: z.unknown(),
    }),
    readEverything(
      api,
      {
        operation: 'orders.list',
        path: '/orders/list',
        query: { userId: id },
        reply: z.object({ orders: z.array(owned) }),
      },
      (page) => page.orders,
    ),
    readEverything(
      api,
      {
        operation: 'payments.list',
        path: '/payments/list',
        query: { userId: id },
        reply: z.object({ payments: z.array(owned) }),
      },
      (page) => page.payments,
    ),
    readSubscriptionsOf(api, id),
  ]);
  const isOwn = ({ userId }: z.output<typeof owned>): boolean => userId === id;
  return {
    user: [found.user],
    inventory: inventory == null ? [] : [inventory],
    orders: orders.filter(isOwn),
    payments: payments.filter(isOwn),
    subscriptions,
  };
}
