import { base62, uuid } from '../core/ids.ts';
import type { PolarContext } from './context.ts';
import type { Order, OrderItem, Proration, TaxOption } from './objects.ts';
import { bareDiscount, bareProduct } from './product-object.ts';
import { applyTax, taxBehaviorOf, taxRate } from './tax.ts';

export type OrderReason =
  'purchase' | 'subscription_create' | 'subscription_cycle' | 'subscription_update' | 'subscription_meter_cycle';

interface OrderInput {
  customerId: string;
  productId: string | null;
  subscriptionId: string | null;
  checkoutId: string | null;
  discountId: string | null;
  reason: OrderReason;
  currency: string;
  lines: readonly (Proration & { isProration?: boolean })[];
  discount: number;
  taxOption: TaxOption | null;
  seats: number | null;
  metadata: Order['metadata'];
  customFieldData?: unknown;
  /** What a subscription's lines are for. */
  period?: { start: string; end: string };
  status?: 'draft' | 'pending';
  description?: string;
}

/** Numbers rise with the orders; drafts leave gaps. */
export const invoiceNumber = (polar: PolarContext): string => `SBX-${String(polar.orders.size + 1).padStart(4, '0')}`;

/** Spends the customer's credit on an order, or keeps what a negative order gives back. Returns what is applied. */
function applyBalance(polar: PolarContext, customerId: string, currency: string, total: number): number {
  const id = `${customerId}:${currency}`;
  const credit = polar.balances.get(id)?.amount ?? 0;
  const applied = total < 0 ? -total : -Math.min(credit, total);
  if (applied !== 0) polar.balances.put({ id, amount: credit + applied });
  return applied;
}

function itemsOf(polar: PolarContext, input: OrderInput, subtotal: number, tax: number): OrderItem[] {
  let left = tax;
  return input.lines.map(({ label, amount, product_price_id, isProration = false }, at) => {
    const share = at === input.lines.length - 1 ? left : subtotal === 0 ? 0 : Math.round((tax * amount) / subtotal);
    left -= share;
    return {
      id: uuid(),
      created_at: polar.now(),
      modified_at: null,
      label,
      amount,
      tax_amount: share,
      proration: isProration,
      product_price_id,
      start_timestamp: input.period?.start ?? null,
      end_timestamp: input.period?.end ?? null,
    };
  });
}

/** Stores an order with its taxes and tells of it; `payments.ts` settles it. */
export function newOrder(polar: PolarContext, input: OrderInput): Order {
  const customer = polar.customers.get(input.customerId);
  const address = customer?.billing_address ?? null;
  const subtotal = input.lines.reduce((sum, line) => sum + line.amount, 0);
  const behavior = taxBehaviorOf(input.taxOption, address?.country ?? null);
  const rate = taxRate(address, customer?.tax_id?.[0] ?? null);
  const { net, tax, total } = applyTax(subtotal - input.discount, rate, behavior);
  const applied = input.status === 'draft' ? 0 : applyBalance(polar, input.customerId, input.currency, total);
  const order: Order = {
    id: uuid(),
    created_at: polar.now(),
    modified_at: null,
    status: input.status ?? 'pending',
    paid: false,
    subtotal_amount: subtotal,
    discount_amount: input.discount,
    net_amount: net,
    tax_amount: tax,
    total_amount: total,
    applied_balance_amount: applied,
    due_amount: Math.max(0, total + applied),
    refunded_amount: 0,
    refunded_tax_amount: 0,
    currency: input.currency,
    billing_reason: input.reason,
    billing_name: customer?.billing_name ?? customer?.name ?? null,
    billing_address: address,
    invoice_number: input.status === 'draft' ? null : invoiceNumber(polar),
    is_invoice_generated: false,
    receipt_number: null,
    seats: input.seats,
    units: null,
    customer_id: input.customerId,
    product_id: input.productId,
    discount_id: input.discountId,
    subscription_id: input.subscriptionId,
    checkout_id: input.checkoutId,
    next_payment_attempt_at: null,
    metadata: { ...input.metadata },
    custom_field_data: input.customFieldData ?? {},
    platform_fee_amount: 0,
    platform_fee_currency: null,
    items: itemsOf(polar, input, subtotal, tax),
    description: input.description ?? polar.products.get(input.productId ?? '')?.name ?? 'Product',
    internal: { secret: base62(32), attempts: 0, isInvoiceAsked: false },
  };
  polar.orders.put(order);
  polar.emit('order.created', showOrder(polar, order));
  return order;
}

const EMBEDDED = ['chosen_amount', 'prices', 'meters', 'custom_field_data', 'pending_update', 'internal'];

function embeddedSubscription(polar: PolarContext, id: string | null): object | null {
  const subscription = id === null ? undefined : polar.subscriptions.get(id);
  if (!subscription) return null;
  return Object.fromEntries(Object.entries(subscription).filter(([name]) => !EMBEDDED.includes(name)));
}

interface Refundable {
  net: number;
  tax: number;
}

/** What can still go back: only what was paid with money, not with the customer's credit. */
export function refundableOf(order: Order): Refundable {
  if (!order.paid || order.status === 'refunded' || order.total_amount <= 0) return { net: 0, tax: 0 };
  const paidShare = (order.total_amount + order.applied_balance_amount) / order.total_amount;
  return {
    net: Math.max(0, Math.round(order.net_amount * paidShare) - order.refunded_amount),
    tax: Math.max(0, Math.round(order.tax_amount * paidShare) - order.refunded_tax_amount),
  };
}

export function showOrder(polar: PolarContext, order: Order): Record<string, unknown> {
  const { internal: _internal, ...stored } = order;
  const product = order.product_id === null ? undefined : polar.products.get(order.product_id);
  const { net, tax } = refundableOf(order);
  return {
    ...stored,
    customer: polar.customers.get(order.customer_id) ?? null,
    product: product ? bareProduct(product) : null,
    discount: bareDiscount(polar, order.discount_id),
    subscription: embeddedSubscription(polar, order.subscription_id),
    refundable_amount: net,
    refundable_tax_amount: tax,
  };
}

/** Saves a change and tells about it. */
export function touchOrder(polar: PolarContext, order: Order, ...types: string[]): void {
  order.modified_at = polar.now();
  polar.orders.put(order);
  for (const type of types) polar.emit(`order.${type}`, showOrder(polar, order));
}
