import { BillingError } from '../domain/errors.ts';
import { TransportError } from './http.ts';
import type { CreateCheckoutResult } from './port.ts';

/** What an answer said was wrong, free of secrets and personal data: the provider's own code, never its sentence. */
export interface ProviderFault {
  readonly provider: string;
  readonly status: number | null;
  readonly providerCode: string | null;
  readonly param?: string | null;
  readonly retryAfterMs?: number | null;
  readonly cause?: unknown;
}

/**
 * The work may or may not have been done: time-out, cut connection, 5xx, an answer nobody can read. Reads and keyed
 * repeats may treat it as `unavailable`; whoever creates something asks `asUnknown` first.
 */
export class OutcomeUnknownError extends BillingError {
  readonly reason: 'timeout' | 'api_error';
  readonly providerCode: string | null;

  constructor(reason: 'timeout' | 'api_error', fault: ProviderFault) {
    super({
      code: reason === 'timeout' ? 'provider_timeout' : 'provider_error',
      kind: 'unavailable',
      message: reason === 'timeout' ? 'The provider did not answer in time.' : 'The provider failed to answer clearly.',
      details: { ...described(fault), outcome: 'unknown' },
      cause: fault.cause,
    });
    this.name = 'OutcomeUnknownError';
    this.reason = reason;
    this.providerCode = fault.providerCode;
  }
}

/** The port's `unknown`, or the error thrown again when it is certain that nothing was opened. */
export function asUnknown(error: unknown): CreateCheckoutResult {
  if (!(error instanceof OutcomeUnknownError)) throw error;
  return { outcome: 'unknown', reason: error.reason, providerCode: error.providerCode };
}

/** @returns `unavailable` when nothing was sent, else an unknown outcome. A reset counts as an API error, not a time-out. */
export function fromTransport(provider: string, error: unknown): BillingError {
  if (!(error instanceof TransportError)) throw error;
  const fault: ProviderFault = { provider, status: null, providerCode: error.fault, cause: error };
  if (error.fault !== 'not_sent')
    return new OutcomeUnknownError(error.fault === 'timeout' ? 'timeout' : 'api_error', fault);
  return new BillingError({
    code: 'provider_unreachable',
    kind: 'unavailable',
    message: 'The provider could not be reached.',
    details: described(fault),
    cause: error,
  });
}

/** The part of every provider's error table that HTTP itself settles. Adapters look at their own codes first. */
export function fromStatus(fault: ProviderFault & { readonly status: number }): BillingError {
  const { status } = fault;
  if (status === 429) return rateLimited(fault);
  if (status === 401 || status === 403) return credentialsRejected(fault);
  // 409 is a race with another call that may be doing this very work.
  if (status >= 400 && status < 500 && status !== 409 && status !== 408) return rejected(fault);
  return new OutcomeUnknownError('api_error', fault);
}

export function rateLimited(fault: ProviderFault): BillingError {
  return new BillingError({
    code: 'provider_rate_limited',
    kind: 'rate_limited',
    message: 'The provider asked to slow down.',
    details: described(fault),
    cause: fault.cause,
    ...(fault.retryAfterMs == null ? {} : { retryAfterMs: fault.retryAfterMs }),
  });
}

export function credentialsRejected(fault: ProviderFault): BillingError {
  return new BillingError({
    code: 'provider_credentials_rejected',
    kind: 'unavailable',
    message: 'The provider refused our credentials: check the key, its mode and its permissions.',
    details: described(fault),
    cause: fault.cause,
  });
}

export function rejected(fault: ProviderFault): BillingError {
  return new BillingError({
    code: 'provider_rejected',
    kind: 'invalid',
    message: 'The provider refused this request as it stands.',
    details: described(fault),
    cause: fault.cause,
  });
}

/** @param header Seconds, or an HTTP date (RFC 9110 §10.2.3). */
export function retryAfterMs(header: string | undefined, nowMs = Date.now()): number | null {
  if (header === undefined || header.trim() === '') return null;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - nowMs;
  return Number.isFinite(ms) ? Math.max(0, Math.round(ms)) : null;
}

function described(fault: ProviderFault): Record<string, unknown> {
  return {
    provider: fault.provider,
    status: fault.status,
    provider_code: fault.providerCode,
    ...(fault.param == null ? {} : { param: fault.param }),
  };
}
