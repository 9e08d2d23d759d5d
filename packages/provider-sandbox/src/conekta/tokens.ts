import { z } from 'zod';
import { type Card, brandOf, faultyCardFields, judgeCard } from '../core/cards.ts';
import { base58, uuid } from '../core/ids.ts';
import type { Route } from '../http/answer.ts';
import type { ConektaContext } from './context.ts';
import { ConektaFailure, invalid } from './errors.ts';
import type { Token, Vault } from './objects.ts';
import { mexicanMidnight } from './order-object.ts';
import { parse } from './validation.ts';

/** Published ids that stand for a card and are never used up. */
const TEST_TOKENS: Record<string, string> = {
  tok_test_visa_4242: '4242424242424242',
  tok_test_mastercard_4444: '5555555555554444',
  tok_test_amex_0005: '378282246310005',
  tok_test_card_declined: '4000000000000002',
  tok_test_insufficient_funds: '4000000000000127',
};

const digits = z.union([z.string(), z.int()]).transform(String);
const tokenBody = z.strictObject({
  card: z
    .strictObject({
      number: digits,
      name: z.string().min(1),
      cvc: digits,
      exp_month: digits,
      exp_year: digits,
      device_fingerprint: z.string().optional(),
    })
    .optional(),
  checkout: z.strictObject({ returns_control_on: z.literal('Token') }).optional(),
});

export function vaultOf(input: {
  number: string;
  expMonth: number;
  expYear: number;
  name: string | null;
}): Omit<Vault, 'id'> {
  const { card, decline, outcome } = judgeCard('conekta', {
    ...input,
    cvc: brandOf(input.number) === 'amex' ? '1234' : '123',
  });
  return { card, decline, challenges: outcome === 'challenge' };
}

/** What the browser's tokenizer answers for a card: usable once. */
export function newToken(conekta: ConektaContext, vault: Omit<Vault, 'id'>): Token {
  return conekta.tokens.put({ id: `tok_${base58(17)}`, ...vault, isUsed: false });
}

export function newTestToken(conekta: ConektaContext, number: string): Token {
  const expYear = new Date(conekta.now() * 1000).getUTCFullYear() + 5;
  return newToken(conekta, vaultOf({ number, expMonth: 12, expYear, name: 'Test Customer' }));
}

/**
 * The card behind a token, which is used up by it.
 *
 * @throws {ConektaFailure} 422 for one nobody made, 402 for one that was used before
 */
export function takeToken(conekta: ConektaContext, id: string): Omit<Vault, 'id'> {
  const number = TEST_TOKENS[id];
  if (number !== undefined) {
    const expYear = new Date(conekta.now() * 1000).getUTCFullYear() + 5;
    return vaultOf({ number, expMonth: 12, expYear, name: 'Test Customer' });
  }
  const token = conekta.tokens.get(id);
  if (!token)
    throw invalid('token_id', 'token_id.nonexistent_token', 'The token does not exist.', 'El token no existe.');
  if (token.isUsed)
    throw new ConektaFailure({
      status: 402,
      type: 'processing_error',
      code: 'processing.tokenization.used',
      debug: 'The token has already been used.',
      message: { es: 'El token ya fue utilizado.', en: 'The token has already been used.' },
    });
  conekta.tokens.put(Object.assign(token, { isUsed: true }));
  return token;
}

function tokenize(conekta: ConektaContext, given: NonNullable<z.output<typeof tokenBody>['card']>): Token {
  // Two digits here, four where a raw card is charged.
  if (!/^\d{2}$/.test(given.exp_year)) throw cardProblem('exp_year');
  const card = {
    number: given.number.replaceAll(/[\s-]/g, ''),
    expMonth: Number(given.exp_month),
    expYear: 2000 + Number(given.exp_year),
    cvc: given.cvc,
    name: given.name,
  };
  const [faulty] = faultyCardFields(card, conekta.now() * 1000);
  if (faulty) throw cardProblem({ number: 'number', expiry: 'exp_month', cvc: 'cvc' }[faulty]);
  return newToken(conekta, vaultOf(card));
}

function cardProblem(field: string): ConektaFailure {
  return new ConektaFailure({
    status: 422,
    type: 'parameter_validation_error',
    code: `parameter_validation.card.${field}`,
    param: `card[card[${field}]]`,
    debug: 'Some of the card information is invalid. Please review the information and try again.',
    message: {
      es: 'Alguno de los datos de la tarjeta es inválido. Revisa la información y vuelve a intentarlo.',
      en: 'Some of the card information is invalid. Please review the information and try again.',
    },
  });
}

/** An empty token, with the checkout the browser's form fills it through. */
function emptyToken(conekta: ConektaContext): object {
  const id = `tok_${base58(17)}`;
  const now = conekta.now();
  return {
    id,
    livemode: false,
    used: false,
    checkout: {
      id: uuid(),
      name: id.replace('_', '-'),
      livemode: false,
      emails_sent: 0,
      success_url: '',
      failure_url: '',
      paid_payments_count: 0,
      sms_sent: 0,
      status: 'Issued',
      type: 'Integration',
      recurrent: false,
      starts_at: mexicanMidnight(now, 0),
      expires_at: mexicanMidnight(now, 3) - 1,
      allowed_payment_methods: ['card'],
      exclude_card_networks: [],
      needs_shipping_contact: false,
      monthly_installments_options: [],
      monthly_installments_enabled: false,
      force_3ds_flow: false,
      metadata: {},
      can_not_expire: false,
      object: 'checkout',
      on_demand_enabled: false,
    },
    object: 'token',
  };
}

export function tokenRoutes(conekta: ConektaContext): Route[] {
  return [
    {
      method: 'post',
      path: '/tokens',
      operations: ['tokens.create'],
      handle(request) {
        const { card, checkout } = parse(tokenBody, request);
        if (checkout) return { status: 200, body: emptyToken(conekta) };
        if (!card)
          throw invalid('card', 'presence', 'The parameter "card" is required.', 'El parámetro "card" es requerido.');
        const { id, isUsed } = tokenize(conekta, card);
        return { status: 200, body: { id, livemode: false, used: isUsed, object: 'token' } };
      },
    },
  ];
}

export const cardLabel = ({ brand, last4 }: Card): string => `${brand} •••• ${last4}`;
