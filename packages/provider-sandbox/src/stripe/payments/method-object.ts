import { base62, digits } from '../../core/ids.ts';
import type { Card, Decline } from '../../core/cards.ts';
import type { StripeContext } from '../context.ts';
import { noSuch } from '../errors.ts';
import type { PaymentMethod } from '../objects.ts';
import { type CardBehaviour, behaviourOf, publishedNumber, readCard } from './test-cards.ts';

type Strings = Record<string, string>;

export interface BillingDetails {
  email: string | null;
  name: string | null;
  country: string | null;
}

function billingDetails(billing: BillingDetails): Record<string, unknown> {
  const address = { city: null, country: billing.country, line1: null, line2: null, postal_code: null, state: null };
  return { address, email: billing.email, name: billing.name, phone: null, tax_id: null };
}

export function cardDetails(card: Card): Record<string, unknown> {
  return {
    brand: card.brand,
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
    country: card.country,
    display_brand: card.brand,
    exp_month: card.expMonth,
    exp_year: card.expYear,
    fingerprint: fingerprintOf(card),
    funding: card.funding,
    generated_from: null,
    last4: card.last4,
    networks: { available: [card.brand], preferred: null },
    regulated_status: 'unregulated',
    three_d_secure_usage: { supported: true },
    wallet: null,
  };
}

/** The same card gives the same fingerprint; its number is not kept, so the first six and last four stand for it. */
function fingerprintOf(card: Card): string {
  const seed = Number(`${card.bin}${card.last4}`);
  return seed.toString(36).toUpperCase().padStart(16, 'x').slice(0, 16);
}

const DETAILS: Readonly<Record<string, () => object>> = {
  sepa_debit: () => ({
    bank_code: '37040044',
    branch_code: '',
    country: 'DE',
    fingerprint: base62(16),
    generated_from: { charge: null, setup_attempt: null },
    last4: '3000',
  }),
  us_bank_account: () => ({
    account_holder_type: 'individual',
    account_type: 'checking',
    bank_name: 'STRIPE TEST BANK',
    financial_connections_account: null,
    fingerprint: base62(16),
    last4: '6789',
    networks: { preferred: 'ach', supported: ['ach'] },
    routing_number: '110000000',
    status_details: null,
  }),
  bacs_debit: () => ({ fingerprint: base62(16), last4: '2345', sort_code: '108800' }),
  ideal: () => ({ bank: 'ing', bic: 'INGBNL2A' }),
  eps: () => ({ bank: null }),
  p24: () => ({ bank: null }),
  boleto: () => ({ tax_id: '00000000000000' }),
  klarna: () => ({ dob: null }),
  link: () => ({ email: null }),
  cashapp: () => ({ buyer_id: digits(12), cashtag: '$test' }),
};

interface NewMethod {
  type: string;
  card: Card | null;
  behaviour?: CardBehaviour;
  /** Whether a debit settles; nothing for other types. */
  settles?: boolean;
  details?: Record<string, unknown>;
  customer: string | null;
  billing: BillingDetails;
  billingFields?: Record<string, unknown>;
  metadata?: Strings;
}

const PLAIN: CardBehaviour = { charge: null, authentication: 'none', aftermath: 'none' };

export function newPaymentMethod(stripe: StripeContext, input: NewMethod): PaymentMethod {
  const shown = input.card ? cardDetails(input.card) : { ...DETAILS[input.type]?.(), ...input.details };
  const method: PaymentMethod = {
    id: `pm_1${base62(23)}`,
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: input.billingFields ?? billingDetails(input.billing),
    [input.type]: shown,
    created: stripe.now(),
    customer: input.customer,
    customer_account: null,
    livemode: false,
    metadata: input.metadata ?? {},
    type: input.type,
  };
  stripe.instruments.put({
    id: method.id,
    card: input.card,
    behaviour: input.behaviour ?? PLAIN,
    settles: input.settles ?? true,
    isSetUp: false,
    wasDetached: false,
  });
  return stripe.paymentMethods.put(method);
}

/** A card from a hosted page; a declined one carries its decline. */
export function newPageCard(
  stripe: StripeContext,
  input: { card: Card; decline?: Decline; customer: string | null; billing: BillingDetails },
): PaymentMethod {
  const behaviour = behaviourOf(input.card, input.decline ?? null);
  return newPaymentMethod(stripe, { ...input, type: 'card', behaviour });
}

const NOBODY: BillingDetails = { email: null, name: null, country: null };

/** `pm_card_visa` and the like make a fresh method each time they are named, as test mode does. */
export function methodNamed(stripe: StripeContext, id: string, param: string): PaymentMethod {
  const known = stripe.paymentMethods.get(id);
  if (known) return known;
  const number = id.startsWith('pm_card_') ? publishedNumber(id) : undefined;
  if (number !== undefined) {
    const year = new Date(stripe.now() * 1000).getUTCFullYear() + 1;
    const read = readCard({ number, expMonth: 12, expYear: year, cvc: '123' });
    return newPaymentMethod(stripe, {
      type: 'card',
      card: read.card,
      behaviour: read.behaviour,
      customer: null,
      billing: NOBODY,
    });
  }
  if (/^pm_(usBankAccount|sepaDebit|sepa)_?/.test(id)) {
    const type = id.startsWith('pm_us') ? 'us_bank_account' : 'sepa_debit';
    const settles = /success/i.test(id) || !id.includes('_', 3);
    return newPaymentMethod(stripe, { type, card: null, settles, customer: null, billing: NOBODY });
  }
  throw noSuch('PaymentMethod', id, param, 400);
}

export const cardOf = (stripe: StripeContext, method: PaymentMethod): Card | null =>
  stripe.instruments.get(method.id)?.card ?? null;
