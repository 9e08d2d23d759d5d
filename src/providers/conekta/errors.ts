import { BillingError } from '../../domain/errors.ts';
import { fromStatus, OutcomeUnknownError, retryAfterMs } from '../failures.ts';
import type { HttpReply } from '../http.ts';
import { jsonOf } from '../json-api.ts';
import { conektaError } from './wire.ts';

/**
 * | answer | becomes |
 * |---|---|
 * | 401, 403 | `provider_credentials_rejected` (unavailable) |
 * | 404 `resource_not_found_error` | absent, where asked with `find`; else `provider_rejected` |
 * | 400, 402, 422, 428 | `provider_rejected` (invalid), code of the first detail |
 * | 409 `conflict_error` | `provider_version_unsupported`: the version in `Accept` is refused (docs) |
 * | 5xx, anything unreadable | outcome unknown |
 * | 429 (unpublished) | `provider_rate_limited` |
 */
export function conektaErrorOf(reply: HttpReply): BillingError {
  const body = conektaError.safeParse(jsonOf(reply.text)).data ?? {};
  const first = body.details?.[0];
  const fault = {
    provider: 'conekta',
    status: reply.status,
    providerCode: first?.code ?? body.type ?? null,
    param: first?.param ?? null,
    retryAfterMs: retryAfterMs(reply.headers['retry-after']),
  };
  if (reply.status < 400) return new OutcomeUnknownError('api_error', fault);
  if (reply.status === 409 && body.type === 'conflict_error') {
    return new BillingError({
      code: 'provider_version_unsupported',
      kind: 'unavailable',
      message: 'Conekta refuses the API version that this engine speaks: update the engine.',
      details: { provider: 'conekta', status: 409, provider_code: fault.providerCode },
    });
  }
  return fromStatus(fault);
}

export function isConektaMissing(reply: HttpReply): boolean {
  return reply.status === 404;
}
