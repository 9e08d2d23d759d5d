import type { CredentialField } from '../port.ts';

export const fungiesCredentials: Readonly<Record<string, CredentialField>> = {
  FUNGIES_PUBLIC_KEY: {
    description:
      'The key for reads, from Developers → API keys. It alone reads every order and user: never for a browser, whatever its name says.',
    isSecret: true,
    isRequired: true,
    example: 'pub_example1234567890',
  },
  FUNGIES_SECRET_KEY: {
    description: 'The key for writes, from the same page.',
    isSecret: true,
    isRequired: true,
    example: 'sec_example1234567890',
  },
  FUNGIES_WEBHOOK_SECRET: {
    description: 'The signing secret of the webhook endpoint, from Developers → Webhooks.',
    isSecret: true,
    isRequired: false,
    example: 'whk_example1234567890',
    previousKey: 'FUNGIES_WEBHOOK_SECRET_PREVIOUS',
  },
  FUNGIES_STORE_URL: {
    description:
      'Where buyers shop: https://<store>.app.fungies.io, or a domain of your own. The store must be published.',
    isSecret: false,
    isRequired: true,
    example: 'https://example.app.fungies.io',
  },
  FUNGIES_SANDBOX: {
    description: 'true: the sandbox, which shares no key with production.',
    isSecret: false,
    isRequired: false,
    example: 'true',
  },
  FUNGIES_BASE_URL: {
    description: 'The root of the API without /v0, where it is not Fungies’ own.',
    isSecret: false,
    isRequired: false,
    example: 'https://api.stage.fungies.net',
  },
};
