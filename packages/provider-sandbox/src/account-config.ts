import type { Sandbox } from './context.ts';

/** How a client reaches the four stand-ins of one account. */
export interface SandboxConfig {
  polar: { base_url: string; api_key: string; webhook_secret: string };
  conekta: { base_url: string; api_key: string; webhook_public_key: string };
  stripe: { base_url: string; api_key: string; webhook_secret: string };
  fungies: { base_url: string; api_key: string; api_secret: string; webhook_secret: string };
}

export function configOf(sandbox: Sandbox): SandboxConfig {
  const url = sandbox.publicUrl();
  const { polar, conekta, stripe, fungies } = sandbox.credentials.current();
  return {
    polar: { base_url: `${url}/polar`, api_key: polar.apiKey, webhook_secret: polar.secret },
    conekta: { base_url: `${url}/conekta`, api_key: conekta.apiKey, webhook_public_key: conekta.publicKey },
    stripe: { base_url: url, api_key: stripe.apiKey, webhook_secret: stripe.secret },
    fungies: {
      base_url: `${url}/fungies`,
      api_key: fungies.publicKey,
      api_secret: fungies.secretKey,
      webhook_secret: fungies.secret,
    },
  };
}

/** The same under the environment variables by which an application usually configures each provider. */
export function withEnvironment({ polar, conekta, stripe, fungies }: SandboxConfig) {
  const key = conekta.webhook_public_key.replaceAll('\n', String.raw`\n`);
  return {
    polar: {
      ...polar,
      env: {
        POLAR_BASE_URL: polar.base_url,
        POLAR_ACCESS_TOKEN: polar.api_key,
        POLAR_WEBHOOK_SECRET: polar.webhook_secret,
        POLAR_SANDBOX: 'true',
      },
    },
    conekta: {
      ...conekta,
      env: {
        CONEKTA_BASE_URL: conekta.base_url,
        CONEKTA_API_KEY: conekta.api_key,
        CONEKTA_WEBHOOK_PUBLIC_KEY: key,
        CONEKTA_SANDBOX: 'true',
      },
    },
    stripe: {
      ...stripe,
      env: {
        STRIPE_BASE_URL: stripe.base_url,
        STRIPE_SECRET_KEY: stripe.api_key,
        STRIPE_WEBHOOK_SECRET: stripe.webhook_secret,
      },
    },
    fungies: {
      ...fungies,
      env: {
        FUNGIES_BASE_URL: fungies.base_url,
        FUNGIES_STORE_URL: `${fungies.base_url}/store`,
        FUNGIES_PUBLIC_KEY: fungies.api_key,
        FUNGIES_SECRET_KEY: fungies.api_secret,
        FUNGIES_WEBHOOK_SECRET: fungies.webhook_secret,
        FUNGIES_SANDBOX: 'true',
      },
    },
  };
}
