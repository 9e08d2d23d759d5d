import { BillingError } from '../../domain/errors.ts';
import { fromStatus, OutcomeUnknownError, retryAfterMs } from '../failures.ts';
import type { HttpReply } from '../http.ts';
import { jsonOf } from '../json-api.ts';
import { polarError } from './wire.ts';

/**
 * | answer | becomes |
 * |---|---|
 * | 401, 403 | `provider_credentials_rejected` (unavailable) |
 * | 404 with `error: ResourceNotFound` | absent, where asked with `find`; else `provider_rejected` |
 * | 404 without `error` | `provider_version_unsupported`: the pinned `Polar-Version` was removed |
 * | 400, 402, 410, 412, 422 | `provider_rejected` (invalid) |
 * | 409, 5xx, anything unreadable | outcome unknown |
 * | 429 | `provider_rate_limited`, after `Retry-After` (the body is empty) |
 */
export function polarErrorOf(reply: HttpReply): BillingError {
  const body = polarError.safeParse(jsonOf(reply.text)).data ?? {};
  const first = Array.isArray(body.detail) ? body.detail[0] : undefined;
  const fault = {
    provider: 'polar',
    status: reply.status,
    providerCode: first?.type ?? body.error ?? null,
    param: first?.loc.join('.') ?? null,
    retryAfterMs: retryAfterMs(reply.headers['retry-after']),
  };
  if (reply.status === 403 && body.error && body.error !== 'insufficient_scope') {
    // Business refusals (NotPermitted, AlreadyActiveSubscriptionError …) share 403 with a missing scope.
    return fromStatus({ ...fault, status: 422 });
  }
  if (reply.status === 404 && !body.error) {
    return new BillingError({
      code: 'provider_version_unsupported',
      kind: 'unavailable',
      message: 'Polar no longer serves the API version that this engine speaks: update the engine.',
      details: { provider: 'polar', status: 404 },
    });
  }
  if (reply.status < 400) return new OutcomeUnknownError('api_error', fault);
  return fromStatus(fault);
}

export function isPolarMissing(reply: HttpReply): boolean {
  return reply.status === 404 && polarError.safeParse(jsonOf(reply.text)).data?.error === 'ResourceNotFound';
}

/** Whether a customer was refused because e-mail or external id is already taken. */
export function isDuplicateCustomer(error: unknown): boolean {
  if (!(error instanceof BillingError) || error.code !== 'provider_rejected' || error.details.status !== 422)
    return false;
  const { param } = error.details;
  return typeof param === 'string' && (param.endsWith('email') || param.endsWith('external_id'));
}
