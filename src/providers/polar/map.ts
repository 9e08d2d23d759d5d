import type { CheckoutTruth, InvoiceTruth, PaymentTruth } from '../../domain/checkout/truth.ts';
import type { SubscriptionStatus, SubscriptionTruth } from '../../domain/subscription/truth.ts';
import { statusUnknown } from '../failures.ts';
import { isoFromText } from '../wire-time.ts';
import { toldLines } from './order-lines.ts';
import type { PolarOrder, PolarPayment, PolarSubscription } from './wire-money.ts';
import type { PolarCheckout } from './wire.ts';

type OrderStatus = InvoiceTruth['status'];

/** A decline returns the session to `open`; `failed` is in the enum but never set (Polar source, 2026-08-22). */
export function checkoutState(status: string, isOrderPaid: boolean): CheckoutTruth['state'] {
  if (isOrderPaid) return 'paid';
  switch (status) {
    case 'open':
      return 'open';
    case 'confirmed':
      return 'pending';
    case 'succeeded':
      return 'paid';
    case 'expired':
      return 'expired';
    default:
      return 'unknown';
  }
}

/** @throws {BillingError} `provider_status_unknown` (bug): guessing here would give or take access. */
export function subscriptionStatus(status: string): SubscriptionStatus {
  switch (status) {
    case 'incomplete':
    case 'trialing':
    case 'active':
    case 'past_due':
    case 'paused':
    case 'canceled':
      return status;
    case 'unpaid':
      return 'past_due';
    case 'incomplete_expired':
      return 'expired';
    default:
      throw statusUnknown('polar', status);
  }
}

function orderStatus(status: string): OrderStatus {
  switch (status) {
    case 'paid':
    case 'refunded':
    case 'partially_refunded':
    case 'draft':
    case 'void':
      return status;
    default:
      return 'open';
  }
}

export function mapInvoice(order: PolarOrder, payments: readonly PolarPayment[]): InvoiceTruth {
  const paidBy = payments.find((payment) => payment.status === 'succeeded' && isFor(payment, order));
  return {
    providerInvoiceId: order.id,
    number: order.invoice_number ?? null,
    status: orderStatus(order.status),
    total: { amountMinor: order.total_amount, currency: order.currency.toUpperCase() },
    amountPaidMinor: order.paid ? order.total_amount : 0,
    amountRefundedMinor: refunded(order),
    taxMinor: order.tax_amount ?? null,
    ...periodOf(order),
    issuedAt: isoFromText(order.created_at),
    paidAt: order.paid ? isoFromText(paidBy?.created_at ?? order.created_at) : null,
    hostedUrl: null,
    pdfUrl: null,
  };
}

/**
 * What an order pays for: told by its items since autumn 2026; before, only by its subscription, whose period is the
 * present one and so the order's only while the order was made in it.
 */
function periodOf(order: PolarOrder): Pick<InvoiceTruth, 'periodStart' | 'periodEnd'> {
  const item = order.items.find(({ start_timestamp: start }) => start != null);
  if (item) return { periodStart: isoFromText(item.start_timestamp), periodEnd: isoFromText(item.end_timestamp) };
  const periodStart = isoFromText(order.subscription?.current_period_start);
  const periodEnd = isoFromText(order.subscription?.current_period_end);
  const isPresent = periodStart !== null && Date.parse(order.created_at) >= Date.parse(periodStart);
  return isPresent ? { periodStart, periodEnd } : { periodStart: null, periodEnd: null };
}

/** The attempt that tells most: the one that succeeded, else the newest. An order may be paid without any (nothing due). */
export function mapPayment(order: PolarOrder | null, payments: readonly PolarPayment[]): PaymentTruth | null {
  const own = payments
    .filter((payment) => order === null || isFor(payment, order))
    .toSorted((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at));
  const payment = own.find((candidate) => candidate.status === 'succeeded') ?? own[0];
  if (payment) return paymentTruth(payment, order);
  if (!order?.paid || order.total_amount === 0) return null;
  return {
    providerPaymentId: order.id,
    status: 'succeeded',
    amount: { amountMinor: order.total_amount, currency: order.currency.toUpperCase() },
    taxMinor: order.tax_amount ?? null,
    refundedMinor: refunded(order),
    method: null,
    declineCode: null,
    paidAt: isoFromText(order.created_at),
    providerInvoiceId: order.id,
  };
}

function paymentTruth(payment: PolarPayment, order: PolarOrder | null): PaymentTruth {
  const status = payment.status === 'succeeded' ? 'succeeded' : payment.status === 'failed' ? 'declined' : 'pending';
  return {
    providerPaymentId: payment.id,
    status,
    amount: { amountMinor: payment.amount, currency: payment.currency.toUpperCase() },
    taxMinor: order?.tax_amount ?? null,
    refundedMinor: order ? refunded(order) : 0,
    method: payment.method ?? null,
    declineCode: status === 'declined' ? (payment.decline_reason ?? null) : null,
    paidAt: status === 'succeeded' ? isoFromText(payment.created_at) : null,
    providerInvoiceId: order?.id ?? payment.order_id ?? null,
  };
}

export function mapSubscription(
  subscription: PolarSubscription,
  orders: readonly PolarOrder[],
  payments: readonly PolarPayment[],
): SubscriptionTruth {
  const oldestFirst = orders.toSorted((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at));
  const { amount, currency } = subscription;
  return {
    providerSubscriptionId: subscription.id,
    providerCustomerId: subscription.customer_id,
    status: subscriptionStatus(subscription.status),
    amount: amount == null || currency == null ? null : { amountMinor: amount, currency: currency.toUpperCase() },
    // One product per interval, priced in several currencies.
    price:
      subscription.product_id == null ? null : { providerProductId: subscription.product_id, providerPriceId: null },
    quantity: subscription.seats ?? subscription.units ?? 1,
    currentPeriodStart: isoFromText(subscription.current_period_start),
    currentPeriodEnd: isoFromText(subscription.current_period_end),
    trialStart: isoFromText(subscription.trial_start),
    trialEnd: isoFromText(subscription.trial_end),
    cancelAtPeriodEnd: subscription.cancel_at_period_end,
    cancelAt: subscription.ended_at ? null : isoFromText(subscription.ends_at),
    canceledAt: isoFromText(subscription.canceled_at),
    endedAt: isoFromText(subscription.ended_at),
    pausedAt: isoFromText(subscription.paused_at),
    resumesAt: isoFromText(subscription.resumes_at),
    invoices: oldestFirst.map((order) => ({ ...mapInvoice(order, payments), ...toldLines(order) })),
    payments: oldestFirst.flatMap((order) => mapPayment(order, payments) ?? []),
  };
}

/** @param input.orders Of this checkout, newest first; the one paid or first made is its order. */
export function mapCheckout(input: {
  readonly checkout: PolarCheckout;
  readonly orders: readonly PolarOrder[];
  readonly payments: readonly PolarPayment[];
  readonly subscription: PolarSubscription | null;
}): CheckoutTruth {
  const { checkout, payments, subscription } = input;
  const order = input.orders.find((candidate) => candidate.paid) ?? input.orders.at(-1) ?? null;
  const payment = mapPayment(order, payments);
  const providerCustomerId = checkout.customer_id ?? order?.customer_id ?? null;
  return {
    providerCheckoutId: checkout.id,
    state: checkoutState(checkout.status, order?.paid ?? false),
    providerCustomerId,
    payment,
    voucher: null,
    subscription: subscription && mapSubscription(subscription, order ? [order] : [], payments),
    invoice: order && mapInvoice(order, payments),
    objects: [
      { kind: 'checkout', id: checkout.id },
      ...(order ? [{ kind: 'order', id: order.id }] : []),
      ...(payment ? [{ kind: 'payment', id: payment.providerPaymentId }] : []),
      ...(subscription ? [{ kind: 'subscription', id: subscription.id }] : []),
      ...(providerCustomerId ? [{ kind: 'customer', id: providerCustomerId }] : []),
    ],
  };
}

function isFor(payment: PolarPayment, order: PolarOrder): boolean {
  if (payment.order_id != null) return payment.order_id === order.id;
  return payment.checkout_id != null && payment.checkout_id === order.checkout_id;
}

/** `refunded_amount` is without tax. */
function refunded(order: PolarOrder): number {
  return order.refunded_amount + order.refunded_tax_amount;
}
