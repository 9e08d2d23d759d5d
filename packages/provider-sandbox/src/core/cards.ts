import type { ProviderId } from './types.ts';

export interface CardInput {
  number: string;
  expMonth: number;
  expYear: number;
  cvc: string;
  name: string | null;
}

/** What is kept of a card: never its number. */
export interface Card {
  brand: 'visa' | 'mastercard' | 'amex';
  last4: string;
  bin: string;
  expMonth: number;
  expYear: number;
  country: string;
  funding: 'credit' | 'debit';
  name: string | null;
  /** How later charges without the customer behave. */
  renewal: 'succeeds' | 'declines';
}

export interface Decline {
  code: string;
  declineCode: string;
  message: string;
}

export interface TestCard {
  number: string;
  label: string;
  outcome: 'approved' | 'declined' | 'challenge';
  decline?: Decline;
  renewal?: 'declines';
  country?: string;
}

export interface CardVerdict {
  outcome: 'approved' | 'declined' | 'challenge';
  card: Card;
  decline: Decline | null;
}

const DECLINED = 'Your card was declined.';
const decline = (code: string, declineCode: string, message: string): Decline => ({ code, declineCode, message });

export const GENERIC_DECLINE = decline('card_declined', 'generic_decline', DECLINED);
export const INSUFFICIENT_FUNDS = decline('card_declined', 'insufficient_funds', 'Your card has insufficient funds.');
export const FAILED_AUTHENTICATION = decline(
  'payment_intent_authentication_failure',
  'authentication_required',
  'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
);

const STRIPE_CARDS: readonly TestCard[] = [
  { number: '4242424242424242', label: 'Visa: succeeds', outcome: 'approved' },
  { number: '5555555555554444', label: 'Mastercard: succeeds', outcome: 'approved' },
  { number: '378282246310005', label: 'American Express: succeeds', outcome: 'approved' },
  { number: '4000004840008001', label: 'Visa, Mexico: succeeds', outcome: 'approved', country: 'MX' },
  { number: '4000002500003155', label: '3-D Secure: asks once', outcome: 'challenge' },
  { number: '4000002760003184', label: '3-D Secure: always asks', outcome: 'challenge' },
  { number: '4000000000000002', label: 'Declined', outcome: 'declined', decline: GENERIC_DECLINE },
  { number: '4000000000009995', label: 'Insufficient funds', outcome: 'declined', decline: INSUFFICIENT_FUNDS },
  {
    number: '4000000000009987',
    label: 'Lost card',
    outcome: 'declined',
    decline: decline('card_declined', 'lost_card', DECLINED),
  },
  {
    number: '4000000000009979',
    label: 'Stolen card',
    outcome: 'declined',
    decline: decline('card_declined', 'stolen_card', DECLINED),
  },
  {
    number: '4000000000000069',
    label: 'Expired card',
    outcome: 'declined',
    decline: decline('expired_card', 'expired_card', 'Your card has expired.'),
  },
  {
    number: '4000000000000127',
    label: 'Incorrect CVC',
    outcome: 'declined',
    decline: decline('incorrect_cvc', 'incorrect_cvc', "Your card's security code is incorrect."),
  },
  {
    number: '4000000000000119',
    label: 'Processing error',
    outcome: 'declined',
    decline: decline('processing_error', 'processing_error', 'An error occurred while processing your card.'),
  },
  { number: '4000000000000341', label: 'Succeeds now, declines on renewal', outcome: 'approved', renewal: 'declines' },
];

const CONEKTA_CARDS: readonly TestCard[] = [
  { number: '4242424242424242', label: 'Visa: pago exitoso', outcome: 'approved', country: 'MX' },
  { number: '5555555555554444', label: 'Mastercard: pago exitoso', outcome: 'approved', country: 'MX' },
  { number: '378282246310005', label: 'American Express: pago exitoso', outcome: 'approved', country: 'MX' },
  { number: '4000000000002701', label: '3DS sin fricción: pago exitoso', outcome: 'approved', country: 'MX' },
  { number: '4000000000001091', label: '3DS con código de verificación', outcome: 'challenge', country: 'MX' },
  { number: '4000000000000002', label: 'Tarjeta declinada', outcome: 'declined', decline: GENERIC_DECLINE },
  { number: '4000000000000127', label: 'Fondos insuficientes', outcome: 'declined', decline: INSUFFICIENT_FUNDS },
  { number: '4000000000000341', label: 'Pago exitoso; declina al renovar', outcome: 'approved', renewal: 'declines' },
];

/** Polar charges through Stripe, so its test cards are Stripe's. */
export function testCards(provider: ProviderId): readonly TestCard[] {
  return provider === 'conekta' ? CONEKTA_CARDS : STRIPE_CARDS;
}

function passesLuhn(number: string): boolean {
  let sum = 0;
  [...number].reverse().forEach((digit, at) => {
    const doubled = Number(digit) * (at % 2 === 1 ? 2 : 1);
    sum += doubled > 9 ? doubled - 9 : doubled;
  });
  return sum % 10 === 0;
}

export function brandOf(number: string): Card['brand'] {
  if (/^3[47]/.test(number)) return 'amex';
  return /^(5[1-5]|2[2-7])/.test(number) ? 'mastercard' : 'visa';
}

export type CardField = 'number' | 'expiry' | 'cvc';

function isCurrent({ expMonth, expYear }: CardInput, nowMs: number): boolean {
  if (!(expMonth >= 1 && expMonth <= 12) || !Number.isInteger(expYear) || expYear > 2100) return false;
  return Date.UTC(expYear, expMonth, 1) > nowMs;
}

/** Every field a person has to correct. */
export function faultyCardFields(input: CardInput, nowMs: number): CardField[] {
  const faulty: CardField[] = [];
  if (!/^\d{13,19}$/.test(input.number) || !passesLuhn(input.number)) faulty.push('number');
  if (!isCurrent(input, nowMs)) faulty.push('expiry');
  if (!/^\d{3,4}$/.test(input.cvc)) faulty.push('cvc');
  return faulty;
}

/** As cards print it: American Express in 4-6-5, others in fours. */
export function spacedNumber(number: string): string {
  const groups = brandOf(number) === 'amex' ? /^(.{4})(.{6})(.*)$/ : /(.{4})(?=.)/g;
  return number.replace(groups, brandOf(number) === 'amex' ? '$1 $2 $3' : '$1 ');
}

/** Unknown but well-formed numbers behave like the plain success card. */
export function judgeCard(provider: ProviderId, input: CardInput): CardVerdict {
  const known = testCards(provider).find((card) => card.number === input.number);
  return {
    outcome: known?.outcome ?? 'approved',
    decline: known?.decline ?? null,
    card: {
      brand: brandOf(input.number),
      last4: input.number.slice(-4),
      bin: input.number.slice(0, 6),
      expMonth: input.expMonth,
      expYear: input.expYear,
      country: known?.country ?? (provider === 'conekta' ? 'MX' : 'US'),
      funding: 'credit',
      name: input.name,
      renewal: known?.renewal ?? 'succeeds',
    },
  };
}
