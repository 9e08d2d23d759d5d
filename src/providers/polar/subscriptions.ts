import type { JsonApi } from '../json-api.ts';
import type { ProviderClient } from '../port.ts';
import { readSubscription } from './checkouts.ts';
import { mapSubscription } from './map.ts';
import { pageOf, polarOrder, polarPayment } from './wire.ts';

/** Enough to see the last renewals without paging. */
const RECENT = 5;

export function createPolarSubscriptions(api: JsonApi): NonNullable<ProviderClient['subscriptions']> {
  return {
    async get({ providerSubscriptionId }) {
      const budget = api.budget();
      const [subscription, orders] = await Promise.all([
        readSubscription(api, providerSubscriptionId, budget),
        api.call({
          operation: 'orders.list',
          method: 'GET',
          path: '/v1/orders/',
          query: { subscription_id: providerSubscriptionId, limit: RECENT, sorting: '-created_at' },
          reply: pageOf(polarOrder),
          budget,
        }),
      ]);
      if (!subscription) return null;
      const owing = orders.items.filter((order) => order.total_amount > 0).map((order) => order.id);
      if (owing.length === 0) return mapSubscription(subscription, orders.items, []);
      const payments = await api.call({
        operation: 'payments.list',
        method: 'GET',
        path: '/v1/payments/',
        query: { order_id: owing, limit: 20, sorting: '-created_at' },
        reply: pageOf(polarPayment),
        budget,
      });
      return mapSubscription(subscription, orders.items, payments.items);
    },
  };
}
