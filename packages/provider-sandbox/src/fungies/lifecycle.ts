import { addInterval } from '../core/duration.ts';
import type { FungiesContext } from './context.ts';
import { emitPayment, emitSubscription } from './events.ts';
import type { Item, Order, Payment, Period, Subscription, SubscriptionStatus } from './objects.ts';
import { newPayment, settlePayment } from './records.ts';

const INTERVAL_END = 'fungies.subscription.interval-end';
const DUNNING = 'fungies.subscription.dunning';
const RESUME = 'fungies.subscription.resume';
const DAY_MS = 86_400_000;
// Unpublished: days between one failed collection and the next; after the last the subscription is canceled.
const RETRY_DAYS = [3, 5, 7];
const RENEWING: readonly SubscriptionStatus[] = ['active', 'trialing', 'paused'];

export const isOver = (subscription: Subscription): boolean =>
  subscription.status === 'canceled' || subscription.status === 'incomplete_expired';

/** What is over already is not renewed; an end that has passed meanwhile comes due at once. */
export function planIntervalEnd(fungies: FungiesContext, subscription: Subscription): void {
  const { agenda } = fungies.sandbox;
  if (isOver(subscription)) agenda.cancel(INTERVAL_END, subscription.id);
  else agenda.plan(INTERVAL_END, subscription.id, Math.max(subscription.currentIntervalEnd, fungies.now()));
}

export interface NewSubscription {
  order: Order;
  items: Item[];
  period: Period;
  createdAt: number;
  currentIntervalEnd: number;
  anchorDay: number;
  isTrial: boolean;
}

export function newSubscription(fungies: FungiesContext, input: NewSubscription): Subscription {
  const { order } = input;
  const subscription = fungies.subscriptions.put({
    id: order.number,
    status: input.isTrial ? 'trialing' : 'active',
    createdAt: input.createdAt,
    currentIntervalStart: input.createdAt,
    currentIntervalEnd: input.currentIntervalEnd,
    cancelAtIntervalEnd: false,
    canceledAt: null,
    userId: order.userId,
    orderId: order.id,
    lastPaymentId: order.lastPaymentId,
    items: input.items,
    period: input.period,
    anchorDay: input.anchorDay,
    intervals: 1,
    attempts: 0,
    pause: null,
    overrides: {},
  });
  order.subscriptionId = subscription.id;
  fungies.orders.put(order);
  planIntervalEnd(fungies, subscription);
  return subscription;
}

export function endNow(fungies: FungiesContext, subscription: Subscription): void {
  if (isOver(subscription)) return;
  const alreadyTold = subscription.cancelAtIntervalEnd && fungies.settings().cancelledEventAt === 'request';
  subscription.status = 'canceled';
  subscription.canceledAt ??= fungies.now();
  fungies.subscriptions.put(subscription);
  for (const task of [INTERVAL_END, DUNNING, RESUME]) fungies.sandbox.agenda.cancel(task, subscription.id);
  emitSubscription(fungies, alreadyTold ? 'subscription_updated' : 'subscription_cancelled', subscription);
}

export function endAtInterval(fungies: FungiesContext, subscription: Subscription): void {
  subscription.cancelAtIntervalEnd = true;
  subscription.canceledAt = fungies.now();
  fungies.subscriptions.put(subscription);
  const event = fungies.settings().cancelledEventAt === 'request' ? 'subscription_cancelled' : 'subscription_updated';
  emitSubscription(fungies, event, subscription);
}

function canCollect(fungies: FungiesContext, subscription: Subscription): boolean {
  return fungies.users.get(subscription.userId)?.card?.renewal === 'succeeds';
}

function planRetry(fungies: FungiesContext, subscription: Subscription): void {
  const days = RETRY_DAYS[subscription.attempts - 1];
  if (days === undefined) return endNow(fungies, subscription);
  fungies.sandbox.agenda.plan(DUNNING, subscription.id, fungies.now() + days * DAY_MS);
}

function renewed(fungies: FungiesContext, subscription: Subscription, payment: Payment): void {
  const recovered = subscription.status === 'past_due';
  Object.assign(subscription, { status: 'active', attempts: 0, lastPaymentId: payment.id });
  fungies.subscriptions.put(subscription);
  if (recovered) planIntervalEnd(fungies, subscription);
  // Both, for one renewal.
  emitPayment(fungies, 'payment_success', payment);
  emitSubscription(fungies, recovered ? 'subscription_updated' : 'subscription_interval', subscription);
}

function failed(fungies: FungiesContext, subscription: Subscription, payment: Payment): void {
  Object.assign(subscription, {
    status: 'past_due',
    attempts: subscription.attempts + 1,
    lastPaymentId: payment.id,
  });
  fungies.subscriptions.put(subscription);
  emitPayment(fungies, 'payment_failed', payment);
  emitSubscription(fungies, 'subscription_updated', subscription);
  planRetry(fungies, subscription);
}

/** Collects the interval's payment from the user's card, the first time or again. */
export function collect(fungies: FungiesContext, subscription: Subscription, payment: Payment): boolean {
  const isPaid = canCollect(fungies, subscription);
  settlePayment(fungies, payment, isPaid ? 'PAID' : 'FAILED');
  if (isPaid) renewed(fungies, subscription, payment);
  else failed(fungies, subscription, payment);
  return isPaid;
}

/** A paused collection lets the intervals pass: nothing, a draft or an uncollectible payment stands for each. */
function passPaused(fungies: FungiesContext, subscription: Subscription, payment: () => Payment): void {
  const behavior = subscription.pause?.invoicingBehavior;
  if (behavior === 'mark_uncollectible') settlePayment(fungies, payment(), 'UNPAID');
  else if (behavior === 'keep_as_draft') payment();
  emitSubscription(fungies, 'subscription_interval', subscription);
}

function renew(fungies: FungiesContext, subscription: Subscription): void {
  const { period, anchorDay } = subscription;
  subscription.intervals += 1;
  subscription.currentIntervalStart = subscription.currentIntervalEnd;
  subscription.currentIntervalEnd = addInterval(subscription.currentIntervalEnd, period.unit, period.count, anchorDay);
  fungies.subscriptions.put(subscription);
  planIntervalEnd(fungies, subscription);
  const payment = (): Payment =>
    newPayment(fungies, {
      type: 'subscription_interval',
      number: `${subscription.id}-${subscription.intervals}`,
      userId: subscription.userId,
      // Renewals make payments, not orders.
      orderId: subscription.orderId,
      subscriptionId: subscription.id,
      interval: { start: subscription.currentIntervalStart, end: subscription.currentIntervalEnd },
      items: subscription.items,
    });
  if (subscription.pause) return passPaused(fungies, subscription, payment);
  collect(fungies, subscription, payment());
}

function endInterval(fungies: FungiesContext, id: string): void {
  const subscription = fungies.subscriptions.get(id);
  if (!subscription || isOver(subscription)) return;
  if (subscription.cancelAtIntervalEnd) return endNow(fungies, subscription);
  // One interval is dunned at a time: the next one is planned when the debt is paid.
  if (RENEWING.includes(subscription.status)) renew(fungies, subscription);
}

/** The payment a past-due subscription owes. */
export function owedPayment(fungies: FungiesContext, subscription: Subscription): Payment | undefined {
  return fungies.payments.findBy('subscription', subscription.id).findLast(({ status }) => status === 'FAILED');
}

function retry(fungies: FungiesContext, id: string): void {
  const subscription = fungies.subscriptions.get(id);
  const payment = subscription && owedPayment(fungies, subscription);
  if (subscription?.status === 'past_due' && payment) collect(fungies, subscription, payment);
}

export function pause(
  fungies: FungiesContext,
  subscription: Subscription,
  input: NonNullable<Subscription['pause']>,
): void {
  Object.assign(subscription, { pause: input, status: 'paused' });
  fungies.subscriptions.put(subscription);
  if (input.resumeAtMs === null) fungies.sandbox.agenda.cancel(RESUME, subscription.id);
  else fungies.sandbox.agenda.plan(RESUME, subscription.id, input.resumeAtMs);
  emitSubscription(fungies, 'subscription_updated', subscription);
}

function resume(fungies: FungiesContext, id: string): void {
  const subscription = fungies.subscriptions.get(id);
  if (!subscription?.pause || isOver(subscription)) return;
  Object.assign(subscription, { pause: null, status: 'active' });
  fungies.subscriptions.put(subscription);
  emitSubscription(fungies, 'subscription_updated', subscription);
}

export function scheduleSubscriptions(fungies: FungiesContext): void {
  fungies.sandbox.agenda.handle(INTERVAL_END, (id) => endInterval(fungies, id));
  fungies.sandbox.agenda.handle(DUNNING, (id) => retry(fungies, id));
  fungies.sandbox.agenda.handle(RESUME, (id) => resume(fungies, id));
}
