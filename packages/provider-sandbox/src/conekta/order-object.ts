import type { Card, Decline } from '../core/cards.ts';
import { base58, digits, hex, uuid } from '../core/ids.ts';
import type { ConektaContext } from './context.ts';
import { embedded } from './listing.ts';
import type { Charge, Checkout, Order } from './objects.ts';

const DAY_S = 86_400;
const MEXICO_CITY_OFFSET_S = 6 * 3600;
const CHECKOUT_DAYS = 3;
const CASH_DAYS = 30;

/** Midnight in Mexico City (UTC−6) of the day `days` ahead, in Unix seconds. */
export function mexicanMidnight(nowS: number, days: number): number {
  return (Math.floor((nowS - MEXICO_CITY_OFFSET_S) / DAY_S) + days) * DAY_S + MEXICO_CITY_OFFSET_S;
}

export interface CheckoutInput {
  type: string;
  name?: string | undefined;
  allowed: string[];
  expiresAt?: number | undefined;
  successUrl?: string | undefined;
  failureUrl?: string | undefined;
  redirectionTime?: number | undefined;
  planIds?: string[] | undefined;
  installments?: number[] | undefined;
}

export function newCheckout(conekta: ConektaContext, orderId: string, input: CheckoutInput): Checkout {
  const id = uuid();
  const slug = id.replaceAll('-', '');
  const now = conekta.now();
  return {
    id,
    name: input.name ?? orderId.replace('_', '-'),
    livemode: false,
    emails_sent: 0,
    success_url: input.successUrl ?? '',
    failure_url: input.failureUrl ?? '',
    payments_limit_count: null,
    paid_payments_count: 0,
    sms_sent: 0,
    status: 'Issued',
    type: input.type,
    recurrent: false,
    starts_at: mexicanMidnight(now, 0),
    expires_at: input.expiresAt ?? mexicanMidnight(now, CHECKOUT_DAYS) - 1,
    allowed_payment_methods: input.allowed,
    exclude_card_networks: [],
    needs_shipping_contact: false,
    monthly_installments_options: input.installments ?? [],
    monthly_installments_enabled: (input.installments ?? []).length > 0,
    redirection_time: input.redirectionTime ?? null,
    force_3ds_flow: false,
    plan_ids: input.planIds ?? [],
    plan_id: input.planIds?.[0] ?? null,
    metadata: {},
    can_not_expire: false,
    three_ds_mode: null,
    max_failed_retries: null,
    object: 'checkout',
    is_redirect_on_failure: true,
    slug,
    url: `${conekta.sandbox.publicUrl()}/conekta/checkout/${slug}`,
  };
}

function cardPayment(card: Card): Record<string, unknown> {
  return {
    name: card.name,
    exp_month: String(card.expMonth).padStart(2, '0'),
    exp_year: String(card.expYear).slice(-2),
    auth_code: digits(6),
    object: 'card_payment',
    type: card.funding,
    last4: card.last4,
    brand: card.brand,
    issuer: 'SANDBOX BANK',
    account_type: 'CREDIT',
    country: card.country,
    fraud_indicators: [],
  };
}

function cashPayment(conekta: ConektaContext, expiresAt: number): Record<string, unknown> {
  const reference = digits(14);
  return {
    service_name: 'Cash',
    barcode_url: `${conekta.sandbox.publicUrl()}/_pages/barcode/${reference}.svg`,
    store: null,
    auth_code: null,
    object: 'cash_payment',
    type: 'cash',
    product_type: 'cash_in',
    agreement: digits(8),
    expires_at: expiresAt,
    store_name: 'OXXO',
    store_names: ['OXXO', '7-Eleven', 'Farmacias del Ahorro'],
    reference,
    cashier_id: null,
  };
}

function speiPayment(expiresAt: number): Record<string, unknown> {
  const clabe = `646180${digits(12)}`;
  return {
    clabe,
    bank: 'STP',
    issuing_account_holder_name: null,
    issuing_account_tax_id: null,
    issuing_account_bank: null,
    issuing_account_number: null,
    receiving_account_holder_name: null,
    receiving_account_tax_id: null,
    receiving_account_number: clabe,
    receiving_account_bank: 'STP',
    reference_number: null,
    description: null,
    tracking_code: null,
    executed_at: null,
    payment_attempts: [],
    object: 'bank_transfer_payment',
    type: 'spei',
    expires_at: expiresAt,
  };
}

export type ChargeInput =
  { method: 'card'; card: Card; decline: Decline | null } | { method: 'cash' | 'spei'; expiresAt: number | null };

export function newCharge(
  conekta: ConektaContext,
  order: Order,
  input: ChargeInput,
  referenceId: string | null = null,
): Charge {
  const now = conekta.now();
  const inherited = order.checkout?.expires_at;
  const decline = input.method === 'card' ? input.decline : null;
  const payment = ((): Record<string, unknown> => {
    if (input.method === 'card') return cardPayment(input.card);
    if (input.method === 'cash')
      return cashPayment(conekta, input.expiresAt ?? inherited ?? mexicanMidnight(now, CASH_DAYS));
    return speiPayment(input.expiresAt ?? inherited ?? now + 3 * DAY_S);
  })();
  const charge: Charge = {
    id: hex(24),
    livemode: false,
    created_at: now,
    currency: order.currency,
    failure_code: decline
      ? `processing.bank.${decline.declineCode === 'insufficient_funds' ? 'insufficient_funds' : 'declined'}`
      : null,
    failure_message: decline ? 'La tarjeta fue declinada por el banco emisor.' : null,
    monthly_installments: null,
    device_fingerprint: null,
    channel: order['channel'] ?? null,
    payment_method: payment,
    object: 'charge',
    description: 'Payment from order',
    is_refundable: false,
    reference_id: referenceId,
    status: input.method !== 'card' ? 'pending_payment' : decline ? 'declined' : 'paid',
    amount: order.amount,
    paid_at: input.method === 'card' && !decline ? now : null,
    fee: 0,
    customer_id: order.customer_info.customer_id ?? '',
    order_id: order.id,
    refunds: [],
  };
  order.charges.push(charge);
  return charge;
}

export function showCharge(charge: Charge): object {
  return { ...charge, refunds: charge.refunds.length === 0 ? null : embedded(charge.refunds) };
}

function showCheckoutOf(order: Order): object {
  if (!order.checkout) return {};
  const { plan_ids: _plans, ...checkout } = order.checkout;
  return { checkout };
}

export function showOrder(order: Order): object {
  const {
    line_items: lines,
    discounts,
    taxes,
    charges,
    checkout: _checkout,
    subscription_id: _subscription,
    ...shown
  } = order;
  return {
    ...shown,
    ...showCheckoutOf(order),
    line_items: embedded(lines),
    shipping_lines: null,
    tax_lines: taxes.length === 0 ? null : embedded(taxes),
    discount_lines: discounts.length === 0 ? null : embedded(discounts),
    charges: charges.length === 0 ? null : embedded(charges.map(showCharge)),
  };
}

export function newOrderId(): string {
  return `ord_${base58(17)}`;
}
