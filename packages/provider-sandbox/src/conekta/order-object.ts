import type { Card, Decline } from '../core/cards.ts';
import { base58, digits, hex, uuid } from '../core/ids.ts';
import type { ConektaContext } from './context.ts';
import { failureCodeOf, messagesOf } from './errors.ts';
import { embedded } from './listing.ts';
import type { Charge, Checkout, LineItem, Order } from './objects.ts';

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

/** Stores by the product that takes the money; `oxxo` is kept for accounts that still have it. */
const CASH_PRODUCTS: Record<string, { service: string; stores: readonly string[] }> = {
  cash_in: { service: 'Cash', stores: ['7-Eleven', 'Farmacias del Ahorro', 'Circle K', 'Soriana'] },
  pespay_cash_in: { service: 'Cash', stores: ['Walmart', "Sam's Club", 'Bodega Aurrera'] },
  bbva_cash_in: { service: 'Cash', stores: ['BBVA ATM'] },
  oxxo: { service: 'OxxoPay', stores: ['OXXO'] },
};

function cashPayment(conekta: ConektaContext, expiresAt: number, wanted: string | null): Record<string, unknown> {
  const productType = wanted ?? 'cash_in';
  const product = CASH_PRODUCTS[productType] ?? { service: 'Cash', stores: [] };
  const reference = digits(14);
  return {
    service_name: product.service,
    barcode_url: `${conekta.sandbox.publicUrl()}/_pages/barcode/${reference}.svg`,
    store: null,
    auth_code: null,
    object: 'cash_payment',
    type: 'cash',
    product_type: productType,
    agreement: digits(8),
    expires_at: expiresAt,
    store_name: product.stores[0] ?? null,
    store_names: [...product.stores],
    reference,
    cashier_id: null,
  };
}

/** A customer's own CLABE, where the order asks for it. */
function reusableClabe(conekta: ConektaContext, order: Order): string | null {
  const customerId = order.customer_info.customer_id;
  if (customerId === null || order.metadata['reuse_customer_clabe'] !== true) return null;
  const source = conekta.sources.findBy('customer', customerId).find(({ type }) => type === 'spei_recurrent');
  return source ? String(source['reference']) : null;
}

function speiPayment(expiresAt: number, reused: string | null): Record<string, unknown> {
  const clabe = reused ?? `646180${digits(12)}`;
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
  | { method: 'card'; card: Card; decline: Decline | null }
  | { method: 'cash' | 'spei'; expiresAt: number | null; productType: string | null };

interface Appended {
  payment: Record<string, unknown>;
  status: string;
  amount: number;
  referenceId: string | null;
  installments?: number | null;
  decline?: Decline | null;
}

/** One more charge of an order, told to nobody yet. */
export function appendCharge(conekta: ConektaContext, order: Order, input: Appended): Charge {
  const now = conekta.now();
  const charge: Charge = {
    id: hex(24),
    livemode: false,
    created_at: now,
    currency: order.currency,
    failure_code: input.decline ? failureCodeOf(input.decline) : null,
    failure_message: input.decline ? messagesOf(input.decline).es : null,
    monthly_installments: input.installments ?? null,
    device_fingerprint: null,
    channel: order['channel'] ?? null,
    payment_method: input.payment,
    object: 'charge',
    description: 'Payment from order',
    is_refundable: false,
    reference_id: input.referenceId,
    status: input.status,
    amount: input.amount,
    paid_at: input.status === 'paid' ? now : null,
    fee: 0,
    customer_id: order.customer_info.customer_id ?? '',
    order_id: order.id,
    refunds: [],
  };
  order.charges.push(charge);
  return charge;
}

export function newCharge(
  conekta: ConektaContext,
  order: Order,
  input: ChargeInput,
  manner: { referenceId?: string | null; amount?: number; installments?: number | null } = {},
): Charge {
  const { referenceId = null, amount = order.amount, installments = null } = manner;
  const now = conekta.now();
  const inherited = order.checkout?.expires_at;
  if (input.method === 'card') {
    const { card, decline } = input;
    const status = decline ? 'declined' : 'paid';
    return appendCharge(conekta, order, {
      payment: cardPayment(card),
      status,
      amount,
      referenceId,
      installments,
      decline,
    });
  }
  const payment =
    input.method === 'cash'
      ? cashPayment(conekta, input.expiresAt ?? inherited ?? mexicanMidnight(now, CASH_DAYS), input.productType)
      : speiPayment(input.expiresAt ?? inherited ?? now + 3 * DAY_S, reusableClabe(conekta, order));
  return appendCharge(conekta, order, { payment, status: 'pending_payment', amount, referenceId });
}

export function showCharge(charge: Charge): object {
  return { ...charge, refunds: charge.refunds.length === 0 ? null : embedded(charge.refunds) };
}

function showCheckoutOf(order: Order): object {
  return order.checkout ? { checkout: order.checkout } : {};
}

export function showOrder(order: Order): object {
  const {
    line_items: lines,
    discounts,
    taxes,
    charges,
    checkout: _checkout,
    subscription_id: _subscription,
    authorization: _authorization,
    payment_link_id: _link,
    shipping,
    ...shown
  } = order;
  return {
    ...shown,
    ...showCheckoutOf(order),
    line_items: embedded(lines),
    shipping_lines: shipping.length === 0 ? null : embedded(shipping),
    tax_lines: taxes.length === 0 ? null : embedded(taxes),
    discount_lines: discounts.length === 0 ? null : embedded(discounts),
    charges: charges.length === 0 ? null : embedded(charges.map(showCharge)),
  };
}

export function newOrderId(): string {
  return `ord_${base58(17)}`;
}

export interface LineInput {
  name: string;
  unit_price: number;
  quantity: number;
  description?: string | null | undefined;
  sku?: string | null | undefined;
  tags?: string[] | null | undefined;
  brand?: string | null | undefined;
  metadata?: Record<string, unknown> | undefined;
}

export function newLineItem(orderId: string, line: LineInput): LineItem {
  return {
    name: line.name,
    description: line.description ?? null,
    unit_price: line.unit_price,
    quantity: line.quantity,
    sku: line.sku ?? null,
    tags: line.tags ?? null,
    brand: line.brand ?? null,
    type: null,
    object: 'line_item',
    id: `line_item_${base58(17)}`,
    parent_id: orderId,
    metadata: line.metadata ?? {},
    antifraud_info: {},
  };
}
