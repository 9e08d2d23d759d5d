import { addInterval } from '../core/duration.ts';
import { cycleBenefits, syncBenefits } from './benefit-grants.ts';
import type { PolarContext } from './context.ts';
import { ensureCustomerMeter, meteredAmount, standingOf } from './metering.ts';
import type { Order, Proration, Subscription } from './objects.ts';
import { newOrder, type OrderReason, touchOrder } from './order-object.ts';
import { collectOrder, type Trigger } from './payments.ts';
import { discountAmount, dueDiscount, pricesIn, staticAmount } from './pricing.ts';
import { baseAmount, reprice, touchSubscription } from './subscription-object.ts';

const PERIOD_END = 'polar.subscription.period-end';
const METER_END = 'polar.subscription.meter-period-end';
const DUNNING = 'polar.subscription.dunning';
const RESUME = 'polar.subscription.resume';
const DAY_MS = 86_400_000;
// Documented waits after the first failure: +2, +5, +7, +7 days.
const RETRY_DAYS = [2, 5, 7, 7];

/** Sets the alarms of a subscription's periods. */
export function planPeriods(polar: PolarContext, subscription: Subscription): void {
  const { agenda } = polar.sandbox;
  agenda.plan(PERIOD_END, subscription.id, Date.parse(subscription.current_period_end));
  if (subscription.current_meter_period_end === null) agenda.cancel(METER_END, subscription.id);
  else agenda.plan(METER_END, subscription.id, Date.parse(subscription.current_meter_period_end));
}

function forgetPeriods(polar: PolarContext, id: string): void {
  for (const task of [PERIOD_END, METER_END, DUNNING, RESUME]) polar.sandbox.agenda.cancel(task, id);
}

/** What the usage since the last reset costs, one line per metered price. */
function meteredLines(polar: PolarContext, subscription: Subscription): Proration[] {
  return subscription.prices.flatMap((price) => {
    if (price.meter_id === undefined) return [];
    const own = ensureCustomerMeter(polar, subscription.customer_id, price.meter_id);
    const standing = standingOf(polar, own);
    const amount = meteredAmount(price, standing);
    const label = `${polar.meters.get(price.meter_id)?.name ?? 'Usage'} (${standing.consumed_units} units)`;
    return amount > 0 ? [{ label, amount, product_price_id: price.id }] : [];
  });
}

/** An order over a subscription; the discount is on the lines that are no prorations. */
export function subscriptionOrder(
  polar: PolarContext,
  subscription: Subscription,
  input: { reason: OrderReason; lines: readonly (Proration & { isProration?: boolean })[]; checkoutId?: string },
): Order {
  const discount = input.reason === 'subscription_update' ? undefined : dueDiscount(polar, subscription);
  const discountable = input.lines.reduce((sum, line) => sum + (line.isProration === true ? 0 : line.amount), 0);
  const amount = discountAmount(discount, discountable, subscription.currency);
  // Its months count from the period's start, not from the moment the order was written.
  if (discount && discountable > 0) subscription.internal.discountedSince ??= subscription.current_period_start;
  return newOrder(polar, {
    customerId: subscription.customer_id,
    productId: subscription.product_id,
    subscriptionId: subscription.id,
    checkoutId: input.checkoutId ?? null,
    discountId: discount?.id ?? null,
    reason: input.reason,
    currency: subscription.currency,
    lines: input.lines,
    discount: amount,
    taxOption: subscription.prices[0]?.tax_behavior ?? null,
    seats: subscription.seats,
    metadata: subscription.metadata,
    customFieldData: subscription['custom_field_data'],
    period: { start: subscription.current_period_start, end: subscription.current_period_end },
  });
}

function planLine(polar: PolarContext, subscription: Subscription): Proration {
  return {
    label: polar.products.get(subscription.product_id)?.name ?? 'Product',
    amount: baseAmount(subscription),
    product_price_id: subscription.prices[0]?.id ?? null,
  };
}

const isMetered = (subscription: Subscription): string[] =>
  subscription.prices.flatMap((price) => price.meter_id ?? []);

/** Ends it now: usage is billed no more, pending orders are voided, nothing is refunded. */
export function revoke(polar: PolarContext, subscription: Subscription): void {
  if (subscription.status === 'canceled') return;
  const now = polar.now();
  Object.assign(subscription, {
    status: 'canceled',
    canceled_at: subscription.canceled_at ?? now,
    ends_at: now,
    ended_at: now,
    pending_update: null,
  });
  forgetPeriods(polar, subscription.id);
  for (const order of polar.orders.findBy('subscription', subscription.id)) {
    if (order.status !== 'pending') continue;
    Object.assign(order, { status: 'void', next_payment_attempt_at: null });
    touchOrder(polar, order, 'updated');
  }
  touchSubscription(polar, subscription, 'updated', 'canceled', 'revoked');
  syncBenefits(polar, subscription);
}

function planRetry(polar: PolarContext, subscription: Subscription, order: Order): boolean {
  const days = RETRY_DAYS[order.internal.attempts];
  if (days === undefined) return false;
  const at = polar.sandbox.clock.nowMs() + days * DAY_MS;
  order.next_payment_attempt_at = new Date(at).toISOString();
  order.internal.attempts += 1;
  polar.orders.put(order);
  polar.sandbox.agenda.plan(DUNNING, subscription.id, at);
  return true;
}

/** Charges a period's order; a failure leaves the subscription past due and dunning takes over. */
function collectPeriod(polar: PolarContext, subscription: Subscription, order: Order): void {
  if (collectOrder(polar, order, 'subscription_cycle') === null) return;
  subscription.status = 'past_due';
  subscription.past_due_at = polar.now();
  planRetry(polar, subscription, order);
  touchSubscription(polar, subscription, 'updated', 'past_due');
  syncBenefits(polar, subscription);
}

function applyPendingUpdate(polar: PolarContext, subscription: Subscription): void {
  const pending = subscription.pending_update;
  if (!pending) return;
  const product = pending.product_id === null ? undefined : polar.products.get(pending.product_id);
  if (product) {
    Object.assign(subscription, {
      product_id: product.id,
      prices: pricesIn(product.prices, subscription.currency),
      recurring_interval: product.recurring_interval ?? subscription.recurring_interval,
      recurring_interval_count: product.recurring_interval_count ?? 1,
    });
  }
  if (pending.seats !== null) subscription.seats = pending.seats;
  subscription.pending_update = null;
}

/** Who began on the 31st renews on the 28th of February, and on the 31st of March again. */
function anchorDay(subscription: Subscription, startMs: number): number {
  const day = new Date(startMs).getUTCDate();
  const origin = new Date(subscription.trial_end ?? subscription.started_at).getUTCDate();
  const isLastOfMonth = new Date(startMs + DAY_MS).getUTCDate() === 1;
  return isLastOfMonth ? Math.max(day, origin) : day;
}

/** Starts the next period where the last one ended (or now), and returns what is due for it. */
export function advance(polar: PolarContext, subscription: Subscription, startMs: number): Proration[] {
  const lines = subscription.current_meter_period_end === null ? meteredLines(polar, subscription) : [];
  const metered = subscription.current_meter_period_end === null ? isMetered(subscription) : [];
  applyPendingUpdate(polar, subscription);
  const { recurring_interval: interval, recurring_interval_count: count } = subscription;
  const end = addInterval(startMs, interval, count, anchorDay(subscription, startMs));
  subscription.current_period_start = new Date(startMs).toISOString();
  subscription.current_period_end = new Date(end).toISOString();
  if (dueDiscount(polar, subscription) === undefined) subscription.discount_id = null;
  reprice(polar, subscription);
  cycleBenefits(polar, subscription, metered);
  const prorations = subscription.internal.prorations.map((line) => ({ ...line, isProration: true }));
  subscription.internal.prorations = [];
  const plan = planLine(polar, subscription);
  const isFixed =
    staticAmount(subscription.prices, subscription.seats, 0) > 0 || lines.length + prorations.length === 0;
  return [...(isFixed || plan.amount > 0 ? [plan] : []), ...lines, ...prorations];
}

/** The period advances first, then the charge: a failure leaves it past due inside the new period. */
export function cycle(polar: PolarContext, subscription: Subscription): void {
  const wasTrial = subscription.status === 'trialing';
  const lines = advance(polar, subscription, Date.parse(subscription.current_period_end));
  if (wasTrial) subscription.status = 'active';
  touchSubscription(polar, subscription, 'cycled', 'updated');
  syncBenefits(polar, subscription);
  const order = subscriptionOrder(polar, subscription, { reason: 'subscription_cycle', lines });
  planPeriods(polar, subscription);
  collectPeriod(polar, subscription, order);
}

function pause(polar: PolarContext, subscription: Subscription): void {
  Object.assign(subscription, { status: 'paused', paused_at: polar.now(), pause_at_period_end: false });
  polar.sandbox.agenda.cancel(METER_END, subscription.id);
  if (subscription.resumes_at !== null)
    polar.sandbox.agenda.plan(RESUME, subscription.id, Date.parse(subscription.resumes_at));
  touchSubscription(polar, subscription, 'updated', 'paused');
  syncBenefits(polar, subscription);
}

/** Charges at once for a new period that starts now. */
export function resume(polar: PolarContext, subscription: Subscription): void {
  polar.sandbox.agenda.cancel(RESUME, subscription.id);
  Object.assign(subscription, { status: 'active', paused_at: null, resumes_at: null });
  const lines = advance(polar, subscription, polar.sandbox.clock.nowMs());
  touchSubscription(polar, subscription, 'resumed', 'active', 'updated');
  syncBenefits(polar, subscription);
  const order = subscriptionOrder(polar, subscription, { reason: 'subscription_cycle', lines });
  planPeriods(polar, subscription);
  collectPeriod(polar, subscription, order);
}

/** A scheduled end bills the usage that is still open. */
function endScheduled(polar: PolarContext, subscription: Subscription): void {
  const lines = meteredLines(polar, subscription);
  if (lines.length > 0) {
    const order = subscriptionOrder(polar, subscription, { reason: 'subscription_cycle', lines });
    collectOrder(polar, order, 'subscription_cycle');
  }
  revoke(polar, subscription);
}

function endPeriod(polar: PolarContext, id: string): void {
  const subscription = polar.subscriptions.get(id);
  if (!subscription || subscription.status === 'canceled' || subscription.status === 'paused') return;
  if (subscription.cancel_at_period_end) endScheduled(polar, subscription);
  else if (subscription.status === 'past_due')
    polar.sandbox.agenda.plan(PERIOD_END, id, polar.sandbox.clock.nowMs() + DAY_MS);
  else if (subscription.pause_at_period_end) pause(polar, subscription);
  else cycle(polar, subscription);
}

/** Usage billed more often than the plan: an order of its own. */
function endMeterPeriod(polar: PolarContext, id: string): void {
  const subscription = polar.subscriptions.get(id);
  const product = subscription && polar.products.get(subscription.product_id);
  if (!subscription || !product?.meter_interval || subscription.current_meter_period_end === null) return;
  if (subscription.status !== 'active' && subscription.status !== 'trialing') return;
  const lines = meteredLines(polar, subscription);
  const startMs = Date.parse(subscription.current_meter_period_end);
  const endMs = addInterval(startMs, product.meter_interval, product.meter_interval_count ?? 1);
  subscription.current_meter_period_start = subscription.current_meter_period_end;
  subscription.current_meter_period_end = new Date(endMs).toISOString();
  cycleBenefits(polar, subscription, isMetered(subscription));
  touchSubscription(polar, subscription, 'updated');
  planPeriods(polar, subscription);
  if (lines.length === 0) return;
  collectPeriod(
    polar,
    subscription,
    subscriptionOrder(polar, subscription, { reason: 'subscription_meter_cycle', lines }),
  );
}

/** Tries a past-due subscription's open order again. Returns whether the money came. */
export function retryPayment(polar: PolarContext, subscription: Subscription, trigger: Trigger): boolean {
  const order = polar.orders
    .findBy('subscription', subscription.id)
    .findLast((candidate) => candidate.status === 'pending');
  if (!order) return false;
  if (collectOrder(polar, order, trigger) !== null) return false;
  polar.sandbox.agenda.cancel(DUNNING, subscription.id);
  recover(polar, subscription);
  return true;
}

export function recover(polar: PolarContext, subscription: Subscription): void {
  Object.assign(subscription, { status: 'active', past_due_at: null });
  touchSubscription(polar, subscription, 'active', 'updated');
  syncBenefits(polar, subscription);
}

function dun(polar: PolarContext, id: string): void {
  const subscription = polar.subscriptions.get(id);
  if (subscription?.status !== 'past_due' || retryPayment(polar, subscription, 'retry_dunning')) return;
  const order = polar.orders.findBy('subscription', id).findLast((candidate) => candidate.status === 'pending');
  if (order && planRetry(polar, subscription, order)) touchOrder(polar, order, 'updated');
  else revoke(polar, subscription);
}

export function scheduleSubscriptions(polar: PolarContext): void {
  const { agenda } = polar.sandbox;
  agenda.handle(PERIOD_END, (id) => endPeriod(polar, id));
  agenda.handle(METER_END, (id) => endMeterPeriod(polar, id));
  agenda.handle(DUNNING, (id) => dun(polar, id));
  agenda.handle(RESUME, (id) => {
    const subscription = polar.subscriptions.get(id);
    if (subscription?.status === 'paused') resume(polar, subscription);
  });
}
