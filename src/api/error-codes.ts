import { BillingError, type ErrorKind, type FieldFault } from '../domain/errors.ts';

export interface ErrorPage {
  readonly kind: ErrorKind;
  /** Where the kind's own status would mislead. */
  readonly status?: number;
  readonly title: string;
  readonly meaning: string;
  readonly fix: string;
}

/** Every code this API answers with, and its page under `/docs/errors/{code}`. Codes are never renamed. */
const errorCodes = {
  unauthorized: {
    kind: 'forbidden',
    status: 401,
    title: 'The key is missing or not valid',
    meaning: 'No API key was sent, or it is unknown, revoked, or its session or token has expired.',
    fix: 'Send `Authorization: Bearer` with a key of this deployment. Ask for a new session when one has expired.',
  },
  insufficient_scope: {
    kind: 'forbidden',
    title: 'The key may not do this',
    meaning: 'The key is valid, but it lacks the scope, permission or role that this call needs.',
    fix: 'Use a secret key with the named scope, or a session or role with the named permission.',
  },
  country_blocked: {
    kind: 'forbidden',
    title: 'Sales to this country are blocked',
    meaning: 'The best evidence places the buyer in a country or region that the operator does not sell to.',
    fix: 'Nothing to mend in the request. If the country is wrong, send the billing address.',
  },
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
    meaning: 'Credentials of projects are only kept encrypted, and this deployment has no key.',
    fix: 'The operator sets `ENCRYPTION_KEYS` for the API and the workers.',
  },
  not_supported_by_provider: {
    kind: 'invalid',
    title: 'The provider cannot do this',
    meaning: 'The provider that serves this object has no such ability; `/ops/providers` lists what each can do.',
    fix: 'Do it at the provider itself, or do without.',
  },
  not_found: {
    kind: 'not_found',
    title: 'No such route or object',
    meaning: 'Nothing with this id or path exists for this key. Objects of other projects and modes look the same.',
    fix: 'Check the id, and that the key has the same mode (test or live) as the object.',
  },
  method_not_allowed: {
    kind: 'invalid',
    status: 405,
    title: 'This path does not take that method',
    meaning: 'The path exists, the method does not.',
    fix: 'Use a method listed in the `Allow` header.',
  },
  organization_not_found: {
    kind: 'not_found',
    title: 'No such organization',
    meaning: 'The organization does not exist here, or the session or token belongs to another one.',
    fix: 'Use the organization of the session or token, or a secret key.',
  },
  checkout_not_found: {
    kind: 'not_found',
    title: 'No such checkout',
    meaning: 'No checkout with this id exists for this key.',
    fix: 'Check the id and the mode (test or live) of the key.',
  },
  subscription_not_found: {
    kind: 'not_found',
    title: 'No such subscription',
    meaning: 'No subscription with this id, or none that entitles this organization.',
    fix: 'Check the id; an organization without a subscription answers this too.',
  },
  plan_not_found: {
    kind: 'not_found',
    title: 'No such plan',
    meaning: 'No plan with this id or key is on sale in this project.',
    fix: 'List the plans with `GET /api/v1/billing/plans`.',
  },
  invoice_not_found: {
    kind: 'not_found',
    title: 'No such invoice',
    meaning: 'No invoice with this id exists for this key.',
    fix: 'Check the id and the mode (test or live) of the key.',
  },
  webhook_event_not_found: {
    kind: 'not_found',
    title: 'No such webhook event',
    meaning: 'No event with this id is in the inbox of this project and mode.',
    fix: 'List the events with `GET /api/v1/ops/webhook-events`.',
  },
  invalid_json: {
    kind: 'invalid',
    status: 400,
    title: 'The body is not JSON',
    meaning: 'The body could not be read as a JSON object.',
    fix: 'Send one JSON object with `Content-Type: application/json`.',
  },
  body_too_large: {
    kind: 'invalid',
    status: 413,
    title: 'The body is too large',
    meaning: 'Requests take up to 256 KiB, webhooks up to 1 MiB.',
    fix: 'Send less.',
  },
  unsupported_media_type: {
    kind: 'invalid',
    status: 415,
    title: 'The body has an unknown type or encoding',
    meaning: 'Bodies are JSON in UTF-8.',
    fix: 'Send `Content-Type: application/json`.',
  },
  validation_failed: {
    kind: 'invalid',
    title: 'Some fields are not right',
    meaning: 'Each fault is named in `errors` with a JSON pointer. Unknown fields are refused by name.',
    fix: 'Mend the named fields.',
  },
  card_data_refused: {
    kind: 'invalid',
    title: 'Card numbers are refused',
    meaning: 'A field looks like a card number. Nothing was stored or logged.',
    fix: "Collect cards on the checkout page or with the provider's own form, and send only its token.",
  },
  idempotency_key_invalid: {
    kind: 'invalid',
    title: 'The idempotency key is not right',
    meaning: 'An `Idempotency-Key` has 1 to 255 printable ASCII characters.',
    fix: 'Send a UUID, for example.',
  },
  idempotency_key_reused: {
    kind: 'invalid',
    title: 'The idempotency key belongs to another request',
    meaning: 'The same key came earlier with another body or path.',
    fix: 'Use a new key for a new request.',
  },
  idempotency_in_progress: {
    kind: 'conflict',
    title: 'The first request with this key is still running',
    meaning: 'Its answer is not known yet.',
    fix: 'Repeat after `Retry-After` seconds.',
  },
  cursor_invalid: {
    kind: 'invalid',
    title: 'The cursor is not one of ours',
    meaning: '`cursor` must be a `next_cursor` of the same list.',
    fix: 'Start again without a cursor.',
  },
  organization_required: {
    kind: 'invalid',
    title: 'No organization is named',
    meaning: 'Neither the body nor the session or token says which organization this is for.',
    fix: 'Send `organization_id`.',
  },
  product_not_found: {
    kind: 'invalid',
    title: 'No such product',
    meaning: '`product_id` is no plan or product on sale here: neither by id, nor key, nor an id mapped at a provider.',
    fix: 'List the plans with `GET /api/v1/billing/plans`.',
  },
  price_not_found: {
    kind: 'invalid',
    title: 'Not priced that way',
    meaning: 'The product has no price in this currency and billing interval.',
    fix: 'Leave `currency` out, or choose one of the prices that the plan lists.',
  },
  contact_sales: {
    kind: 'invalid',
    title: 'Sold by contact only',
    meaning: 'This plan has no public price. `contact_url` tells where to ask.',
    fix: 'Send the buyer to `contact_url`.',
  },
  payment_method_unavailable: {
    kind: 'invalid',
    title: 'None of the wished payment methods fits',
    meaning: 'No provider that could serve this checkout offers any of `payment_methods` for it.',
    fix: 'Leave `payment_methods` out to offer all that fit.',
  },
  payment_method_not_found: {
    kind: 'invalid',
    title: 'No such payment method',
    meaning: 'The organization has no stored payment method with this id.',
    fix: 'Leave `payment_method_id` out to let the buyer enter one.',
  },
  email_required: {
    kind: 'invalid',
    title: 'An e-mail address is needed',
    meaning: 'The provider that serves this checkout does not open one without an e-mail address.',
    fix: 'Send `email`, or set it on the organization.',
  },
  name_required: {
    kind: 'invalid',
    title: 'A name is needed',
    meaning: 'The provider that serves this checkout does not open one without a name.',
    fix: 'Send `name`, or set it on the organization.',
  },
  phone_required: {
    kind: 'invalid',
    title: 'A phone number is needed',
    meaning: 'The provider that serves this checkout does not open one without a phone number.',
    fix: 'Send `phone`, set it on the organization, or give the project a `default_phone`.',
  },
  redirect_not_allowed: {
    kind: 'invalid',
    title: 'The URL is outside the allowed origins',
    meaning: 'Buyers are only sent to origins listed for the project.',
    fix: "Use one of the project's origins, or have the operator add yours.",
  },
  discount_code_unknown: {
    kind: 'invalid',
    title: 'Unknown discount code',
    meaning: 'Every provider that could serve the checkout was asked, and none knows this code.',
    fix: 'Correct the code, or leave it out.',
  },
  already_subscribed: {
    kind: 'conflict',
    title: 'Already subscribed',
    meaning: 'The organization has a live subscription to this plan; a second one would charge twice.',
    fix: 'Change the existing subscription instead.',
  },
  no_provider_available: {
    kind: 'unavailable',
    title: 'No provider can serve this now',
    meaning: 'Every provider that routing allows is missing, cannot express the request, or failed just now.',
    fix: 'Repeat after `Retry-After` seconds.',
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
  rate_limited: {
    kind: 'rate_limited',
    title: 'Too many requests',
    meaning: 'The limit told by the `RateLimit` headers is used up.',
    fix: 'Repeat after `Retry-After` seconds.',
  },
  unavailable: {
    kind: 'unavailable',
    title: 'A part we depend on is away',
    meaning: 'The database or Temporal did not answer. Nothing was done.',
    fix: 'Repeat after `Retry-After` seconds, with the same idempotency key.',
  },
  internal_error: {
    kind: 'bug',
    title: 'Our fault',
    meaning: 'Something unexpected happened.',
    fix: 'Tell the operator the `request_id`.',
  },
} as const satisfies Record<string, ErrorPage>;

export type ErrorCode = keyof typeof errorCodes;

export const errorPages: Readonly<Record<string, ErrorPage>> = errorCodes;

/** The one way this API refuses: only documented codes compile. */
export function refusal(
  code: ErrorCode,
  message: string,
  more: {
    readonly details?: Readonly<Record<string, unknown>>;
    readonly faults?: readonly FieldFault[];
    readonly retryAfterMs?: number;
    readonly cause?: unknown;
  } = {},
): BillingError {
  return new BillingError({ code, kind: errorCodes[code].kind, message, ...more });
}

/** A refusal that points at one field. */
export function fieldRefusal(
  code: ErrorCode,
  pointer: string,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): BillingError {
  return refusal(code, message, { details, faults: [{ pointer, code, detail: message }] });
}
