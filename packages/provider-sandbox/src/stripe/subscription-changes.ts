import { GENERIC_DECLINE } from '../core/cards.ts';
import type { StripeContext } from './context.ts';
import { type InvoiceLineInput, attemptInvoice, collectInvoice, draftInvoice } from './invoices.ts';
import type { PaymentMethod, Subscription, SubscriptionItem } from './objects.ts';
import { currentEnd, periodEnd } from './subscription-object.ts';

export const RENEWAL = 'stripe.subscription.period-end';
export const DUNNING = 'stripe.subscription.dunning';
const DAY_S = 86_400;
const RETRY_DAYS = [3, 5, 7];

export function planPeriodEnd(stripe: StripeContext, subscription: Subscription): void {
  const at = Math.min(currentEnd(subscription), subscription.cancel_at ?? Infinity);
  stripe.sandbox.agenda.plan(RENEWAL, subscription.id, at * 1000);
}

export function emitUpdated(stripe: StripeContext, subscription: Subscription, previous: object): void {
  stripe.subscriptions.put(subscription);
  stripe.emit('customer.subscription.updated', subscription, previous);
}

/** Ends it now: no refund, no further charge. */
export function cancelNow(stripe: StripeContext, subscription: Subscription): void {
  if (subscription.status === 'canceled') return;
  const now = stripe.now();
  Object.assign(subscription, { status: 'canceled', canceled_at: subscription.canceled_at ?? now, ended_at: now });
  stripe.subscriptions.put(subscription);
  stripe.sandbox.agenda.cancel(RENEWAL, subscription.id);
  stripe.sandbox.agenda.cancel(DUNNING, subscription.id);
  stripe.emit('customer.subscription.deleted', subscription);
}

export function chargeableMethod(stripe: StripeContext, subscription: Subscription): PaymentMethod | undefined {
  const fallback = stripe.customers.get(subscription.customer)?.invoice_settings.default_payment_method;
  const id = subscription.default_payment_method ?? fallback;
  return id == null ? undefined : stripe.paymentMethods.get(id);
}

function renewalDecline(stripe: StripeContext, method: PaymentMethod | undefined) {
  const card = method && stripe.savedCards.get(method.id)?.card;
  return card?.renewal === 'succeeds' ? null : GENERIC_DECLINE;
}

export function periodLine(stripe: StripeContext, item: SubscriptionItem): InvoiceLineInput {
  const name = stripe.products.get(item.price.product)?.name ?? 'Subscription';
  const amount = (item.price.unit_amount ?? 0) * item.quantity;
  const every = item.price.recurring?.interval ?? 'month';
  return {
    price: item.price,
    quantity: item.quantity,
    amount: item.price.recurring?.usage_type === 'metered' ? 0 : amount,
    discount: 0,
    description: `${item.quantity} × ${name} (at ${(amount / 100).toFixed(2)} / ${every})`,
    period: { start: item.current_period_start, end: item.current_period_end },
    subscriptionItem: item.id,
    proration: false,
  };
}

function renew(stripe: StripeContext, subscription: Subscription): void {
  const before = {
    items: structuredClone(subscription.items),
    latest_invoice: subscription.latest_invoice,
    status: subscription.status,
  };
  const start = currentEnd(subscription);
  for (const item of subscription.items.data) {
    item.current_period_start = start;
    item.current_period_end = periodEnd(item.price, start, subscription.billing_cycle_anchor);
  }
  subscription.status = 'active';
  const invoice = draftInvoice(stripe, subscription, {
    reason: 'subscription_cycle',
    lines: subscription.items.data.map((item) => periodLine(stripe, item)),
    period: { start: before.items.data[0]?.current_period_start ?? start, end: start },
  });
  const method = chargeableMethod(stripe, subscription);
  const outcome = collectInvoice(stripe, invoice, method, renewalDecline(stripe, method), subscription.metadata);
  if (!outcome.paid) {
    subscription.status = 'past_due';
    const retryAt = stripe.now() + (RETRY_DAYS[0] ?? 3) * DAY_S;
    invoice.next_payment_attempt = retryAt;
    stripe.invoices.put(invoice);
    stripe.sandbox.agenda.plan(DUNNING, subscription.id, retryAt * 1000);
  }
  emitUpdated(stripe, subscription, before);
  planPeriodEnd(stripe, subscription);
}

function endPeriod(stripe: StripeContext, id: string): void {
  const subscription = stripe.subscriptions.get(id);
  if (!subscription || subscription.status === 'canceled') return;
  const dueToEnd = subscription.cancel_at !== null && subscription.cancel_at <= stripe.now();
  if (subscription.cancel_at_period_end || dueToEnd) cancelNow(stripe, subscription);
  // A failed cycle is retried before the next one is billed.
  else if (subscription.status === 'past_due') planPeriodEndLater(stripe, subscription);
  else renew(stripe, subscription);
}

function planPeriodEndLater(stripe: StripeContext, subscription: Subscription): void {
  stripe.sandbox.agenda.plan(RENEWAL, subscription.id, (stripe.now() + DAY_S) * 1000);
}

/** Three more tries, then the subscription ends, as the default dunning settings do. */
function retryPayment(stripe: StripeContext, id: string): void {
  const subscription = stripe.subscriptions.get(id);
  const invoice = subscription?.latest_invoice == null ? undefined : stripe.invoices.get(subscription.latest_invoice);
  if (!subscription || subscription.status !== 'past_due' || invoice?.status !== 'open') return;
  const method = chargeableMethod(stripe, subscription);
  const outcome = attemptInvoice(stripe, invoice, method, renewalDecline(stripe, method), subscription.metadata);
  if (outcome.paid) {
    subscription.status = 'active';
    emitUpdated(stripe, subscription, { status: 'past_due' });
    return;
  }
  const days = RETRY_DAYS[invoice.attempt_count - 1];
  if (days === undefined) {
    subscription['cancellation_details'] = { comment: null, feedback: null, reason: 'payment_failed' };
    cancelNow(stripe, subscription);
    return;
  }
  invoice.next_payment_attempt = stripe.now() + days * DAY_S;
  stripe.invoices.put(invoice);
  stripe.sandbox.agenda.plan(DUNNING, id, invoice.next_payment_attempt * 1000);
}

export function scheduleSubscriptions(stripe: StripeContext): void {
  stripe.sandbox.agenda.handle(RENEWAL, (id) => endPeriod(stripe, id));
  stripe.sandbox.agenda.handle(DUNNING, (id) => retryPayment(stripe, id));
}
