import { GENERIC_DECLINE } from '../core/cards.ts';
import { addInterval } from '../core/duration.ts';
import { stateOf } from './customers.ts';
import type { PolarContext } from './context.ts';
import type { Order, Subscription } from './objects.ts';
import { newOrder, payOrder, recordFailure, showOrder } from './order-object.ts';
import { showSubscription } from './subscription-object.ts';

const PERIOD_END = 'polar.subscription.period-end';
const DUNNING = 'polar.subscription.dunning';
const DAY_MS = 86_400_000;
// Documented waits after the first failure: +2, +5, +7, +7 days.
const RETRY_DAYS = [2, 5, 7, 7];

export function planPeriodEnd(polar: PolarContext, subscription: Subscription): void {
  polar.sandbox.agenda.plan(PERIOD_END, subscription.id, Date.parse(subscription.current_period_end));
}

export function emitSubscription(polar: PolarContext, subscription: Subscription, ...types: string[]): void {
  subscription.modified_at = polar.now();
  polar.subscriptions.put(subscription);
  for (const type of types) polar.emit(`subscription.${type}`, showSubscription(polar, subscription));
  const customer = polar.customers.get(subscription.customer_id);
  if (customer) polar.emit('customer.state_changed', stateOf(polar, customer));
}

/** Ends it now: pending orders are voided, nothing is refunded. */
export function revoke(polar: PolarContext, subscription: Subscription): void {
  if (subscription.status === 'canceled') return;
  const now = polar.now();
  Object.assign(subscription, {
    status: 'canceled',
    canceled_at: subscription.canceled_at ?? now,
    ends_at: now,
    ended_at: now,
  });
  polar.sandbox.agenda.cancel(PERIOD_END, subscription.id);
  polar.sandbox.agenda.cancel(DUNNING, subscription.id);
  for (const order of polar.orders.findBy('subscription', subscription.id)) {
    if (order.status !== 'pending') continue;
    order.status = 'void';
    polar.orders.put(order);
    polar.emit('order.updated', showOrder(polar, order));
  }
  emitSubscription(polar, subscription, 'updated', 'canceled', 'revoked');
}

function charge(polar: PolarContext, subscription: Subscription, order: Order): boolean {
  const card = polar.vault.get(subscription.customer_id)?.card;
  if (card?.renewal === 'succeeds') {
    payOrder(polar, order, card);
    return true;
  }
  recordFailure(polar, order, card ?? null, GENERIC_DECLINE);
  return false;
}

function planRetry(polar: PolarContext, subscription: Subscription, order: Order, tries: number): boolean {
  const days = RETRY_DAYS[tries - 1];
  if (days === undefined) return false;
  const at = polar.sandbox.clock.nowMs() + days * DAY_MS;
  order.next_payment_attempt_at = new Date(at).toISOString();
  order['attempts'] = tries;
  polar.orders.put(order);
  polar.sandbox.agenda.plan(DUNNING, subscription.id, at);
  return true;
}

function cycle(polar: PolarContext, subscription: Subscription): void {
  const start = Date.parse(subscription.current_period_end);
  const anchorDay = new Date(subscription.started_at).getUTCDate();
  const endsTrial = subscription.status === 'trialing';
  subscription.current_period_start = subscription.current_period_end;
  subscription.current_period_end = new Date(
    addInterval(
      start,
      subscription.recurring_interval,
      subscription.recurring_interval_count,
      endsTrial ? undefined : anchorDay,
    ),
  ).toISOString();
  if (endsTrial) subscription.status = 'active';
  // The period advances first, then the charge: a failure leaves it past due inside the new period.
  emitSubscription(polar, subscription, 'cycled', 'updated');
  const order = newOrder(polar, {
    subscription,
    checkout: null,
    reason: 'subscription_cycle',
    amount: subscription.amount,
    discount: 0,
  });
  planPeriodEnd(polar, subscription);
  if (charge(polar, subscription, order)) return;
  subscription.status = 'past_due';
  subscription.past_due_at = polar.now();
  planRetry(polar, subscription, order, 1);
  emitSubscription(polar, subscription, 'updated', 'past_due');
}

function endPeriod(polar: PolarContext, id: string): void {
  const subscription = polar.subscriptions.get(id);
  if (!subscription || subscription.status === 'canceled') return;
  if (subscription.cancel_at_period_end) revoke(polar, subscription);
  else if (subscription.status === 'past_due')
    polar.sandbox.agenda.plan(PERIOD_END, id, polar.sandbox.clock.nowMs() + DAY_MS);
  else cycle(polar, subscription);
}

function retry(polar: PolarContext, id: string): void {
  const subscription = polar.subscriptions.get(id);
  const order = polar.orders.findBy('subscription', id).findLast((candidate) => candidate.status === 'pending');
  if (!subscription || subscription.status !== 'past_due' || !order) return;
  if (charge(polar, subscription, order)) {
    subscription.status = 'active';
    subscription.past_due_at = null;
    emitSubscription(polar, subscription, 'active', 'updated');
  } else if (!planRetry(polar, subscription, order, Number(order['attempts'] ?? 1) + 1)) revoke(polar, subscription);
}

export function scheduleSubscriptions(polar: PolarContext): void {
  polar.sandbox.agenda.handle(PERIOD_END, (id) => endPeriod(polar, id));
  polar.sandbox.agenda.handle(DUNNING, (id) => retry(polar, id));
}
