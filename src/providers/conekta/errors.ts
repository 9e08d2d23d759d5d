import type { DeclineCode } from '../../domain/payment/decline.ts';
import { BillingError } from '../../domain/errors.ts';
import { fromStatus, OutcomeUnknownError, retryAfterMs, tokenInvalid, type ProviderFault } from '../failures.ts';
import type { HttpReply } from '../http.ts';
import { jsonOf } from '../json-api.ts';
import { conektaError, conektaOrder, type ConektaOrder } from './wire.ts';

/** A bank's no. Conekta has made an order all the same and tells it: using it is what keeps us from making another. */
export class ConektaDeclinedError extends BillingError {
  readonly declineCode: DeclineCode;
  readonly providerCode: string | null;
  readonly order: ConektaOrder | null;

  constructor(fault: ProviderFault, order: ConektaOrder | null) {
    const charge = order?.charges?.data.find(({ failure_code }) => failure_code != null);
    const providerCode = charge?.failure_code ?? fault.providerCode;
    super({
      code: 'provider_rejected',
      kind: 'invalid',
      message: 'The provider or the bank declined the payment.',
      details: {
        provider: 'conekta',
        status: fault.status,
        provider_code: providerCode,
        ...(fault.providerMessage == null ? {} : { provider_message: fault.providerMessage }),
      },
    });
    this.name = 'ConektaDeclinedError';
    this.declineCode = declineCodeOf(providerCode);
    this.providerCode = providerCode;
    this.order = order;
  }
}

/**
 * | answer | becomes |
 * |---|---|
 * | 401, 403 | `provider_credentials_rejected` (unavailable) |
 * | 404 `resource_not_found_error` | absent, where asked with `find`; else `provider_rejected` |
 * | any `…nonexistent_token`, `…tokenization.used` | `token_invalid` (invalid) |
 * | 402 `processing_error` | `provider_rejected` (invalid) with the order that was made; the money calls make it an outcome |
 * | 400, 422, 428 | `provider_rejected` (invalid), code of the first detail |
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
    providerMessage: fixedText(first?.code, first?.message),
    retryAfterMs: retryAfterMs(reply.headers['retry-after']),
  };
  if (reply.status < 400) return new OutcomeUnknownError('api_error', fault);
  if (/nonexistent_token|tokenization\.used/.test(first?.code ?? '')) return tokenInvalid('conekta');
  if (reply.status === 402) return new ConektaDeclinedError(fault, conektaOrder.safeParse(body.data).data ?? null);
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

/** What went back by Conekta is neither what our rows had nor that and the refund asked for. */
export function refundStateDiffers(sums: {
  readonly refundedMinor: number;
  readonly providerMinor: number;
}): BillingError {
  return new BillingError({
    code: 'refund_state_differs',
    kind: 'conflict',
    message: 'The provider has paid back another sum than is known here: read the payment anew before refunding.',
    details: { provider: 'conekta', refunded_minor: sums.refundedMinor, provider_refunded_minor: sums.providerMinor },
  });
}

export function isConektaMissing(reply: HttpReply): boolean {
  return reply.status === 404;
}

/**
 * Conekta's Spanish sentence where it is a fixed one. Validation texts repeat what was sent (names, e-mails, phones),
 * so only those of `processing` pass, and of them none with a digit, a quote or an `@` in it.
 */
function fixedText(code: string | null | undefined, message: string | null | undefined): string | null {
  if (message == null || !/\.processing\./.test(code ?? '')) return null;
  return /[\d@"'«»“”]/.test(message) || message.length > 200 ? null : message;
}

// The last part of what is seen in samples and by integrators; Conekta publishes no list.
const DECLINES: readonly (readonly [RegExp, DeclineCode])[] = [
  [/insufficient_funds/, 'insufficient_funds'],
  [/invalid_card_security_code|cvc|cvv/, 'incorrect_cvc'],
  [/expired_card/, 'expired_card'],
  [/invalid_card|card_number|invalid_number/, 'incorrect_number'],
  [/card_not_supported|restricted_card/, 'card_not_supported'],
  [/declined_by_3ds|3ds|authentication_failed/, 'authentication_failed'],
  [/suspected_fraud|suspicious_behaviour|fraud/, 'suspected_fraud'],
  [/stolen/, 'stolen_card'],
  [/lost/, 'lost_card'],
  [/call_issuer/, 'call_issuer'],
  [/limit/, 'limit_exceeded'],
  [/currency/, 'currency_not_supported'],
  [/processing_error|system|general_failure/, 'processing_error'],
];

/** @param code A charge's `failure_code`, or an error's code with its dots. */
export function declineCodeOf(code: string | null): DeclineCode {
  return DECLINES.find(([pattern]) => pattern.test(code ?? ''))?.[1] ?? 'generic_decline';
}
