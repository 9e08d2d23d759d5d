import type Stripe from 'stripe';
import { z } from 'zod';
import type { Budget } from '../http.ts';
import type { PortalOperations } from '../port-money.ts';
import type { StripeApi } from './client.ts';
import { listOf } from './wire.ts';

/** In the metadata of the configuration we make; a change of its features takes another number. */
const CONFIGURATION = 'plinto-1';

const configuration = z.object({
  id: z.string(),
  metadata: z.record(z.string(), z.string()).nullish(),
});

const session = z.object({ url: z.string() });

/**
 * A session under a configuration of ours, so that what the customer may do there does not hang on the Dashboard:
 * their own data, methods, invoices, and a cancellation at the period's end. Plans change here, not there.
 */
export function createStripePortal(api: StripeApi): PortalOperations {
  let known: Promise<string> | null = null;

  /** Looked up once per account and process; a failure is forgotten. */
  function configurationId(budget: Budget): Promise<string> {
    known ??= ensureConfiguration(api, budget).catch((error: unknown) => {
      known = null;
      throw error;
    });
    return known;
  }

  return {
    async create({ providerCustomerId, returnUrl, idempotencyKey }) {
      const budget = api.budget();
      const used = await configurationId(budget);
      const call = api.call({
        operation: 'portal.create',
        reply: session,
        budget,
        key: `${idempotencyKey}:portal`,
        isRepeatable: true,
        send: (stripe, options) =>
          stripe.billingPortal.sessions.create(
            {
              customer: providerCustomerId,
              configuration: used,
              ...(returnUrl === null ? {} : { return_url: returnUrl }),
            },
            options,
          ),
      });
      const created = await call.catch((error: unknown) => {
        // Somebody may have archived the configuration.
        known = null;
        throw error;
      });
      return { url: created.url, expiresAt: null };
    },
  };
}

async function ensureConfiguration(api: StripeApi, budget: Budget): Promise<string> {
  const found = await api.call({
    operation: 'portal.configurations.list',
    reply: listOf(configuration),
    budget,
    send: (stripe, options) => stripe.billingPortal.configurations.list({ active: true, limit: 100 }, options),
  });
  const ours = found.data.find(({ metadata }) => metadata?.configuration === CONFIGURATION);
  if (ours) return ours.id;
  const created = await api.call({
    operation: 'portal.configurations.create',
    reply: configuration,
    budget,
    // Without a key, which would tell of an archived one again for a day; two processes at once make two, and use one.
    send: (stripe, options) => stripe.billingPortal.configurations.create(configurationParams(), options),
  });
  return created.id;
}

function configurationParams(): Stripe.BillingPortal.ConfigurationCreateParams {
  return {
    metadata: { configuration: CONFIGURATION },
    features: {
      customer_update: { enabled: true, allowed_updates: ['address', 'email', 'name', 'phone', 'tax_id'] },
      invoice_history: { enabled: true },
      payment_method_update: { enabled: true },
      subscription_cancel: { enabled: true, mode: 'at_period_end' },
      subscription_update: { enabled: false },
    },
  };
}
