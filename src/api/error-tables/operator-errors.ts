import type { ErrorPage } from './error-page.ts';

/** Codes of operators’ routes, provider accounts and webhooks. */
export const operatorErrors = {
  project_not_found: {
    kind: 'not_found',
    title: 'No such project',
    meaning: 'No project with this id exists, or the key belongs to another one.',
    fix: "Use the key's own project, or a key of the deployment's first project.",
  },
  project_exists: {
    kind: 'conflict',
    title: 'The id is taken',
    meaning: 'A project has this id already. Ids are never given again.',
    fix: 'Choose another id, or change the existing project.',
  },
  key_not_found: {
    kind: 'not_found',
    title: 'No such key',
    meaning: 'No API key with this id exists in the caller’s mode and projects.',
    fix: 'List the keys; live keys are seen by live keys only.',
  },
  job_not_found: {
    kind: 'not_found',
    title: 'No such job',
    meaning: 'No job with this id exists in the project and mode of the key, or it is too old to be remembered.',
    fix: 'Check the id, or start the job again: every job may be repeated.',
  },
  provider_credentials_rejected: {
    kind: 'unavailable',
    title: 'The provider refused the credentials',
    meaning: 'The key is unknown to the provider, of another mode, revoked, or lacks a permission.',
    fix: 'Check the account’s credentials and set them anew.',
  },
  provider_unreachable: {
    kind: 'unavailable',
    title: 'The provider cannot be reached',
    meaning: 'No connection came about: name resolution, network or TLS.',
    fix: 'Check the address and the way out of this network; repeat later.',
  },
  provider_timeout: {
    kind: 'unavailable',
    title: 'The provider did not answer in time',
    meaning: 'The call was sent, and no whole answer came.',
    fix: 'Repeat later.',
  },
  provider_error: {
    kind: 'unavailable',
    title: 'The provider failed to answer clearly',
    meaning: 'A server error, a cut connection, or an answer in no known form.',
    fix: 'Repeat later; see the provider’s status page.',
  },
  provider_rate_limited: {
    kind: 'rate_limited',
    title: 'The provider asked to slow down',
    meaning: 'The account’s rate limit is used up.',
    fix: 'Repeat after a while.',
  },
  provider_rejected: {
    kind: 'invalid',
    title: 'The provider refused the request',
    meaning: 'The provider understood the call and refused it as it stands.',
    fix: 'See the provider’s own log of the call.',
  },
  provider_not_found: {
    kind: 'not_found',
    title: 'No such provider',
    meaning: 'No provider has this id.',
    fix: 'List them under `/ops/providers`.',
  },
  provider_account_not_found: {
    kind: 'not_found',
    title: 'The project has no such account',
    meaning: 'The project keeps no account of its own at this provider in this mode.',
    fix: 'Put its credentials first.',
  },
  provider_account_in_use: {
    kind: 'conflict',
    title: 'The account is still needed',
    meaning: 'Open checkouts or live subscriptions are followed with this account.',
    fix: 'Let them end, or replace the credentials instead of removing them.',
  },
  encryption_not_configured: {
    kind: 'unavailable',
    title: 'No encryption keys',
    meaning: 'Credentials of projects and exports of customer data are only kept encrypted, and there is no key.',
    fix: 'The operator sets `ENCRYPTION_KEYS` for the API and the workers.',
  },
  webhook_event_not_found: {
    kind: 'not_found',
    title: 'No such webhook event',
    meaning: 'No event with this id is in the inbox of this project and mode.',
    fix: 'List the events with `GET /api/v1/ops/webhook-events`.',
  },
  signature_invalid: {
    kind: 'forbidden',
    status: 401,
    title: 'The webhook is not signed by the provider',
    meaning: 'No live secret signed these bytes within the replay window. Nothing was stored.',
    fix: 'Check the webhook secret, and that nothing changes the body on its way.',
  },
  webhook_malformed: {
    kind: 'invalid',
    status: 400,
    title: 'The webhook cannot be read',
    meaning: 'The signature is right, but the message is not in the form the provider documents.',
    fix: 'Check the API version of the endpoint at the provider.',
  },
  webhook_unknown: {
    kind: 'not_found',
    title: 'No such webhook endpoint',
    meaning: 'The provider or the project in the path is unknown.',
    fix: 'Use `/api/v1/webhooks/{provider}/{project}`.',
  },
} as const satisfies Record<string, ErrorPage>;
