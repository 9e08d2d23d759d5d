import { type Card, type Decline, GENERIC_DECLINE, judgeCard } from '../../core/cards.ts';

/** How a card behaves after it was taken, beside what the shared judge knows of it. */
export interface CardBehaviour {
  /** Every charge is answered with this. */
  charge: Decline | null;
  authentication: 'none' | 'unless_setup' | 'always';
  aftermath: 'none' | 'dispute' | 'inquiry' | 'early_fraud_warning';
}

export const AUTHENTICATION_REQUIRED: Decline = {
  code: 'authentication_required',
  declineCode: 'authentication_required',
  message: 'Your card was declined. This transaction requires authentication.',
};

/** Published test payment methods, their tokens (`tok_…`) and numbers. */
const NUMBERS: Readonly<Record<string, string>> = {
  visa: '4242424242424242',
  visa_debit: '4000056655665556',
  mastercard: '5555555555554444',
  mastercard_debit: '5200828282828210',
  mastercard_prepaid: '5105105105105100',
  amex: '378282246310005',
  us: '4242424242424242',
  mx: '4000004840008001',
  br: '4000000760000002',
  gb: '4000008260000000',
  de: '4000002760000016',
  visa_chargeDeclined: '4000000000000002',
  visa_chargeDeclinedInsufficientFunds: '4000000000009995',
  visa_chargeDeclinedLostCard: '4000000000009987',
  visa_chargeDeclinedStolenCard: '4000000000009979',
  chargeDeclined: '4000000000000002',
  chargeDeclinedInsufficientFunds: '4000000000009995',
  chargeDeclinedLostCard: '4000000000009987',
  chargeDeclinedStolenCard: '4000000000009979',
  chargeDeclinedExpiredCard: '4000000000000069',
  chargeDeclinedIncorrectCvc: '4000000000000127',
  chargeDeclinedProcessingError: '4000000000000119',
  chargeCustomerFail: '4000000000000341',
  authenticationRequiredOnSetup: '4000002500003155',
  authenticationRequired: '4000002760003184',
  threeDSecure2Required: '4000000000003220',
  threeDSecureRequired: '4000000000003220',
  createDispute: '4000000000000259',
  createDisputeProductNotReceived: '4000000000002685',
  createDisputeInquiry: '4000000000001976',
  createIssuerFraudRecord: '4000000000005423',
};

const COUNTRIES: Readonly<Record<string, string>> = {
  '4000000760000002': 'BR',
  '4000008260000000': 'GB',
  '4000002760000016': 'DE',
  '4000004840008001': 'MX',
};

const DEBIT = new Set(['4000056655665556', '5200828282828210']);

/** `pm_card_visa`, `tok_visa`; undefined when it is none of the published ones. */
export function publishedNumber(id: string): string | undefined {
  const name = /^(?:pm_card_|tok_)(\w+)$/.exec(id)?.[1];
  return name === undefined ? undefined : NUMBERS[name];
}

/** Test numbers differ in their last four digits, which is what is kept of a card. */
export function behaviourOf(card: Pick<Card, 'bin' | 'last4'>, decline: Decline | null): CardBehaviour {
  const plain: CardBehaviour = { charge: decline, authentication: 'none', aftermath: 'none' };
  if (card.bin !== '400000') return plain;
  switch (card.last4) {
    case '3155':
      return { ...plain, authentication: 'unless_setup' };
    case '3184':
    case '3220':
    case '3063':
      return { ...plain, authentication: 'always' };
    case '0341':
      return { ...plain, charge: GENERIC_DECLINE };
    case '0259':
    case '2685':
      return { ...plain, aftermath: 'dispute' };
    case '1976':
      return { ...plain, aftermath: 'inquiry' };
    case '5423':
      return { ...plain, aftermath: 'early_fraud_warning' };
    default:
      return plain;
  }
}

export interface ReadCard {
  card: Card;
  behaviour: CardBehaviour;
  /** The bank says no already when the card is attached or set up; `0341` attaches and fails later. */
  attach: Decline | null;
}

/** What a card number does, from the shared table of test cards and Stripe's own further ones. */
export function readCard(input: { number: string; expMonth: number; expYear: number; cvc: string }): ReadCard {
  const verdict = judgeCard('stripe', { ...input, name: null });
  const card: Card = {
    ...verdict.card,
    country: COUNTRIES[input.number] ?? verdict.card.country,
    funding: DEBIT.has(input.number) ? 'debit' : verdict.card.funding,
  };
  return { card, behaviour: behaviourOf(card, verdict.decline), attach: verdict.decline };
}
