import type { BillingError } from '../../domain/errors.ts';
import { fromStatus, OutcomeUnknownError, rejected, retryAfterMs } from '../failures.ts';
import type { HttpReply } from '../http.ts';

/**
 * Fungies gives a sentence and no code, so the status is all there is (sentences may hold personal data).
 *
 * | answer | becomes |
 * |---|---|
 * | 401, 403 | `provider_credentials_rejected` (unavailable) |
 * | 404 | absent, where asked with `find`; else `provider_rejected` |
 * | 400, 422 | `provider_rejected` (invalid) |
 * | 200 with `status: "error"` | `provider_rejected` (invalid): a clear no |
 * | 429 | `provider_rate_limited`, with `Retry-After` |
 * | 5xx (even for a missing field), anything unreadable | outcome unknown |
 */
export function fungiesErrorOf(reply: HttpReply): BillingError {
  const fault = {
    provider: 'fungies',
    status: reply.status,
    providerCode: null,
    retryAfterMs: retryAfterMs(reply.headers['retry-after']),
  };
  return reply.status < 400 ? new OutcomeUnknownError('api_error', fault) : fromStatus(fault);
}

export function isFungiesMissing(reply: HttpReply): boolean {
  return reply.status === 404;
}

/** An error in an answer that calls itself 200. */
export function errorUnder200(): BillingError {
  return rejected({ provider: 'fungies', status: 200, providerCode: 'error_under_200' });
}
