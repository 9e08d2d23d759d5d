import { z } from 'zod';
import { baseUrl, flag, isAnySet, isOn, secretsOf, text } from '../environment.ts';
import { defineProvider } from '../port.ts';
import { polarAbilities } from './abilities.ts';
import { createPolarCatalog } from './catalog.ts';
import { createPolarCheckouts } from './checkouts.ts';
import { createPolarApi, POLAR_HOSTS } from './client.ts';
import { createPolarCustomers } from './customers.ts';
import { createPolarSubscriptions } from './subscriptions.ts';
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
    // Tokens do not tell which environment they are of; any host but production's counts as test unless said otherwise.
    const isSandbox =
      isOn(env.POLAR_SANDBOX) ?? (env.POLAR_BASE_URL !== undefined && env.POLAR_BASE_URL !== POLAR_HOSTS.production);
    return {
      accessToken: env.POLAR_ACCESS_TOKEN ?? env.POLAR_API_KEY ?? '',
      live: !isSandbox,
      baseUrl: env.POLAR_BASE_URL ?? (isSandbox ? POLAR_HOSTS.sandbox : POLAR_HOSTS.production),
      webhookSecrets: secretsOf(env.POLAR_WEBHOOK_SECRET, env.POLAR_WEBHOOK_SECRET_PREVIOUS),
    };
  });

export const polar = defineProvider({
  id: 'polar',
  name: 'Polar',
  configSchema,
  isConfigured: (env) =>
    isAnySet(env, ['POLAR_ACCESS_TOKEN', 'POLAR_API_KEY', 'POLAR_WEBHOOK_SECRET', 'POLAR_WEBHOOK_SECRET_PREVIOUS']),
  abilities: polarAbilities,
  webhook: polarWebhook,
  createAccount(config, http) {
    const api = createPolarApi({ accessToken: config.accessToken, baseUrl: config.baseUrl, http });
    return {
      live: config.live,
      webhookSecrets: config.webhookSecrets,
      client: {
        customers: createPolarCustomers(api),
        checkouts: createPolarCheckouts(api),
        subscriptions: createPolarSubscriptions(api),
        catalog: createPolarCatalog(api),
      },
    };
  },
});
