import type { ErrorPage } from './error-page.ts';

/** Codes that any route may answer with. */
export const generalErrors = {
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
    meaning: 'Requests take up to 256 KiB, webhooks up to 1 MiB, usage up to 8 MiB.',
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
