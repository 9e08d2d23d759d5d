/** Why a bank or provider said no, in our words; adapters map their provider's codes to these. */
export const declineCodes = [
  'generic_decline',
  'insufficient_funds',
  'expired_card',
  'incorrect_number',
  'incorrect_cvc',
  'lost_card',
  'stolen_card',
  'card_not_supported',
  'currency_not_supported',
  'limit_exceeded',
  'suspected_fraud',
  'authentication_required',
  'authentication_failed',
  'call_issuer',
  'processing_error',
] as const;

export type DeclineCode = (typeof declineCodes)[number];
