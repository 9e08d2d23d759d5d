import type { z } from 'zod';
import { BillingError } from '../../domain/errors.ts';
import type { Budget } from '../http.ts';
import type { JsonApi } from '../json-api.ts';
import type { CustomerInput, ProviderClient, ProviderCustomer } from '../port.ts';
import { conektaCustomer, conektaCustomerPage } from './wire.ts';

export function createConektaCustomers(api: JsonApi): ProviderClient['customers'] {
  return {
    create: (input) => ensureCustomer(api, input, api.budget()),
    async get(id) {
      const found = await api.find({
        operation: 'customers.get',
        method: 'GET',
        path: `/customers/${encodeURIComponent(id)}`,
        reply: conektaCustomer,
      });
      return found && mapCustomer(found);
    },
    async update(id, input) {
      const updated = await api.call({
        operation: 'customers.update',
        method: 'PUT',
        path: `/customers/${encodeURIComponent(id)}`,
        body: {
          ...(input.email === null ? {} : { email: input.email }),
          ...(input.name === null ? {} : { name: input.name }),
          ...(input.phone === null ? {} : { phone: input.phone }),
        },
        reply: conektaCustomer,
      });
      return mapCustomer(updated);
    },
    async remove(id) {
      await api.find({
        operation: 'customers.remove',
        method: 'DELETE',
        path: `/customers/${encodeURIComponent(id)}`,
        reply: conektaCustomer,
      });
    },
    find: (organizationId) => findCustomer(api, organizationId, api.budget()),
  };
}

/**
 * Finds by `custom_reference` before creating, because Conekta has neither idempotency keys nor unique references:
 * two calls at the very same moment can still make two.
 */
export async function ensureCustomer(api: JsonApi, input: CustomerInput, budget: Budget): Promise<ProviderCustomer> {
  const found = await findCustomer(api, input.organizationId, budget);
  if (found) return found;
  const created = await api.call({
    operation: 'customers.create',
    method: 'POST',
    path: '/customers',
    body: {
      ...contactOf(input),
      corporate: false,
      custom_reference: input.organizationId,
      metadata: { organization_id: input.organizationId },
    },
    reply: conektaCustomer,
    budget,
  });
  return mapCustomer(created);
}

/** @throws {BillingError} `customer_contact_required` (invalid): Conekta takes nobody without all three. */
export function contactOf(input: CustomerInput): { email: string; name: string; phone: string } {
  const { email, name, phone } = input;
  if (email !== null && name !== null && phone !== null) return { email, name, phone };
  throw new BillingError({
    code: 'customer_contact_required',
    kind: 'invalid',
    message: 'Conekta needs the e-mail, name and phone of who pays.',
    details: { provider: 'conekta' },
  });
}

async function findCustomer(api: JsonApi, organizationId: string, budget: Budget): Promise<ProviderCustomer | null> {
  const page = await api.call({
    operation: 'customers.find',
    method: 'GET',
    path: '/customers',
    query: { search: organizationId, limit: 250 },
    reply: conektaCustomerPage,
    budget,
  });
  // What `search` looks at is undocumented, so it only narrows; the match is ours.
  const found = page.data.find((customer) => organizationOf(customer) === organizationId);
  return found ? mapCustomer(found) : null;
}

function organizationOf(customer: z.output<typeof conektaCustomer>): string | null {
  const fromMetadata = customer.metadata?.organization_id;
  return customer.custom_reference ?? (typeof fromMetadata === 'string' ? fromMetadata : null);
}

function mapCustomer(customer: z.output<typeof conektaCustomer>): ProviderCustomer {
  return { providerCustomerId: customer.id, organizationId: organizationOf(customer), email: customer.email ?? null };
}
