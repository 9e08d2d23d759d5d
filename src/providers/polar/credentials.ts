import type { CredentialField } from '../port.ts';

/** In the order a person fills them in. `POLAR_API_KEY` is an older name of the token in the environment. */
export const polarCredentials: Readonly<Record<string, CredentialField>> = {
  POLAR_ACCESS_TOKEN: {
    description: 'Organization access token: in Polar under Settings, General, Developers; it is shown once.',
    isSecret: true,
    isRequired: true,
    example: 'polar_oat_0123456789abcdefghijklmnopqrstuv',
  },
  POLAR_WEBHOOK_SECRET: {
    description: 'Secret of the webhook endpoint: in Polar under Settings, Webhooks, on the endpoint.',
    isSecret: true,
    isRequired: false,
    example: 'whsec_MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY=',
    previousKey: 'POLAR_WEBHOOK_SECRET_PREVIOUS',
  },
  POLAR_SANDBOX: {
    description: 'true for an organization at sandbox.polar.sh, whose tokens and data are separate; else production.',
    isSecret: false,
    isRequired: false,
    example: 'true',
  },
  POLAR_BASE_URL: {
    description: 'Another address of the API, such as a local simulator; any but production’s counts as test.',
    isSecret: false,
    isRequired: false,
    example: 'http://127.0.0.1:4010',
  },
};
