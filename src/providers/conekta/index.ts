import { createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { baseUrl, flag, isAnySet, isOn, secretsOf, text } from '../environment.ts';
import { defineErrorMap } from '../error-map.ts';
import { defineProvider } from '../port.ts';
import { conektaAbilities } from './abilities.ts';
import { createConektaAccount } from './account.ts';
import { createConektaCatalog } from './catalog.ts';
import { createConektaChanges } from './changes.ts';
import { createConektaCheckouts } from './checkouts.ts';
import { CONEKTA_HOST, createConektaApi } from './client.ts';
import { conektaCredentials } from './credentials.ts';
import { createConektaCustomerData } from './customer-data.ts';
import { createConektaCustomers } from './customers.ts';
import { createConektaDisputes } from './disputes.ts';
import errorMap from './error-map.json' with { type: 'json' };
import { createConektaInvoices } from './invoices.ts';
import { createConektaPaymentMethods } from './payment-methods.ts';
import { createConektaPayments } from './payments.ts';
import { createConektaPortal } from './portal.ts';
import { conektaRateLimits } from './rate-limits.ts';
import { createConektaRefunds } from './refunds.ts';
import { createConektaSubscriptions } from './subscriptions.ts';
import { createConektaWebhookEndpoints } from './webhook-endpoints.ts';
import { conektaWebhook } from './webhook.ts';

/** PEM as it is, with `\n` written out (dotenv on one line), or base64 of the PEM. */
const publicKey = text
  .transform((value) => {
    if (value === undefined) return undefined;
    return value.includes('-----BEGIN') ? value.replaceAll('\\n', '\n') : Buffer.from(value, 'base64').toString('utf8');
  })
  .refine((pem) => pem === undefined || isRsaKey(pem), {
    error: 'must be an RSA public key: PEM, PEM with \\n, or base64 of PEM',
  });

function isRsaKey(pem: string): boolean {
  try {
    return createPublicKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}

const configSchema = z
  .object({
    CONEKTA_API_KEY: text,
    CONEKTA_TEST_KEY: text,
    CONEKTA_WEBHOOK_PUBLIC_KEY: publicKey,
    CONEKTA_WEBHOOK_PUBLIC_KEY_PREVIOUS: publicKey,
    CONEKTA_WEBHOOK_SECRET: text.refine((value) => value === undefined, {
      error:
        'Conekta signs with RSA, not with a shared secret: set CONEKTA_WEBHOOK_PUBLIC_KEY to the public_key of POST /webhook_keys',
    }),
    CONEKTA_SANDBOX: flag,
    CONEKTA_BASE_URL: baseUrl,
  })
  .refine((env) => (env.CONEKTA_API_KEY ?? env.CONEKTA_TEST_KEY) !== undefined, {
    path: ['CONEKTA_API_KEY'],
    error: 'is missing: a private key (key_…); CONEKTA_TEST_KEY is enough for test mode',
    when: () => true, // also beside other faults
  })
  .refine(
    (env) =>
      isOn(env.CONEKTA_SANDBOX) !== false || env.CONEKTA_API_KEY !== undefined || env.CONEKTA_TEST_KEY === undefined,
    {
      path: ['CONEKTA_API_KEY'],
      error: 'is missing: CONEKTA_SANDBOX=false needs the live key',
    },
  )
  .transform((env) => {
    // Keys do not tell their mode. Any host but Conekta's own counts as test unless said otherwise.
    const isElsewhere = env.CONEKTA_BASE_URL !== undefined && env.CONEKTA_BASE_URL !== CONEKTA_HOST;
    const isSandbox = isOn(env.CONEKTA_SANDBOX) ?? (isElsewhere || env.CONEKTA_API_KEY === undefined);
    const [first, second] = isSandbox
      ? [env.CONEKTA_TEST_KEY, env.CONEKTA_API_KEY]
      : [env.CONEKTA_API_KEY, env.CONEKTA_TEST_KEY];
    return {
      apiKey: first ?? second ?? '',
      live: !isSandbox,
      baseUrl: env.CONEKTA_BASE_URL ?? CONEKTA_HOST,
      webhookSecrets: secretsOf(env.CONEKTA_WEBHOOK_PUBLIC_KEY, env.CONEKTA_WEBHOOK_PUBLIC_KEY_PREVIOUS),
    };
  });

export const conekta = defineProvider({
  id: 'conekta',
  name: 'Conekta',
  credentials: conektaCredentials,
  configSchema,
  isConfigured: (env) =>
    isAnySet(env, [
      'CONEKTA_API_KEY',
      'CONEKTA_TEST_KEY',
      'CONEKTA_WEBHOOK_PUBLIC_KEY',
      'CONEKTA_WEBHOOK_PUBLIC_KEY_PREVIOUS',
      'CONEKTA_WEBHOOK_SECRET',
    ]),
  // Keys do not tell their mode: without CONEKTA_SANDBOX the live key alone at Conekta's own host counts as live.
  isLive: (env) => {
    const read = configSchema.safeParse(env);
    return read.success ? read.data.live : isAnySet(env, ['CONEKTA_API_KEY']);
  },
  abilities: conektaAbilities,
  errorMap: defineErrorMap('conekta', errorMap),
  rateLimits: conektaRateLimits,
  webhook: conektaWebhook,
  createAccount(config, http) {
    const api = createConektaApi({ apiKey: config.apiKey, baseUrl: config.baseUrl, http });
    return {
      live: config.live,
      webhookSecrets: config.webhookSecrets,
      client: {
        account: createConektaAccount(api),
        customers: createConektaCustomers(api),
        checkouts: createConektaCheckouts(api),
        subscriptions: createConektaSubscriptions(api),
        paymentMethods: createConektaPaymentMethods(api),
        payments: createConektaPayments(api),
        invoices: createConektaInvoices(api),
        refunds: createConektaRefunds(api),
        disputes: createConektaDisputes(api),
        portal: createConektaPortal(api),
        catalog: createConektaCatalog(api),
        changes: createConektaChanges(api),
        customerData: createConektaCustomerData(api),
        webhookEndpoints: createConektaWebhookEndpoints(api),
      },
    };
  },
});
