import { type Card, type Decline, GENERIC_DECLINE } from '../core/cards.ts';
import { uuid } from '../core/ids.ts';
import type { LedgerEntry } from '../core/ledger.ts';
import type { ApiRequest, Route } from '../http/answer.ts';
import { setGrants } from './benefit-grants.ts';
import type { PolarContext } from './context.ts';
import { notFound } from './errors.ts';
import { listPage, oneOf } from './listing.ts';
import type { Checkout, Order, Payment } from './objects.ts';
import { touchOrder } from './order-object.ts';
import { cardFor } from './payment-methods.ts';

export type Trigger =
  | 'purchase'
  | 'subscription_cycle'
  | 'retry_dunning'
  | 'retry_customer'
  | 'retry_payment_method_update'
  | 'retry_admin';

interface PaymentInput {
  amount: number;
  currency: string;
  checkoutId: string | null;
  orderId: string | null;
  customerId: string | null;
  card: Card | null;
  decline: Decline | null;
  trigger: Trigger;
  metadata: Order['metadata'];
  /** What it pays of a subscription. */
  pays?: Pick<LedgerEntry, 'subscription' | 'period'>;
}

function newPayment(polar: PolarContext, input: PaymentInput): Payment {
  const { card, decline } = input;
  const payment = polar.payments.put({
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
  polar.sandbox.ledger.record({
    provider: 'polar',
    kind: 'charge',
    id: payment.id,
    amount_minor: payment.amount,
    currency: payment.currency,
    status: payment.status,
    customer: payment.customer_id,
    ...input.pays,
    metadata: input.metadata,
  });
  return payment;
}

function orderPayment(order: Order, card: Card | null, decline: Decline | null, trigger: Trigger): PaymentInput {
  const { currency, checkout_id: checkoutId, id: orderId, customer_id: customerId, due_amount: amount } = order;
  const { metadata } = order;
  return { amount, currency, checkoutId, orderId, customerId, card, decline, trigger, metadata, pays: paysOf(order) };
}

/** Changes and usage are beside the period. */
function paysOf(order: Order): Pick<LedgerEntry, 'subscription' | 'period'> {
  const isOfPeriod = order.billing_reason === 'subscription_create' || order.billing_reason === 'subscription_cycle';
  const line = order.items.find(({ proration }) => !proration);
  const { start_timestamp: start, end_timestamp: end } = line ?? {};
  const period = isOfPeriod && typeof start === 'string' && typeof end === 'string' ? { start, end } : null;
  return { subscription: order.subscription_id, period };
}

// The Starter plan of 2026: 5 % of the total with tax and 50 cents.
const feeOf = (amount: number): number => Math.round(amount * 0.05) + 50;

/** The order is collected: its payment (none for nothing due), its events and, if bought once, its benefits. */
export function settleOrder(polar: PolarContext, order: Order, card: Card | null, trigger: Trigger): void {
  if (order.due_amount > 0) {
    newPayment(polar, orderPayment(order, card, null, trigger));
    Object.assign(order, { platform_fee_amount: feeOf(order.due_amount), platform_fee_currency: order.currency });
  }
  Object.assign(order, { status: 'paid', paid: true, due_amount: 0, next_payment_attempt_at: null });
  const product = order.product_id === null ? undefined : polar.products.get(order.product_id);
  if (order.subscription_id === null && product && !product.is_recurring) {
    const { customer_id: customerId, id: orderId } = order;
    setGrants(polar, { customerId, subscriptionId: null, orderId }, product.benefit_ids);
  }
  touchOrder(polar, order, 'updated', 'paid');
}

/** Charges the saved card without the customer. Returns why it failed, or null. */
export function collectOrder(polar: PolarContext, order: Order, trigger: Trigger): Decline | null {
  const subscription = order.subscription_id === null ? null : (polar.subscriptions.get(order.subscription_id) ?? null);
  const card = cardFor(polar, order.customer_id, subscription);
  if (order.due_amount <= 0 || card?.renewal === 'succeeds') {
    settleOrder(polar, order, card, trigger);
    return null;
  }
  newPayment(polar, orderPayment(order, card, GENERIC_DECLINE, trigger));
  return GENERIC_DECLINE;
}

export function recordCheckoutDecline(
  polar: PolarContext,
  input: { checkout: Checkout; amount: number; card: Card; decline: Decline },
): void {
  const { checkout, amount, card, decline } = input;
  const { currency, id: checkoutId, customer_id: customerId, metadata } = checkout;
  newPayment(polar, {
    ...{ amount, currency, checkoutId, orderId: null, customerId, card, decline },
    trigger: 'purchase',
    metadata,
  });
}

/** A charge for a change that was then not made. */
export function recordDeclinedChange(
  polar: PolarContext,
  input: Omit<PaymentInput, 'decline' | 'orderId' | 'checkoutId'>,
): void {
  newPayment(polar, { ...input, orderId: null, checkoutId: null, decline: GENERIC_DECLINE });
}

const shown = ({ customer_id: _customer, ...payment }: Payment): object => payment;

export function paymentRoutes(polar: PolarContext): Route[] {
  const keepFor =
    (request: ApiRequest) =>
    (doc: Payment): boolean =>
      ['checkout_id', 'order_id', 'customer_id', 'status', 'method'].every((name) => oneOf(request, name, doc[name])) &&
      oneOf(request, 'customer_email', polar.customers.get(doc.customer_id ?? '')?.email);
  return [
    {
      method: 'get',
      path: '/v1/payments/',
      operations: ['payments.list'],
      handle: (request) => ({
        status: 200,
        body: listPage(request, polar.payments.newestFirst(), keepFor(request), shown),
      }),
    },
    {
      method: 'get',
      path: '/v1/payments/:id',
      operations: ['payments.get'],
      handle(request) {
        const found = polar.payments.get(request.params['id'] ?? '');
        if (!found) throw notFound();
        return { status: 200, body: shown(found) };
      },
    },
  ];
}
