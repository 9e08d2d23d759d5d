import { z } from 'zod';
import { baseUrl, flag, isAnySet, isOn, secretsOf, text } from '../environment.ts';
import { defineErrorMap } from '../error-map.ts';
import { defineProvider } from '../port.ts';
import { stripeAbilities } from './abilities.ts';
import { createStripeAccountCheck } from './account.ts';
import { createStripeCatalog } from './catalog.ts';
import { createStripeChanges } from './changes.ts';
import { createStripeCheckouts } from './checkouts.ts';
import { createStripeApi, STRIPE_HOST } from './client.ts';
import { stripeCredentials } from './credentials.ts';
import { createStripeCustomerData } from './customer-data.ts';
import { createStripeCustomers } from './customers.ts';
import { createStripeDiscounts } from './discounts.ts';
import { createStripeDisputes } from './disputes.ts';
import errorMap from './error-map.json' with { type: 'json' };
import { createStripeInvoices } from './invoices.ts';
import { createStripePaymentMethods } from './payment-methods.ts';
import { createStripePayments } from './payments.ts';
import { createStripePortal } from './portal.ts';
import { stripeRateLimits } from './rate-limits.ts';
import { createStripeRefunds } from './refunds.ts';
import { createStripeSubscriptions } from './subscriptions.ts';
import { createStripeUsage } from './usage.ts';
import { createStripeWebhookEndpoints } from './webhook-endpoints.ts';
import { stripeWebhook } from './webhook.ts';

const apiKey = text.refine((value) => value === undefined || /^(sk|rk)_(test|live)_/.test(value), {
  error: 'must be a secret or restricted key: sk_test_…, sk_live_…, rk_test_… or rk_live_…',
});

const configSchema = z
  .object({
    STRIPE_SECRET_KEY: apiKey,
    STRIPE_API_KEY: apiKey,
    STRIPE_WEBHOOK_SECRET: text,
    STRIPE_WEBHOOK_SECRET_PREVIOUS: text,
    STRIPE_TEST_MODE: flag,
    STRIPE_AUTOMATIC_TAX: flag,
    STRIPE_BASE_URL: baseUrl,
  })
  .refine((env) => (env.STRIPE_SECRET_KEY ?? env.STRIPE_API_KEY) !== undefined, {
    path: ['STRIPE_SECRET_KEY'],
    error: 'is missing: a secret key (sk_…)',
    when: () => true, // also beside other faults
  })
  .refine((env) => isOn(env.STRIPE_TEST_MODE) !== isLive(env.STRIPE_SECRET_KEY ?? env.STRIPE_API_KEY ?? ''), {
    path: ['STRIPE_TEST_MODE'],
    error: 'contradicts the key, which is of the other mode',
  })
  .transform((env) => {
    const key = env.STRIPE_SECRET_KEY ?? env.STRIPE_API_KEY ?? '';
    return {
      apiKey: key,
      live: isLive(key),
      automaticTax: isOn(env.STRIPE_AUTOMATIC_TAX) ?? false,
      baseUrl: env.STRIPE_BASE_URL ?? STRIPE_HOST,
      webhookSecrets: secretsOf(env.STRIPE_WEBHOOK_SECRET, env.STRIPE_WEBHOOK_SECRET_PREVIOUS),
    };
  });

function isLive(key: string): boolean {
  return key.split('_')[1] === 'live';
}

export const stripe = defineProvider({
  id: 'stripe',
  name: 'Stripe',
  credentials: stripeCredentials,
  configSchema,
  isConfigured: (env) =>
    isAnySet(env, ['STRIPE_SECRET_KEY', 'STRIPE_API_KEY', 'STRIPE_WEBHOOK_SECRET', 'STRIPE_WEBHOOK_SECRET_PREVIOUS']),
  isLive: (env) => [env.STRIPE_SECRET_KEY, env.STRIPE_API_KEY].some((key) => isLive(key?.trim() ?? '')),
  abilities: stripeAbilities,
  errorMap: defineErrorMap('stripe', errorMap),
  rateLimits: stripeRateLimits,
  webhook: stripeWebhook,
  createAccount(config, http) {
    const api = createStripeApi({ apiKey: config.apiKey, baseUrl: config.baseUrl, http });
    return {
      live: config.live,
      webhookSecrets: config.webhookSecrets,
      client: {
        account: createStripeAccountCheck(api),
        customers: createStripeCustomers(api),
        checkouts: createStripeCheckouts(api, config),
        subscriptions: createStripeSubscriptions(api, config),
        paymentMethods: createStripePaymentMethods(api),
        payments: createStripePayments(api),
        invoices: createStripeInvoices(api),
        refunds: createStripeRefunds(api),
        disputes: createStripeDisputes(api),
        portal: createStripePortal(api),
        catalog: createStripeCatalog(api),
        discounts: createStripeDiscounts(api),
        usage: createStripeUsage(api),
        changes: createStripeChanges(api),
        customerData: createStripeCustomerData(api),
        webhookEndpoints: createStripeWebhookEndpoints(api),
      },
    };
  },
});
