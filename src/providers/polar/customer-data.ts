import { z } from 'zod';
import type { JsonApi } from '../json-api.ts';
import type { CustomerDataOperations, CustomerDataRef } from '../port-records.ts';
import { POLAR_RETAINS } from './abilities.ts';
import { readAll } from './paging.ts';

const raw = z.unknown();
const owned = z.looseObject({ customer_id: z.string() });

/** Sections that one filter by customer gives, and where they are listed. */
const SECTIONS = {
  subscriptions: '/v1/subscriptions/',
  orders: '/v1/orders/',
  payments: '/v1/payments/',
  refunds: '/v1/refunds/',
  benefit_grants: '/v1/benefit-grants/',
  meters: '/v1/customer-meters/',
} as const;

export function createPolarCustomerData(api: JsonApi): CustomerDataOperations {
  return {
    async export(ref) {
      const id = await findId(api, ref);
      if (id === null) return null;
      const path = pathOf(id);
      const customer = await api.find({ operation: 'customers.get', method: 'GET', path, reply: raw });
      const state = await api.find({
        operation: 'customers.state',
        method: 'GET',
        path: `${path}/state`,
        reply: raw,
      });
      // One list after the other: an export must not use up the minute's calls of the whole organization.
      const sections: Record<string, readonly unknown[]> = { customer: present(customer), state: present(state) };
      for (const [section, listPath] of Object.entries(SECTIONS)) {
        sections[section] = await readAll(api, {
          operation: `export.${section}`,
          path: listPath,
          query: { customer_id: id },
          item: raw,
        });
      }
      sections.payment_methods = await readAll(api, {
        operation: 'export.payment_methods',
        path: `${path}/payment-methods`,
        item: raw,
      });
      sections.license_keys = await licenseKeysOf(api, id);
      return sections;
    },
    /** Polar cancels the subscriptions and revokes the benefits by itself, in the background. */
    async erase(ref) {
      const id = await findId(api, ref);
      const erased =
        id === null
          ? null
          : await api.find({
              operation: 'customers.erase',
              method: 'DELETE',
              path: pathOf(id),
              query: { anonymize: true },
              reply: raw.transform(() => true),
            });
      return erased ? { outcome: 'anonymized', retained: POLAR_RETAINS } : { outcome: 'not_found', retained: [] };
    },
  };
}

/** By the provider's id; else by ours, for a customer whose id nobody recorded. */
async function findId(api: JsonApi, ref: CustomerDataRef): Promise<string | null> {
  const identity = z.object({ id: z.string() });
  const operation = { operation: 'customers.get', method: 'GET', reply: identity } as const;
  const known = await api.find({ ...operation, path: pathOf(ref.providerCustomerId) });
  if (known) return known.id;
  const path = `/v1/customers/external/${encodeURIComponent(ref.organizationId)}`;
  return (await api.find({ ...operation, path }))?.id ?? null;
}

/** Polar lists them by organization only. */
async function licenseKeysOf(api: JsonApi, customerId: string): Promise<readonly unknown[]> {
  const all = await readAll(api, {
    operation: 'export.license_keys',
    path: '/v1/license-keys/',
    item: owned,
  });
  return all.filter((key) => key.customer_id === customerId);
}

function pathOf(id: string): string {
  return `/v1/customers/${encodeURIComponent(id)}`;
}

function present(value: unknown): readonly unknown[] {
  return value == null ? [] : [value];
}
