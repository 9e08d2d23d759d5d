import { z } from 'zod';
import type { Budget } from '../http.ts';
import type { JsonApi } from '../json-api.ts';
import type { CustomerInput, PostalAddress, ProviderClient, ProviderCustomer } from '../port.ts';
import { isDuplicateCustomer } from './errors.ts';
import { polarCustomer } from './wire.ts';

type Customers = ProviderClient['customers'];

export function createPolarCustomers(api: JsonApi): Customers {
  return {
    /** An organization that already is a customer is returned, not refused. */
    async create(input) {
      const budget = api.budget();
      try {
        return mapCustomer(await createCustomer(api, input, budget));
      } catch (error) {
        const found = isDuplicateCustomer(error) ? await findCustomer(api, input.organizationId, budget) : null;
        if (!found) throw error;
        return mapCustomer(found);
      }
    },
    async get(id) {
      const found = await api.find({
        operation: 'customers.get',
        method: 'GET',
        path: `/v1/customers/${encodeURIComponent(id)}`,
        reply: polarCustomer,
      });
      return found && mapCustomer(found);
    },
    async update(id, input) {
      const updated = await api.call({
        operation: 'customers.update',
        method: 'PATCH',
        path: `/v1/customers/${encodeURIComponent(id)}`,
        // external_id is immutable once set, and an address cannot go back to null.
        body: {
          ...(input.email === null ? {} : { email: input.email }),
          ...(input.name === null ? {} : { name: input.name }),
          ...(input.address === null ? {} : { billing_address: addressOf(input.address) }),
        },
        reply: polarCustomer,
      });
      return mapCustomer(updated);
    },
    async remove(id) {
      await api.find({
        operation: 'customers.remove',
        method: 'DELETE',
        path: `/v1/customers/${encodeURIComponent(id)}`,
        reply: z.unknown(),
      });
    },
    async find(organizationId) {
      const found = await findCustomer(api, organizationId, api.budget());
      return found && mapCustomer(found);
    },
  };
}

/**
 * The customer that a checkout links to. Polar has no idempotency key: the external id is one.
 *
 * @returns null when there is no e-mail to create one with, or when another external id holds that e-mail. Polar then
 *   links by e-mail itself on payment, and the truth tells which customer it became.
 */
export async function ensureCustomer(api: JsonApi, input: CustomerInput, budget: Budget): Promise<string | null> {
  if (input.providerCustomerId !== null) return input.providerCustomerId;
  if (input.email === null) return (await findCustomer(api, input.organizationId, budget))?.id ?? null;
  try {
    return (await createCustomer(api, input, budget)).id;
  } catch (error) {
    if (!isDuplicateCustomer(error)) throw error;
    return (await findCustomer(api, input.organizationId, budget))?.id ?? null;
  }
}

async function createCustomer(
  api: JsonApi,
  input: CustomerInput,
  budget: Budget,
): Promise<z.output<typeof polarCustomer>> {
  return api.call({
    operation: 'customers.create',
    method: 'POST',
    path: '/v1/customers/',
    body: {
      external_id: input.organizationId,
      email: input.email,
      ...(input.name === null ? {} : { name: input.name }),
      ...(input.address === null ? {} : { billing_address: addressOf(input.address) }),
      metadata: { organization_id: input.organizationId },
    },
    reply: polarCustomer,
    budget,
  });
}

async function findCustomer(
  api: JsonApi,
  organizationId: string,
  budget: Budget,
): Promise<z.output<typeof polarCustomer> | null> {
  return api.find({
    operation: 'customers.find',
    method: 'GET',
    path: `/v1/customers/external/${encodeURIComponent(organizationId)}`,
    reply: polarCustomer,
    budget,
  });
}

/** Polar wants ISO 3166-2 for states of the US and Canada (`US-CA`), free text elsewhere. */
export function addressOf(address: PostalAddress): Record<string, string> {
  const { country, state } = address;
  const isCoded = (country === 'US' || country === 'CA') && state !== null;
  const region = !isCoded ? state : /^[A-Z]{2}$/i.test(state) ? `${country}-${state.toUpperCase()}` : state;
  const fields = {
    country,
    line1: address.line1,
    line2: address.line2,
    city: address.city,
    state: isCoded && !/^(US|CA)-[A-Z]{2}$/.test(region ?? '') ? null : region,
    postal_code: address.postalCode,
  };
  return Object.fromEntries(Object.entries(fields).flatMap(([key, value]) => (value === null ? [] : [[key, value]])));
}

function mapCustomer(customer: z.output<typeof polarCustomer>): ProviderCustomer {
  return {
    providerCustomerId: customer.id,
    organizationId: customer.external_id ?? null,
    email: customer.email ?? null,
  };
}
