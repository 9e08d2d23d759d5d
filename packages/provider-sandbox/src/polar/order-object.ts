import type { Card, Decline } from '../core/cards.ts';
import { uuid } from '../core/ids.ts';
import type { PolarContext } from './context.ts';
import type { Checkout, Order, Payment, Subscription } from './objects.ts';

export interface OrderInput {
  subscription: Subscription | null;
  checkout: Checkout | null;
  reason: 'purchase' | 'subscription_create' | 'subscription_cycle' | 'subscription_update';
  amount: number;
  discount: number;
}

/** A pending order with its `order.created`; `payOrder` settles it. */
export function newOrder(polar: PolarContext, input: OrderInput): Order {
  const { subscription, checkout } = input;
  const customerId = subscription?.customer_id ?? checkout?.customer_id ?? '';
  const productId = subscription?.product_id ?? checkout?.product_id ?? '';
  const customer = polar.customers.get(customerId);
  const net = input.amount - input.discount;
  const price = subscription?.prices[0] ?? checkout?.price;
  const order: Order = {
    id: uuid(),
    created_at: polar.now(),
    modified_at: null,
    status: 'pending',
    paid: false,
    subtotal_amount: input.amount,
    discount_amount: input.discount,
    net_amount: net,
    tax_amount: 0,
    total_amount: net,
    applied_balance_amount: 0,
    due_amount: net,
    refunded_amount: 0,
    refunded_tax_amount: 0,
    currency: subscription?.currency ?? checkout?.currency ?? 'usd',
    billing_reason: input.reason,
    billing_name: customer?.billing_name ?? customer?.name ?? null,
    billing_address: customer?.billing_address ?? null,
    invoice_number: `SBX-${String(polar.orders.size + 1).padStart(4, '0')}`,
    is_invoice_generated: false,
    receipt_number: null,
    seats: null,
    customer_id: customerId,
    product_id: productId,
    discount_id: checkout?.discount_id ?? null,
    subscription_id: subscription?.id ?? null,
    checkout_id: checkout?.id ?? null,
    next_payment_attempt_at: null,
    metadata: { ...(checkout?.metadata ?? subscription?.metadata) },
    custom_field_data: {},
    platform_fee_amount: 0,
    platform_fee_currency: null,
    items: [
      {
        id: uuid(),
        created_at: polar.now(),
        modified_at: null,
        label: polar.products.get(productId)?.name ?? 'Product',
        amount: input.amount,
        tax_amount: 0,
        proration: false,
        product_price_id: price?.id ?? null,
      },
    ],
  };
  polar.orders.put(order);
  polar.emit('order.created', showOrder(polar, order));
  return order;
}

function without(object: Record<string, unknown>, fields: readonly string[]): object {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !fields.includes(name)));
}

export function showOrder(polar: PolarContext, order: Order): object {
  const { attempts: _attempts, ...stored } = order;
  const product = polar.products.get(order.product_id);
  const subscription = order.subscription_id === null ? undefined : polar.subscriptions.get(order.subscription_id);
  return {
    ...stored,
    customer: polar.customers.get(order.customer_id) ?? null,
    product: product ? without(product, ['prices', 'benefits', 'medias', 'attached_custom_fields']) : null,
    discount: order.discount_id === null ? null : (polar.discounts.get(order.discount_id) ?? null),
    subscription: subscription
      ? without(subscription, ['prices', 'meters', 'custom_field_data', 'pending_update'])
      : null,
    description: product?.name ?? 'Product',
    refundable_amount: order.paid ? order.net_amount - order.refunded_amount : 0,
    refundable_tax_amount: order.paid ? order.tax_amount - order.refunded_tax_amount : 0,
  };
}

function newPayment(
  polar: PolarContext,
  input: {
    amount: number;
    currency: string;
    checkoutId: string | null;
    orderId: string | null;
    customerId: string | null;
    card: Card | null;
    decline: Decline | null;
    trigger: string;
  },
): Payment {
  const { card, decline } = input;
  return polar.payments.put({
    id: uuid(),
    created_at: polar.now(),
    modified_at: null,
    processor: 'stripe',
    status: decline ? 'failed' : 'succeeded',
    amount: input.amount,
    currency: input.currency,
    method: 'card',
    trigger: input.trigger,
    decline_reason: decline?.declineCode ?? null,
    decline_message: decline?.message ?? null,
    organization_id: polar.organizationId(),
    checkout_id: input.checkoutId,
    order_id: input.orderId,
    customer_id: input.customerId,
    method_metadata: { brand: card?.brand ?? 'visa', last4: card?.last4 ?? '0000' },
    processor_metadata: {},
  });
}

function record(polar: PolarContext, payment: Payment, metadata: Order['metadata']): void {
  polar.sandbox.ledger.record({
    provider: 'polar',
    kind: 'charge',
    id: payment.id,
    amount_minor: payment.amount,
    currency: payment.currency,
    status: payment.status,
    customer: payment.customer_id,
    metadata,
  });
}

/** Collects the order; zero totals are paid without a payment. */
export function payOrder(polar: PolarContext, order: Order, card: Card | null): void {
  if (order.total_amount > 0) {
    const { currency, checkout_id: checkoutId, id: orderId, customer_id: customerId, total_amount: amount } = order;
    const trigger = order.billing_reason === 'subscription_cycle' ? 'subscription_cycle' : 'purchase';
    record(
      polar,
      newPayment(polar, { amount, currency, checkoutId, orderId, customerId, card, decline: null, trigger }),
      order.metadata,
    );
  }
  Object.assign(order, {
    status: 'paid',
    paid: true,
    due_amount: 0,
    next_payment_attempt_at: null,
    modified_at: polar.now(),
  });
  polar.orders.put(order);
  polar.emit('order.updated', showOrder(polar, order));
  polar.emit('order.paid', showOrder(polar, order));
}

export function recordFailure(polar: PolarContext, order: Order, card: Card | null, decline: Decline): void {
  const { currency, checkout_id: checkoutId, id: orderId, customer_id: customerId, total_amount: amount } = order;
  record(
    polar,
    newPayment(polar, {
      amount,
      currency,
      checkoutId,
      orderId,
      customerId,
      card,
      decline,
      trigger: 'subscription_cycle',
    }),
    order.metadata,
  );
}

export function recordCheckoutDecline(
  polar: PolarContext,
  checkout: Checkout,
  amount: number,
  card: Card,
  decline: Decline,
): void {
  const { currency, id: checkoutId, customer_id: customerId } = checkout;
  record(
    polar,
    newPayment(polar, { amount, currency, checkoutId, orderId: null, customerId, card, decline, trigger: 'purchase' }),
    checkout.metadata,
  );
}
