import type { CustomerDataOperations, CustomerDataRef } from '../port-records.ts';
import type { Budget } from '../http.ts';
import type { JsonApi } from '../json-api.ts';
import { emailOf } from './invoices.ts';
import { readAll } from './paging.ts';
import { subscriptionsOf } from './read-subscription.ts';
import {
  conektaAnything,
  conektaAnythingPage,
  conektaCustomer,
  conektaRawOrderPage,
  conektaSubscription,
} from './wire.ts';

/** What stays at Conekta when a customer is deleted. */
export const conektaRetains = [
  'Orders and charges with name, e-mail, phone and the last digits of the card, which Conekta keeps as a payment institution; neither its document nor its guides say for how long.',
  'Events and request logs of the account, which repeat those orders.',
] as const;

export function createConektaCustomerData(api: JsonApi): CustomerDataOperations {
  return {
    export: (ref) => exportCustomer(api, ref),
    /** Live subscriptions are canceled first: what deleting their customer does to them is undocumented. */
    async erase({ providerCustomerId: id }) {
      const budget = api.budget();
      if (!(await readRaw(api, id, budget))) return { outcome: 'not_found', retained: [] };
      const live = (await subscriptionsOf(api, id, budget)).filter(
        ({ status }) => status !== 'canceled' && status !== 'expired',
      );
      for (const subscription of live) {
        await api.find({
          operation: 'subscriptions.cancel',
          method: 'POST',
          path: `/customers/${encodeURIComponent(id)}/subscriptions/${encodeURIComponent(subscription.id)}/cancel`,
          reply: conektaSubscription,
          budget,
        });
      }
      const removed = await api.find({
        operation: 'customers.remove',
        method: 'DELETE',
        path: `/customers/${encodeURIComponent(id)}`,
        reply: conektaCustomer,
        budget,
      });
      return removed
        ? { outcome: 'erased', retained: conektaRetains }
        : { outcome: 'not_found', retained: conektaRetains };
    },
  };
}

/** With the orders that they made as a guest: those name no customer, but carry our organization. */
async function exportCustomer(api: JsonApi, { providerCustomerId: id, organizationId }: CustomerDataRef) {
  const budget = api.budget();
  const customer = await readRaw(api, id, budget);
  if (!customer) return null;
  const path = `/customers/${encodeURIComponent(id)}`;
  const email = await emailOf(api, id, budget);
  const [sources, subscriptions, orders] = await Promise.all([
    readAll(
      api,
      { operation: 'paymentMethods.list', path: `${path}/payment_sources`, reply: conektaAnythingPage },
      budget,
    ),
    readAll(
      api,
      { operation: 'subscriptions.list', path: `${path}/subscriptions`, reply: conektaAnythingPage },
      budget,
    ),
    email === null
      ? []
      : readAll(
          api,
          { operation: 'invoices.list', path: '/orders', query: { search: email }, reply: conektaRawOrderPage },
          budget,
          (order) => order.customer_info?.customer_id === id || order.metadata?.organization_id === organizationId,
        ),
  ]);
  return { customer: [customer], payment_sources: sources, subscriptions, orders };
}

function readRaw(api: JsonApi, id: string, budget: Budget) {
  return api.find({
    operation: 'customers.get',
    method: 'GET',
    path: `/customers/${encodeURIComponent(id)}`,
    reply: conektaAnything,
    budget,
  });
}
