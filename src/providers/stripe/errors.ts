import Stripe from 'stripe';
import { BillingError } from '../../domain/errors.ts';
import { fromStatus, fromTransport, OutcomeUnknownError, retryAfterMs } from '../failures.ts';
import { TransportError } from '../http.ts';

/**
 * | answer | becomes |
 * |---|---|
 * | 401, 403 | `provider_credentials_rejected` (unavailable) |
 * | 404 `resource_missing` | absent, where asked so; else `provider_rejected` |
 * | 402 | a decline where money was to move (declines.ts), else as 400 |
 * | 400 (also `idempotency_error`), 404, 424 | `provider_rejected` (invalid) with Stripe's code |
 * | 409 `idempotency_key_in_use` and other conflicts, 5xx, unreadable | outcome unknown |
 * | 429 | `provider_rate_limited`; Stripe documents no `Retry-After`, but it is honoured |
 * | no answer | unreachable, or outcome unknown |
 */
export function stripeErrorOf(error: unknown): BillingError {
  if (error instanceof BillingError) return error;
  if (!(error instanceof Stripe.errors.StripeError)) {
    return new OutcomeUnknownError('api_error', { provider: 'stripe', status: null, providerCode: null, cause: error });
  }
  if (error instanceof Stripe.errors.StripeConnectionError) {
    const cause: unknown = error.detail;
    if (cause instanceof TransportError) return fromTransport('stripe', cause);
    // Not admitted: nothing was sent.
    if (cause instanceof BillingError) return cause;
  }
  const status = error.statusCode;
  const fault = {
    provider: 'stripe',
    status: status ?? null,
    // The SDK makes an absent decline code an empty one.
    providerCode: [error.decline_code, error.code, error.rawType].find((code) => code != null && code !== '') ?? null,
    param: error.param ?? null,
    retryAfterMs: retryAfterMs(error.headers?.['retry-after']),
    cause: error,
  };
  return status === undefined ? new OutcomeUnknownError('api_error', fault) : fromStatus({ ...fault, status });
}

/** The failure of an earlier call, told again: Stripe keeps it under the key for a day, and does nothing under that key. */
export function isStoredFailure(error: unknown): boolean {
  const answer = error instanceof OutcomeUnknownError ? error.cause : null;
  if (!(answer instanceof Stripe.errors.StripeError)) return false;
  return (answer.statusCode ?? 0) >= 500 && answer.headers?.['idempotent-replayed'] === 'true';
}

export function isStripeCode(error: unknown, code: string): boolean {
  return error instanceof BillingError && error.details.provider_code === code;
}

export function detailOf(error: unknown, name: 'param' | 'status'): unknown {
  return error instanceof BillingError ? error.details[name] : undefined;
}
