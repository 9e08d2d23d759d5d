import { digits } from '../../core/ids.ts';
import type { StripeContext } from '../context.ts';
import type { PaymentIntent, PaymentMethod } from '../objects.ts';

export const VOUCHER_EXPIRY = 'stripe.voucher.expire';
const DAY_MS = 86_400_000;
const DEFAULT_DAYS: Readonly<Record<string, number>> = { oxxo: 5, boleto: 3, konbini: 3, multibanco: 7 };
/** UTC−6 all year since 2022; São Paulo UTC−3 since 2019; Tokyo and Lisbon as they are in winter. */
const OFFSET_HOURS: Readonly<Record<string, number>> = { oxxo: -6, boleto: -3, konbini: 9, multibanco: 0 };

/** The last second of the shop's day, that many days ahead, in Unix seconds. */
function endOfDay(fromMs: number, days: number, type: string): number {
  const offsetMs = (OFFSET_HOURS[type] ?? 0) * 3_600_000;
  const local = fromMs + offsetMs + days * DAY_MS;
  return Math.floor(local / DAY_MS) * 86_400 + 86_399 - offsetMs / 1000;
}

function daysOf(intent: PaymentIntent, type: string): number {
  const options = intent['payment_method_options'];
  const own: unknown = typeof options === 'object' && options !== null ? Reflect.get(options, type) : null;
  const days: unknown = typeof own === 'object' && own !== null ? Reflect.get(own, 'expires_after_days') : null;
  return typeof days === 'number' ? days : (DEFAULT_DAYS[type] ?? 3);
}

const BANK_TRANSFERS: Readonly<Record<string, { type: string; address: () => object }>> = {
  mxn: {
    type: 'mx_bank_transfer',
    address: () => {
      const clabe = `646180${digits(12)}`;
      const spei = { account_holder_name: 'Sandbox Merchant', bank_code: '646', bank_name: 'STP', clabe };
      return { spei, supported_networks: ['spei'], type: 'spei' };
    },
  },
  usd: {
    type: 'us_bank_transfer',
    address: () => ({
      aba: {
        account_holder_name: 'Sandbox Merchant',
        account_number: digits(12),
        account_type: 'checking',
        bank_name: 'US Test Bank',
        routing_number: '999999999',
      },
      supported_networks: ['ach', 'domestic_wire_us'],
      type: 'aba',
    }),
  },
  eur: {
    type: 'eu_bank_transfer',
    address: () => ({
      iban: { account_holder_name: 'Sandbox Merchant', bic: 'TESTDEFF', country: 'DE', iban: `DE11${digits(18)}` },
      supported_networks: ['sepa'],
      type: 'iban',
    }),
  },
  gbp: {
    type: 'gb_bank_transfer',
    address: () => ({
      sort_code: { account_holder_name: 'Sandbox Merchant', account_number: digits(8), sort_code: '200000' },
      supported_networks: ['bacs', 'fps'],
      type: 'sort_code',
    }),
  },
  jpy: {
    type: 'jp_bank_transfer',
    address: () => ({
      supported_networks: ['zengin'],
      type: 'zengin',
      zengin: { account_number: digits(7), account_type: 'futsu', bank_code: '0001', branch_code: '001' },
    }),
  },
};

function transferAction(stripe: StripeContext, intent: PaymentIntent): object {
  const transfer = BANK_TRANSFERS[intent.currency] ?? BANK_TRANSFERS['usd'];
  return {
    display_bank_transfer_instructions: {
      amount_remaining: intent.amount,
      currency: intent.currency,
      financial_addresses: [transfer?.address()],
      hosted_instructions_url: `${stripe.sandbox.publicUrl()}/c/pay/${intent.id}`,
      reference: digits(7),
      type: transfer?.type,
    },
    type: 'display_bank_transfer_instructions',
  };
}

function detailsOf(type: string, expiresAt: number, url: string): object {
  switch (type) {
    case 'oxxo':
      return { expires_after: expiresAt, hosted_voucher_url: url, number: digits(34) };
    case 'boleto':
      return { expires_at: expiresAt, hosted_voucher_url: url, number: digits(47), pdf: `${url}.pdf` };
    case 'konbini': {
      const store = (): object => ({ confirmation_number: digits(11), payment_code: digits(6) });
      const stores = { familymart: store(), lawson: store(), ministop: store(), seicomart: store() };
      return { expires_at: expiresAt, hosted_voucher_url: url, stores };
    }
    default:
      return { entity: digits(5), expires_at: expiresAt, hosted_voucher_url: url, reference: digits(9) };
  }
}

/** What a customer must do at a shop or bank; the voucher's expiry is planned on the movable clock. */
export function voucherAction(stripe: StripeContext, intent: PaymentIntent, method: PaymentMethod): object {
  if (method.type === 'customer_balance') return transferAction(stripe, intent);
  const expiresAt = endOfDay(stripe.sandbox.clock.nowMs(), daysOf(intent, method.type), method.type);
  stripe.sandbox.agenda.plan(VOUCHER_EXPIRY, intent.id, expiresAt * 1000);
  const key = `${method.type}_display_details`;
  return { [key]: detailsOf(method.type, expiresAt, `${stripe.sandbox.publicUrl()}/c/pay/${intent.id}`), type: key };
}

export interface VoucherFacts {
  kind: 'cash' | 'spei';
  reference: string;
  expiresAt: number | null;
}

const textOf = (holder: unknown, key: string): unknown =>
  typeof holder === 'object' && holder !== null ? (Reflect.get(holder, key) as unknown) : undefined;

/** Reads a `next_action` back into what a page shows; null when it is none of a shop or bank. */
export function voucherFacts(action: unknown): VoucherFacts | null {
  const named = textOf(action, 'type');
  const type = typeof named === 'string' ? named : '';
  if (type === 'display_bank_transfer_instructions') {
    const instructions = textOf(action, type);
    const addresses = textOf(instructions, 'financial_addresses');
    const clabe = Array.isArray(addresses) ? textOf(textOf(addresses[0], 'spei'), 'clabe') : undefined;
    return { kind: 'spei', reference: String(clabe ?? textOf(instructions, 'reference')), expiresAt: null };
  }
  if (!type.endsWith('_display_details')) return null;
  const details = textOf(action, type);
  const number =
    textOf(details, 'number') ??
    textOf(details, 'reference') ??
    textOf(textOf(textOf(details, 'stores'), 'familymart'), 'confirmation_number');
  const expiresAt = textOf(details, 'expires_after') ?? textOf(details, 'expires_at');
  return { kind: 'cash', reference: String(number), expiresAt: typeof expiresAt === 'number' ? expiresAt : null };
}

export function scheduleVouchers(stripe: StripeContext): void {
  stripe.sandbox.agenda.handle(VOUCHER_EXPIRY, (id) => {
    const intent = stripe.paymentIntents.get(id);
    if (!intent || intent.status !== 'requires_action') return;
    const error = {
      code: 'payment_intent_payment_attempt_expired',
      message: 'The latest payment attempt for this PaymentIntent has expired.',
      type: 'invalid_request_error',
    };
    Object.assign(intent, { status: 'requires_payment_method', next_action: null, last_payment_error: error });
    stripe.paymentIntents.put(intent);
    stripe.emit('payment_intent.payment_failed', intent);
    stripe.hooks.paymentSettled(intent, { ...error, declineCode: error.code });
  });
}
