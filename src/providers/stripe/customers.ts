import { createHash } from 'node:crypto';
import type Stripe from 'stripe';
import { z } from 'zod';
import type { Budget } from '../http.ts';
import type { CustomerInput, ProviderClient, ProviderCustomer } from '../port.ts';
import type { StripeApi } from './client.ts';
import { isStripeCode } from './errors.ts';
import { listOf, stripeCustomer } from './wire.ts';

export function createStripeCustomers(api: StripeApi): ProviderClient['customers'] {
  return {
    create: (input) => createCustomer(api, input, `${input.idempotencyKey}:customer`, api.budget()),
    async get(id) {
      const found = await api.find({
        operation: 'customers.get',
        reply: stripeCustomer,
        budget: api.budget(),
        send: (stripe, options) => stripe.customers.retrieve(id, {}, options),
      });
      return found && !found.deleted ? mapCustomer(found) : null;
    },
    async update(id, input) {
      const updated = await api.call({
        operation: 'customers.update',
        reply: stripeCustomer,
        budget: api.budget(),
        send: (stripe, options) => stripe.customers.update(id, paramsOf(input), options),
      });
      return mapCustomer(updated);
    },
    /** Stripe cancels the customer's subscriptions at once. */
    async remove(id) {
      await api.find({
        operation: 'customers.remove',
        reply: z.unknown(),
        budget: api.budget(),
        send: (stripe, options) => stripe.customers.del(id, options),
      });
    },
    /** By search, which lags a minute behind writes. */
    async find(organizationId) {
      const page = await api.call({
        operation: 'customers.find',
        reply: listOf(stripeCustomer),
        budget: api.budget(),
        send: (stripe, options) =>
          stripe.customers.search({ query: `metadata['organization_id']:'${organizationId}'`, limit: 100 }, options),
      });
      const found = page.data.find(
        (customer) => customer.metadata?.organization_id === organizationId && !customer.deleted,
      );
      return found ? mapCustomer(found) : null;
    },
  };
}

/**
 * The customer of a checkout. The key is made of the organization and what is sent, not of the checkout, so that
 * checkouts of one organization share a customer. While another call with the same key still runs, Stripe answers 409:
 * then this checkout makes its own, which is harmless, rather than fail.
 */
export async function ensureCustomer(
  api: StripeApi,
  input: CustomerInput,
  scope: { readonly projectId: string; readonly idempotencyKey: string },
  budget: Budget,
): Promise<string> {
  if (input.providerCustomerId !== null) return input.providerCustomerId;
  const sent = createHash('sha256')
    .update(JSON.stringify(paramsOf(input)))
    .digest('hex')
    .slice(0, 32);
  const key = `customer:${scope.projectId}:${input.organizationId}:${sent}`;
  try {
    return (await createCustomer(api, input, key, budget)).providerCustomerId;
  } catch (error) {
    if (!isStripeCode(error, 'idempotency_key_in_use')) throw error;
    return createOwnCustomer(api, input, scope, budget);
  }
}

/** A customer of this checkout alone, where the organization's key cannot serve. */
export async function createOwnCustomer(
  api: StripeApi,
  input: CustomerInput,
  scope: { readonly idempotencyKey: string },
  budget: Budget,
): Promise<string> {
  return (await createCustomer(api, input, `${scope.idempotencyKey}:customer`, budget)).providerCustomerId;
}

async function createCustomer(
  api: StripeApi,
  input: CustomerInput,
  key: string,
  budget: Budget,
): Promise<ProviderCustomer> {
  const created = await api.call({
    operation: 'customers.create',
    reply: stripeCustomer,
    budget,
    key,
    isRepeatable: true,
    send: (stripe, options) => stripe.customers.create(paramsOf(input), options),
  });
  return mapCustomer(created);
}

function paramsOf(input: CustomerInput): Stripe.CustomerCreateParams {
  const { address } = input;
  return {
    ...(input.email === null ? {} : { email: input.email }),
    ...(input.name === null ? {} : { name: input.name }),
    ...(input.phone === null ? {} : { phone: input.phone }),
    ...(address === null
      ? {}
      : {
          address: {
            country: address.country,
            ...(address.line1 === null ? {} : { line1: address.line1 }),
            ...(address.line2 === null ? {} : { line2: address.line2 }),
            ...(address.city === null ? {} : { city: address.city }),
            ...(address.state === null ? {} : { state: address.state }),
            ...(address.postalCode === null ? {} : { postal_code: address.postalCode }),
          },
        }),
    metadata: { organization_id: input.organizationId },
  };
}

function mapCustomer(customer: z.output<typeof stripeCustomer>): ProviderCustomer {
  return {
    providerCustomerId: customer.id,
    organizationId: customer.metadata?.organization_id ?? null,
    email: customer.email ?? null,
  };
}
