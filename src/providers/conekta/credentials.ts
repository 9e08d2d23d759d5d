import type { CredentialField } from '../port.ts';

// A 2048-bit key made for examples: nothing real is signed with it.
const EXAMPLE_KEY = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA3WukxYDKKuxi6fYpueR1
s0dvaib/m6EIPjqkojSScrv/dTxBDCVyd0FWTaviIUtItGVrd8LxX2Vplha/+0NP
i+dCpjAU5V9SK8PBDMUMxMrJWl7SnnpnMiRJLoJoWk/kailQDWjyx7qh/gyZb5Qt
UP4rFyJAi+9kWlnPOF+qaVtpDacr0Ln8WC9JrO8qA9syRiwJ2Ps/z/pOQ7HMYOt4
gNUAz2LxRY/fY7FJZxBQ/bL/Aev6PIgnub0b6yyN4OwpdBd7p6B13g2wOnl5cqn6
VRs3lkQxHy+eQHuSiQki6IPTQEZXU1VWKtvwOmZkBYJDwv+54LYX94oRwOZWQCMY
ywIDAQAB
-----END PUBLIC KEY-----`;

export const conektaCredentials: Readonly<Record<string, CredentialField>> = {
  CONEKTA_API_KEY: {
    description: 'The private live key, from Developers → API keys of the panel in live mode.',
    isSecret: true,
    isRequired: false,
    example: 'key_live1EXAMPLE2key3',
  },
  CONEKTA_TEST_KEY: {
    description: 'The private test key, from the same page in test mode; enough by itself for test mode.',
    isSecret: true,
    isRequired: false,
    example: 'key_test1EXAMPLE2key3',
  },
  CONEKTA_WEBHOOK_PUBLIC_KEY: {
    description:
      'The RSA public key that POST /webhook_keys answered, once, at its creation: PEM, PEM with \\n, or base64 of it.',
    isSecret: false,
    isRequired: false,
    example: EXAMPLE_KEY,
    previousKey: 'CONEKTA_WEBHOOK_PUBLIC_KEY_PREVIOUS',
  },
  CONEKTA_SANDBOX: {
    description: 'true: test mode, with the test key. Unset: test mode where there is only a test key.',
    isSecret: false,
    isRequired: false,
    example: 'true',
  },
  CONEKTA_BASE_URL: {
    description: 'The root of the API, where it is not api.conekta.io.',
    isSecret: false,
    isRequired: false,
    example: 'https://api.conekta.io',
  },
};
