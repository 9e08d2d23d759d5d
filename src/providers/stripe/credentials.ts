import type { CredentialField } from '../port.ts';

const field = (
  input: Partial<CredentialField> & Pick<CredentialField, 'description' | 'example'>,
): CredentialField => ({
  isSecret: false,
  isRequired: false,
  ...input,
});

/** In the order a person fills them in. */
export const stripeCredentials: Readonly<Record<string, CredentialField>> = {
  STRIPE_SECRET_KEY: field({
    description: 'Secret or restricted key: Dashboard, Developers, API keys. Its form tells test from live.',
    isSecret: true,
    isRequired: true,
    example: 'sk_test_madeup0000000000',
  }),
  STRIPE_API_KEY: field({
    description: 'Another name for STRIPE_SECRET_KEY, which goes first.',
    isSecret: true,
    example: 'sk_test_madeup0000000000',
  }),
  STRIPE_WEBHOOK_SECRET: field({
    description: "The endpoint's signing secret: Dashboard, Developers, Webhooks. Each endpoint and mode has its own.",
    isSecret: true,
    example: 'whsec_madeup0000000000',
    previousKey: 'STRIPE_WEBHOOK_SECRET_PREVIOUS',
  }),
  STRIPE_WEBHOOK_SECRET_PREVIOUS: field({
    description: 'The signing secret before a roll; Stripe signs with both for up to 24 hours.',
    isSecret: true,
    example: 'whsec_madeup1111111111',
  }),
  STRIPE_TEST_MODE: field({
    description: 'true or false; must agree with the key. Guards against a live key in a test installation.',
    example: 'true',
  }),
  STRIPE_AUTOMATIC_TAX: field({
    description:
      'true: Stripe Tax computes what is due. Registrations and a tax code must be set in the Dashboard first.',
    example: 'false',
  }),
  STRIPE_BASE_URL: field({
    description: 'Where the API is, for a sandbox or a proxy.',
    example: 'https://api.stripe.com',
  }),
};
