import { BillingError } from '../../domain/errors.ts';
import { fromStatus, OutcomeUnknownError, paymentNotRefundable, retryAfterMs } from '../failures.ts';
import type { HttpReply } from '../http.ts';
import { jsonOf } from '../json-api.ts';
import { polarError } from './wire.ts';

/** Where in what we sent the faults are: `['body', 'events', 3, 'customer_id']`. */
interface PolarFault {
  readonly location: readonly (string | number)[];
  readonly code: string;
}

/** A 422 that names fields. Nothing was done. */
export class PolarValidationError extends BillingError {
  readonly faultsByLocation: readonly PolarFault[];

  constructor(cause: BillingError, faults: readonly PolarFault[]) {
    super({ code: cause.code, kind: cause.kind, message: cause.message, details: cause.details, cause: cause.cause });
    this.name = 'PolarValidationError';
    this.faultsByLocation = faults;
  }
}

/** Polar's own error classes that mean something to us, whatever status they come with. */
const BY_NAME: Readonly<Record<string, () => BillingError>> = {
  AlreadyCanceledSubscription: () => stateConflict('the subscription has already been canceled'),
  InactiveSubscription: () => stateConflict('the subscription is not active'),
  SubscriptionLocked: () =>
    new BillingError({
      code: 'provider_object_locked',
      kind: 'unavailable',
      message: 'The provider is changing this subscription just now: try again.',
      details: { provider: 'polar', provider_code: 'SubscriptionLocked' },
      retryAfterMs: 2_000,
    }),
  RefundedAlready: () => paymentNotRefundable('polar', 'refunded_already'),
  RefundsBlocked: () => paymentNotRefundable('polar', 'refunds_blocked'),
  PaymentMethodInUseByActiveSubscription: () =>
    new BillingError({
      code: 'payment_method_in_use',
      kind: 'conflict',
      message: 'A live subscription is charged to this payment method: give it another one first.',
      details: { provider: 'polar' },
    }),
};

/**
 * | answer | becomes |
 * |---|---|
 * | `AlreadyCanceledSubscription`, `InactiveSubscription` (403) | `provider_state_conflict` (conflict) |
 * | `SubscriptionLocked` (409) | `provider_object_locked` (unavailable): surely nothing done, try again |
 * | `RefundedAlready`, `RefundsBlocked` (403) | `payment_not_refundable` (conflict) |
 * | `PaymentMethodInUseByActiveSubscription` (400) | `payment_method_in_use` (conflict) |
 * | 402 `PaymentFailed` | `provider_rejected`; money calls read it as a decline with `isDeclined` |
 * | 401, other 403 with a missing scope | `provider_credentials_rejected` (unavailable) |
 * | 404 with `error: ResourceNotFound`, 422 about an id in the path | absent, where asked with `find`; else `provider_rejected` |
 * | 404 without `error` | `provider_version_unsupported`: the pinned `Polar-Version` was removed |
 * | other 400, 402, 403, 410, 412, 422 | `provider_rejected` (invalid) |
 * | other 409, 5xx, anything unreadable | outcome unknown |
 * | 429 | `provider_rate_limited`, after `Retry-After` (the body is empty) |
 */
export function polarErrorOf(reply: HttpReply): BillingError {
  const body = polarError.safeParse(jsonOf(reply.text)).data ?? {};
  const named = BY_NAME[body.error ?? ''];
  if (named && reply.status >= 400 && reply.status < 500) return named();
  const faults = (Array.isArray(body.detail) ? body.detail : []).map(({ loc, type }): PolarFault => ({
    location: loc,
    code: type ?? 'invalid',
  }));
  const fault = {
    provider: 'polar',
    status: reply.status,
    providerCode: faults[0]?.code ?? body.error ?? null,
    param: faults[0]?.location.join('.') ?? null,
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
  const error = fromStatus(fault);
  return reply.status === 422 && faults.length > 0 ? new PolarValidationError(error, faults) : error;
}

/** An id in the path that is no UUID is refused with 422: such an object does not exist either. */
export function isPolarMissing(reply: HttpReply): boolean {
  if (reply.status !== 404 && reply.status !== 422) return false;
  const body = polarError.safeParse(jsonOf(reply.text)).data;
  if (reply.status === 404) return body?.error === 'ResourceNotFound';
  return Array.isArray(body?.detail) && body.detail.length > 0 && body.detail.every(({ loc }) => loc[0] === 'path');
}

/** What a call to an object that must be there found missing. */
export function missing(what: string): BillingError {
  return new BillingError({
    code: 'provider_object_missing',
    kind: 'not_found',
    message: `The provider knows no such ${what}.`,
    details: { provider: 'polar' },
  });
}

export function stateConflict(why: string): BillingError {
  return new BillingError({
    code: 'provider_state_conflict',
    kind: 'conflict',
    message: `The provider refuses: ${why}.`,
    details: { provider: 'polar' },
  });
}

/** Whether a customer was refused because e-mail or external id is already taken. */
export function isDuplicateCustomer(error: unknown): boolean {
  if (!(error instanceof BillingError) || error.code !== 'provider_rejected' || error.details.status !== 422)
    return false;
  const { param } = error.details;
  return typeof param === 'string' && (param.endsWith('email') || param.endsWith('external_id'));
}

/** Whether the charge that a call makes was refused by the bank: then Polar changed nothing. */
export function isDeclined(error: unknown): error is BillingError {
  return error instanceof BillingError && error.details.status === 402;
}

/** A refund that is more than what is left: 400 in Polar's source, 422 by its document. */
export function isRefundTooHigh(error: unknown): boolean {
  if (!(error instanceof BillingError) || error.code !== 'provider_rejected') return false;
  const { provider_code: code, param } = error.details;
  return code === 'RefundAmountTooHigh' || (typeof param === 'string' && param.endsWith('amount'));
}
