import { z } from 'zod';
import { baseUrl, flag, isAnySet, isOn, secretsOf, text, type Environment } from '../environment.ts';
import { defineErrorMap } from '../error-map.ts';
import { defineProvider } from '../port.ts';
import { fungiesAbilities } from './abilities.ts';
import { createFungiesAccount } from './account.ts';
import { createFungiesArchive } from './archive.ts';
import { createFungiesCatalog } from './catalog.ts';
import { createFungiesChanges } from './changes.ts';
import { createFungiesCheckouts } from './checkouts.ts';
import { createFungiesApi, FUNGIES_HOSTS } from './client.ts';
import { fungiesCredentials } from './credentials.ts';
import { createFungiesCustomerData } from './customer-data.ts';
import { createFungiesCustomers } from './customers.ts';
import { createFungiesDiscounts } from './discounts.ts';
import errorMap from './error-map.json' with { type: 'json' };
import { createFungiesInvoices } from './invoices.ts';
import { createFungiesPortal } from './portal.ts';
import { fungiesRateLimits } from './rate-limits.ts';
import { createFungiesSubscriptions } from './subscriptions.ts';
import { fungiesWebhook } from './webhook.ts';

const configSchema = z
  .object({
    FUNGIES_PUBLIC_KEY: text,
    FUNGIES_SECRET_KEY: text,
    // The names that the API reference of this engine had first.
    FUNGIES_API_KEY: text,
    FUNGIES_API_SECRET: text,
    FUNGIES_WEBHOOK_SECRET: text,
    FUNGIES_WEBHOOK_SECRET_PREVIOUS: text,
    FUNGIES_STORE_URL: baseUrl,
    FUNGIES_SANDBOX: flag,
    FUNGIES_BASE_URL: baseUrl,
  })
  .refine((env) => (env.FUNGIES_PUBLIC_KEY ?? env.FUNGIES_API_KEY) !== undefined, {
    path: ['FUNGIES_PUBLIC_KEY'],
    error: 'is missing: the key for reads (pub_…)',
    when: () => true, // also beside other faults
  })
  .refine((env) => (env.FUNGIES_SECRET_KEY ?? env.FUNGIES_API_SECRET) !== undefined, {
    path: ['FUNGIES_SECRET_KEY'],
    error: 'is missing: the key for writes (sec_…)',
    when: () => true,
  })
  .refine((env) => env.FUNGIES_STORE_URL !== undefined || isElsewhere(env.FUNGIES_BASE_URL), {
    path: ['FUNGIES_STORE_URL'],
    error: 'is missing: where buyers shop (https://<store>.app.fungies.io)',
    when: () => true,
  })
  .transform((env) => {
    const isSandbox = isInSandbox(env);
    const apiUrl = env.FUNGIES_BASE_URL ?? FUNGIES_HOSTS[isSandbox ? 'sandbox' : 'production'];
    return {
      publicKey: env.FUNGIES_PUBLIC_KEY ?? env.FUNGIES_API_KEY ?? '',
      secretKey: env.FUNGIES_SECRET_KEY ?? env.FUNGIES_API_SECRET ?? '',
      live: !isSandbox,
      baseUrl: apiUrl,
      // A stand-in serves its store below its API.
      storeUrl: env.FUNGIES_STORE_URL ?? `${apiUrl}/store`,
      webhookSecrets: secretsOf(env.FUNGIES_WEBHOOK_SECRET, env.FUNGIES_WEBHOOK_SECRET_PREVIOUS),
    };
  });

/** Keys do not tell their mode. Any host but Fungies' own production counts as sandbox unless said otherwise. */
function isInSandbox(env: Environment): boolean {
  const url = env.FUNGIES_BASE_URL?.trim().replace(/\/+$/, '') ?? '';
  return isOn(env.FUNGIES_SANDBOX) ?? (url !== '' && url !== FUNGIES_HOSTS.production);
}

function isElsewhere(url: string | undefined): boolean {
  return url !== undefined && !Object.values<string>(FUNGIES_HOSTS).includes(url);
}

export const fungies = defineProvider({
  id: 'fungies',
  name: 'Fungies',
  credentials: fungiesCredentials,
  configSchema,
  isConfigured: (env) =>
    isAnySet(env, [
      'FUNGIES_PUBLIC_KEY',
      'FUNGIES_SECRET_KEY',
      'FUNGIES_API_KEY',
      'FUNGIES_API_SECRET',
      'FUNGIES_WEBHOOK_SECRET',
      'FUNGIES_WEBHOOK_SECRET_PREVIOUS',
    ]),
  isLive: (env) => !isInSandbox(env),
  abilities: fungiesAbilities,
  errorMap: defineErrorMap('fungies', errorMap),
  rateLimits: fungiesRateLimits,
  webhook: fungiesWebhook,
  createAccount(config, http) {
    const { publicKey, secretKey, baseUrl: apiUrl, storeUrl } = config;
    const api = createFungiesApi({ publicKey, secretKey, baseUrl: apiUrl, http });
    return {
      live: config.live,
      webhookSecrets: config.webhookSecrets,
      client: {
        account: createFungiesAccount(api),
        customers: createFungiesCustomers(api),
        checkouts: createFungiesCheckouts(api, storeUrl),
        subscriptions: createFungiesSubscriptions(api),
        invoices: createFungiesInvoices(api),
        portal: createFungiesPortal(storeUrl),
        catalog: createFungiesCatalog(api),
        discounts: createFungiesDiscounts(api),
        changes: createFungiesChanges(api),
        customerData: createFungiesCustomerData(api),
        archive: createFungiesArchive(api),
      },
    };
  },
});
