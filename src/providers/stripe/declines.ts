import Stripe from 'stripe';
import type { DeclineCode } from '../../domain/payment/decline.ts';
import { BillingError } from '../../domain/errors.ts';

/**
 * Stripe's `decline_code`, or its `code` where there is none, in our words.
 *
 * @see https://docs.stripe.com/declines/codes (November 2026)
 */
const DECLINES: Readonly<Record<string, DeclineCode>> = {
  insufficient_funds: 'insufficient_funds',
  expired_card: 'expired_card',
  invalid_expiry_month: 'expired_card',
  invalid_expiry_year: 'expired_card',
  incorrect_number: 'incorrect_number',
  invalid_number: 'incorrect_number',
  incorrect_cvc: 'incorrect_cvc',
  invalid_cvc: 'incorrect_cvc',
  lost_card: 'lost_card',
  stolen_card: 'stolen_card',
  card_not_supported: 'card_not_supported',
  currency_not_supported: 'currency_not_supported',
  card_velocity_exceeded: 'limit_exceeded',
  invalid_amount: 'limit_exceeded',
  withdrawal_count_limit_exceeded: 'limit_exceeded',
  fraudulent: 'suspected_fraud',
  merchant_blacklist: 'suspected_fraud',
  authentication_required: 'authentication_required',
  invoice_payment_intent_requires_action: 'authentication_required',
  subscription_payment_intent_requires_action: 'authentication_required',
  authentication_not_handled: 'authentication_failed',
  mobile_device_authentication_required: 'authentication_required',
  payment_intent_authentication_failure: 'authentication_failed',
  setup_intent_authentication_failure: 'authentication_failed',
  call_issuer: 'call_issuer',
  invalid_account: 'call_issuer',
  new_account_information_available: 'call_issuer',
  not_permitted: 'call_issuer',
  pickup_card: 'call_issuer',
  restricted_card: 'call_issuer',
  security_violation: 'call_issuer',
  service_not_allowed: 'call_issuer',
  transaction_not_allowed: 'call_issuer',
  approve_with_id: 'processing_error',
  issuer_not_available: 'processing_error',
  processing_error: 'processing_error',
  reenter_transaction: 'processing_error',
  try_again_later: 'processing_error',
};

/** Unknown codes are generic: Stripe adds new ones, and none of them means that money moved. */
export function declineCodeOf(providerCode: string | null | undefined): DeclineCode {
  return (providerCode == null ? undefined : DECLINES[providerCode]) ?? 'generic_decline';
}

export interface Decline {
  readonly outcome: 'declined';
  readonly declineCode: DeclineCode;
  readonly providerCode: string | null;
}

/** The answer 402 as a decline; null for everything else. The SDK picks the class by status. */
export function declineOf(error: unknown): (Decline & { readonly attempt: unknown }) | null {
  const cause = error instanceof BillingError ? error.cause : null;
  if (!(cause instanceof Stripe.errors.StripeCardError)) return null;
  return { ...declined([cause.decline_code, cause.code].find(isTold)), attempt: cause.raw };
}

/** The SDK makes an absent code an empty one. */
function isTold(code: string | null | undefined): code is string {
  return code != null && code !== '';
}

export function declined(providerCode: string | null | undefined): Decline {
  return { outcome: 'declined', declineCode: declineCodeOf(providerCode), providerCode: providerCode ?? null };
}
