import { BillingError } from '../domain/errors.ts';
import { TransportError } from './http.ts';
import type { UnknownOutcome } from './port.ts';

/** What an answer said was wrong, free of secrets and personal data: the provider's own code, never its sentence. */
export interface ProviderFault {
  readonly provider: string;
  readonly status: number | null;
  readonly providerCode: string | null;
  readonly param?: string | null;
  readonly retryAfterMs?: number | null;
  /** The provider's own words, only where its adapter knows them to be a fixed text without personal data. */
  readonly providerMessage?: string | null;
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

/** The port's `unknown`, or the error thrown again when it is certain that nothing was done. */
export function asUnknown(error: unknown): UnknownOutcome {
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

/** Whether it was our own budget that refused: it refills within a fraction of a second. */
export function isOwnBudget(error: BillingError): boolean {
  return error.details.provider_code === 'rate_budget';
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
    ...(fault.providerMessage == null ? {} : { provider_message: fault.providerMessage }),
  };
}

/** What the provider's abilities exclude; callers that read them never see it. */
export function notSupported(provider: string, what: string): BillingError {
  return new BillingError({
    code: 'not_supported_by_provider',
    kind: 'invalid',
    message: `The provider cannot ${what}.`,
    details: { provider },
  });
}

export function refundExceedsPayment(provider: string, refundableMinor: number | null): BillingError {
  return new BillingError({
    code: 'refund_exceeds_payment',
    kind: 'conflict',
    message: 'The refund is more than what is left of the payment.',
    details: { provider, refundable_minor: refundableMinor },
  });
}

/** A merchant of record works out the tax share itself, so that not every sum can be hit. */
export function refundNotExact(provider: string, nearestMinor: number): BillingError {
  return new BillingError({
    code: 'refund_amount_not_exact',
    kind: 'invalid',
    message: `The provider cannot refund exactly this amount; the nearest is ${nearestMinor}.`,
    details: { provider, nearest_minor: nearestMinor },
  });
}

export function paymentNotRefundable(provider: string, why: string): BillingError {
  return new BillingError({
    code: 'payment_not_refundable',
    kind: 'conflict',
    message: 'The payment cannot be refunded as it stands.',
    details: { provider, why },
  });
}

export function amountOutOfRange(
  provider: string,
  limits: { readonly minimumMinor: number | null; readonly maximumMinor: number | null },
): BillingError {
  return new BillingError({
    code: 'amount_out_of_range',
    kind: 'invalid',
    message: 'The provider does not charge this amount.',
    details: { provider, minimum_minor: limits.minimumMinor, maximum_minor: limits.maximumMinor },
  });
}

export function tokenInvalid(provider: string): BillingError {
  return new BillingError({
    code: 'token_invalid',
    kind: 'invalid',
    message: 'The token is unknown, used or expired: make a new one in the browser.',
    details: { provider },
  });
}

/** Guessing a subscription's status would give or take access: somebody must map it first. */
export function statusUnknown(provider: string, status: string): BillingError {
  return new BillingError({
    code: 'provider_status_unknown',
    kind: 'bug',
    message: 'The provider reports a subscription status that is not mapped.',
    details: { provider, provider_code: status },
  });
}

export function discountCodeUnknown(provider: string): BillingError {
  return new BillingError({
    code: 'discount_code_unknown',
    kind: 'invalid',
    message: 'The provider knows no such discount code.',
    details: { provider },
  });
}

export function discountCodeTaken(provider: string, providerDiscountId?: string): BillingError {
  return new BillingError({
    code: 'discount_code_taken',
    kind: 'conflict',
    message: 'The provider has another discount with this code.',
    details: { provider, ...(providerDiscountId !== undefined && { provider_discount_id: providerDiscountId }) },
  });
}

/** @param name The provider's, as people write it. */
export function webhookMalformed(name: string): BillingError {
  return new BillingError({
    code: 'webhook_malformed',
    kind: 'invalid',
    message: `The message is not a ${name} event.`,
  });
}
