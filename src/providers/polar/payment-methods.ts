import { z } from 'zod';
import type { JsonApi } from '../json-api.ts';
import type { PaymentMethodOperations } from '../port-money.ts';
import { mapPaymentMethod } from './map-money.ts';
import { readAll, readPage, type ListCall } from './paging.ts';
import { openCustomerSession } from './portal.ts';
import { polarCustomer, polarPaymentMethod } from './wire.ts';

/**
 * Polar holds the cards at its own Stripe account: a method comes to be by paying at checkout or in the portal, never
 * by a token of ours, so nothing attaches; and no route of the organization makes one the default.
 */
export function createPolarPaymentMethods(api: JsonApi): PaymentMethodOperations {
  return {
    async get({ providerCustomerId, providerPaymentMethodId }) {
      const customer = await findCustomer(api, providerCustomerId);
      if (!customer) return null;
      // There is no route for one of them.
      const all = await readAll(api, listOf(providerCustomerId));
      const found = all.find((method) => method.id === providerPaymentMethodId);
      return found ? mapPaymentMethod(found, customer.default_payment_method_id ?? null) : null;
    },
    async list({ providerCustomerId, ...query }) {
      const customer = await findCustomer(api, providerCustomerId);
      if (!customer) return { items: [], nextCursor: null };
      const page = await readPage(api, listOf(providerCustomerId), query);
      return {
        items: page.items.map((method) => mapPaymentMethod(method, customer.default_payment_method_id ?? null)),
        nextCursor: page.nextCursor,
      };
    },
    /** As the customer would in the portal: only a customer's session may. */
    async detach({ providerCustomerId, providerPaymentMethodId }) {
      const { token } = await openCustomerSession(api, providerCustomerId, null);
      await api.find({
        operation: 'payment_methods.remove',
        method: 'DELETE',
        path: `/v1/customer-portal/customers/me/payment-methods/${encodeURIComponent(providerPaymentMethodId)}`,
        headers: { authorization: `Bearer ${token}` },
        reply: z.unknown(),
      });
    },
  };
}

function listOf(customerId: string): ListCall<typeof polarPaymentMethod> {
  return {
    operation: 'customers.payment_methods',
    path: `/v1/customers/${encodeURIComponent(customerId)}/payment-methods`,
    item: polarPaymentMethod,
  };
}

async function findCustomer(api: JsonApi, id: string) {
  return api.find({
    operation: 'customers.get',
    method: 'GET',
    path: `/v1/customers/${encodeURIComponent(id)}`,
    reply: polarCustomer,
  });
}
