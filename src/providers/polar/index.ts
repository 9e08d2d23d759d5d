import { z } from 'zod';
import { baseUrl, flag, isAnySet, isOn, secretsOf, text } from '../environment.ts';
import { defineErrorMap } from '../error-map.ts';
import { defineProvider } from '../port.ts';
import { polarAbilities } from './abilities.ts';
import { createPolarBenefits } from './benefits.ts';
import { createPolarCatalog } from './catalog.ts';
import { createPolarChanges } from './changes.ts';
import { createPolarCheckouts } from './checkouts.ts';
import { createPolarApi, POLAR_HOSTS } from './client.ts';
import { polarCredentials } from './credentials.ts';
import { createPolarCustomerData } from './customer-data.ts';
import { createPolarCustomers } from './customers.ts';
import { createPolarDiscounts } from './discounts.ts';
import { createPolarDisputes } from './disputes.ts';
import errorMap from './error-map.json' with { type: 'json' };
import { createPolarInvoices } from './invoices.ts';
import { createPolarLicenseKeys } from './license-keys.ts';
import { checkAccount, rememberOrganization } from './organization.ts';
import { createPolarPaymentMethods } from './payment-methods.ts';
import { createPolarPortal } from './portal.ts';
import { polarRateLimits } from './rate-limits.ts';
import { createPolarRefunds } from './refunds.ts';
import { createPolarSubscriptions } from './subscriptions.ts';
import { createPolarUsage } from './usage.ts';
import { createPolarWebhookEndpoints } from './webhook-endpoints.ts';
import { polarWebhook } from './webhook.ts';

const configSchema = z
  .object({
    POLAR_ACCESS_TOKEN: text,
    POLAR_API_KEY: text,
    POLAR_WEBHOOK_SECRET: text,
    POLAR_WEBHOOK_SECRET_PREVIOUS: text,
    POLAR_SANDBOX: flag,
    POLAR_BASE_URL: baseUrl,
  })
  .refine((env) => (env.POLAR_ACCESS_TOKEN ?? env.POLAR_API_KEY) !== undefined, {
    path: ['POLAR_ACCESS_TOKEN'],
    error: 'is missing: an organization access token (polar_oat_…)',
    when: () => true, // also beside other faults
  })
  .transform((env) => {
    const isTest = isSandbox(env);
    return {
      accessToken: env.POLAR_ACCESS_TOKEN ?? env.POLAR_API_KEY ?? '',
      live: !isTest,
      baseUrl: env.POLAR_BASE_URL ?? (isTest ? POLAR_HOSTS.sandbox : POLAR_HOSTS.production),
      webhookSecrets: secretsOf(env.POLAR_WEBHOOK_SECRET, env.POLAR_WEBHOOK_SECRET_PREVIOUS),
    };
  });

interface Host {
  readonly POLAR_SANDBOX?: string | undefined;
  readonly POLAR_BASE_URL?: string | undefined;
}

/** Tokens do not tell which environment they are of; any host but production's counts as test unless said otherwise. */
function isSandbox({ POLAR_SANDBOX: isSaid, POLAR_BASE_URL: host }: Host): boolean {
  return isOn(isSaid) ?? (host !== undefined && host !== POLAR_HOSTS.production);
}

/** For refusing real money: production's host is live whatever is said of it. */
function isLive(env: Readonly<Record<string, string | undefined>>): boolean {
  const host = baseUrl.safeParse(env.POLAR_BASE_URL).data;
  return host === POLAR_HOSTS.production || !isSandbox({ POLAR_SANDBOX: env.POLAR_SANDBOX, POLAR_BASE_URL: host });
}

export const polar = defineProvider({
  id: 'polar',
  name: 'Polar',
  credentials: polarCredentials,
  configSchema,
  isLive,
  isConfigured: (env) =>
    isAnySet(env, ['POLAR_ACCESS_TOKEN', 'POLAR_API_KEY', 'POLAR_WEBHOOK_SECRET', 'POLAR_WEBHOOK_SECRET_PREVIOUS']),
  abilities: polarAbilities,
  errorMap: defineErrorMap('polar', errorMap),
  rateLimits: polarRateLimits,
  webhook: polarWebhook,
  createAccount(config, http) {
    const api = createPolarApi({ accessToken: config.accessToken, baseUrl: config.baseUrl, http });
    const organization = rememberOrganization(api);
    return {
      live: config.live,
      webhookSecrets: config.webhookSecrets,
      client: {
        account: { check: () => checkAccount(api) },
        customers: createPolarCustomers(api),
        checkouts: createPolarCheckouts(api),
        subscriptions: createPolarSubscriptions(api),
        paymentMethods: createPolarPaymentMethods(api),
        invoices: createPolarInvoices(api),
        refunds: createPolarRefunds(api),
        disputes: createPolarDisputes(api),
        portal: createPolarPortal(api),
        catalog: createPolarCatalog(api),
        discounts: createPolarDiscounts(api),
        benefits: createPolarBenefits(api, organization),
        licenseKeys: createPolarLicenseKeys(api, organization),
        usage: createPolarUsage(api),
        changes: createPolarChanges(api),
        customerData: createPolarCustomerData(api),
        webhookEndpoints: createPolarWebhookEndpoints(api),
      },
    };
  },
});
