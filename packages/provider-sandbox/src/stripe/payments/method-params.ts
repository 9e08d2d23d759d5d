import { z } from 'zod';
import { type CardInput, faultyCardFields } from '../../core/cards.ts';
import type { StripeContext } from '../context.ts';
import { invalid, paymentFailure } from '../errors.ts';
import type { PaymentMethod } from '../objects.ts';
import { ignored, integer, mergeMetadata, metadata, text } from '../params.ts';
import { newPaymentMethod } from './method-object.ts';
import { METHOD_TYPES } from './method-types.ts';
import { type ReadCard, publishedNumber, readCard } from './test-cards.ts';

const cardParam = z.strictObject({
  token: text.optional(),
  number: text.optional(),
  exp_month: integer.optional(),
  exp_year: integer.optional(),
  cvc: text.optional(),
  networks: ignored.optional(),
});
const address = z.union([
  z.literal(''),
  z.strictObject({
    city: text.optional(),
    country: text.optional(),
    line1: text.optional(),
    line2: text.optional(),
    postal_code: text.optional(),
    state: text.optional(),
  }),
]);
export const billingParam = z.strictObject({
  address: address.optional(),
  email: text.optional(),
  name: text.optional(),
  phone: text.optional(),
  tax_id: text.optional(),
});

const DETAIL_TYPES = Object.keys(METHOD_TYPES).filter((type) => type !== 'card');

export const methodDataParams = {
  ...Object.fromEntries(DETAIL_TYPES.map((type) => [type, z.record(z.string(), ignored).optional()])),
  allow_redisplay: z.enum(['always', 'limited', 'unspecified']).optional(),
  billing_details: billingParam.optional(),
  card: cardParam.optional(),
  metadata: metadata.optional(),
  radar_options: ignored.optional(),
  type: text.optional(),
};
export const methodData = z.strictObject(methodDataParams);
type MethodData = z.output<typeof methodData>;

const INCORRECT = {
  number: { code: 'incorrect_number', declineCode: 'incorrect_number', message: 'Your card number is incorrect.' },
  expiry: {
    code: 'invalid_expiry_year',
    declineCode: 'invalid_expiry_year',
    message: "Your card's expiration year is invalid.",
  },
  cvc: { code: 'invalid_cvc', declineCode: 'invalid_cvc', message: "Your card's security code is invalid." },
} as const;

function readCardParam(stripe: StripeContext, card: z.output<typeof cardParam> | undefined, param: string): ReadCard {
  if (!card) throw invalid(`Missing required param: ${param}.`, { code: 'parameter_missing', param });
  const nextYear = new Date(stripe.now() * 1000).getUTCFullYear() + 1;
  if (card.token !== undefined) {
    const number = publishedNumber(card.token);
    if (number === undefined) {
      throw invalid(`No such token: '${card.token}'`, { code: 'resource_missing', param: `${param}[token]` });
    }
    return readCard({ number, expMonth: 12, expYear: nextYear, cvc: '123' });
  }
  for (const name of ['number', 'exp_month', 'exp_year'] as const) {
    if (card[name] !== undefined) continue;
    throw invalid(`Missing required param: ${param}[${name}].`, {
      code: 'parameter_missing',
      param: `${param}[${name}]`,
    });
  }
  const input: CardInput = {
    number: (card.number ?? '').replaceAll(/\s/g, ''),
    expMonth: card.exp_month ?? 0,
    expYear: card.exp_year ?? 0,
    cvc: card.cvc ?? '123',
    name: null,
  };
  const [faulty] = faultyCardFields(input, stripe.now() * 1000);
  if (faulty) throw paymentFailure(INCORRECT[faulty], { param: faulty === 'expiry' ? 'exp_year' : faulty });
  return readCard(input);
}

export function billingFields(
  given: z.output<typeof billingParam> | undefined,
  before?: Record<string, unknown>,
): Record<string, unknown> {
  const empty = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null };
  const start = before ?? { address: empty, email: null, name: null, phone: null, tax_id: null };
  if (!given) return start;
  const { address: given_, ...rest } = given;
  const kept = given_ === undefined ? start['address'] : given_ === '' ? empty : { ...empty, ...given_ };
  const changed = Object.entries(rest).map(([key, value]) => [key, value === '' ? null : value] as const);
  return { ...start, ...Object.fromEntries(changed), address: kept };
}

/** US account numbers and IBANs whose debits fail, as published. */
const FAILING_ACCOUNTS = new Set(['000111111113', '000111111116', '000222222227', '000333333335', '000444444440']);

const textIn = (given: Record<string, unknown>, name: string, fallback: string): string => {
  const value = given[name];
  return typeof value === 'string' ? value : fallback;
};

function debitDetails(type: string, given: Record<string, unknown>): { settles: boolean; details: object } {
  if (type === 'sepa_debit') {
    const iban = textIn(given, 'iban', 'DE89370400440532013000').replaceAll(/\s/g, '');
    // DE…3000 and its like settle; …3001 and …3003 fail or are disputed.
    return {
      settles: !/3001$|3003$/.test(iban),
      details: { country: iban.slice(0, 2), last4: iban.slice(-4), bank_code: iban.slice(4, 12) },
    };
  }
  if (type === 'us_bank_account') {
    const account = textIn(given, 'account_number', '000123456789');
    const { routing_number: routing = '110000000', account_holder_type: holder = 'individual' } = given;
    return {
      settles: !FAILING_ACCOUNTS.has(account),
      details: { last4: account.slice(-4), routing_number: routing, account_holder_type: holder },
    };
  }
  return { settles: true, details: {} };
}

/** Makes a payment method from its parameters; `param` is where they stood in the request. */
export function methodFrom(stripe: StripeContext, data: MethodData, param: string): PaymentMethod {
  const at = (name: string): string => (param === '' ? name : `${param}[${name}]`);
  const type = data.type ?? (data.card ? 'card' : undefined);
  if (type === undefined)
    throw invalid(`Missing required param: ${at('type')}.`, { code: 'parameter_missing', param: at('type') });
  if (!(type in METHOD_TYPES)) {
    throw invalid(`Invalid ${at('type')}: must be one of ${Object.keys(METHOD_TYPES).join(', ')}`, {
      param: at('type'),
    });
  }
  const shared = {
    customer: null,
    billing: { email: null, name: null, country: null },
    billingFields: billingFields(data.billing_details),
    metadata: mergeMetadata({}, data.metadata),
  };
  if (type === 'card') {
    const { card, behaviour } = readCardParam(stripe, data.card, at('card'));
    return newPaymentMethod(stripe, { type, card, behaviour, ...shared });
  }
  const raw: unknown = Reflect.get(data, type);
  const given = typeof raw === 'object' && raw !== null ? Object.fromEntries(Object.entries(raw)) : {};
  const { settles, details } = debitDetails(type, given);
  return newPaymentMethod(stripe, { type, card: null, settles, details: { ...details }, ...shared });
}
