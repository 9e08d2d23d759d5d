import { addInterval } from '../core/duration.ts';
import { uuid } from '../core/ids.ts';
import { syncBenefits } from './benefit-grants.ts';
import type { PolarContext } from './context.ts';
import { failed, refuse } from './errors.ts';
import type { Product, ProductPrice, Proration, Subscription } from './objects.ts';
import { settingsOf } from './organization.ts';
import { cardFor } from './payment-methods.ts';
import { collectOrder, recordDeclinedChange, settleOrder } from './payments.ts';
import { discountAmount, dueDiscount, pricesIn, staticAmount } from './pricing.ts';
import { cycle, planPeriods, subscriptionOrder } from './subscription-cycle.ts';
import { baseAmount, reprice, touchSubscription } from './subscription-object.ts';

type Behavior = 'invoice' | 'prorate' | 'next_period' | 'reset';

interface Target {
  product: Product;
  prices: ProductPrice[];
  seats: number | null;
}

export function requireLive(subscription: Subscription): void {
  if (subscription.status === 'canceled')
    throw failed(
      403,
      'AlreadyCanceledSubscription',
      'This subscription is already canceled or will be at the end of the period.',
    );
}

function requireChangeable(subscription: Subscription): void {
  requireLive(subscription);
  if (subscription.cancel_at_period_end)
    throw failed(
      403,
      'AlreadyCanceledSubscription',
      'This subscription is already canceled or will be at the end of the period.',
    );
  if (subscription.status !== 'active' && subscription.status !== 'trialing')
    throw failed(403, 'InactiveSubscription', 'This subscription is not active.');
}

function behaviorOf(polar: PolarContext, wanted: Behavior | null | undefined): Behavior {
  const settings = settingsOf(polar);
  if (wanted === 'reset' && settings.features['reset_proration_behavior_enabled'] !== true) {
    throw refuse(
      ['body', 'proration_behavior'],
      'The reset proration behavior is not enabled for this organization.',
      wanted,
    );
  }
  return wanted ?? settings.subscription.proration_behavior;
}

/** An amount less the running discount. */
function netOf(polar: PolarContext, subscription: Subscription, amount: number): number {
  return amount - discountAmount(dueDiscount(polar, subscription), amount, subscription.currency);
}

/** Credit for the unused seconds of the old plan and a charge for the same seconds of the new one. */
function prorationsOf(
  polar: PolarContext,
  subscription: Subscription,
  target: Target,
  isNewPeriod: boolean,
): Proration[] {
  const start = Date.parse(subscription.current_period_start);
  const end = Date.parse(subscription.current_period_end);
  const nowS = Math.floor(polar.sandbox.clock.nowMs() / 1000);
  const left = Math.min(1, Math.max(0, (Math.floor(end / 1000) - nowS) / Math.floor((end - start) / 1000)));
  const before = netOf(polar, subscription, baseAmount(subscription));
  const after = netOf(polar, subscription, staticAmount(target.prices, target.seats, null));
  const oldName = polar.products.get(subscription.product_id)?.name ?? 'Product';
  const lines: Proration[] = [
    {
      label: `Remaining time on ${oldName}`,
      amount: -Math.round(before * left),
      product_price_id: subscription.prices[0]?.id ?? null,
    },
    {
      label: isNewPeriod ? target.product.name : `Remaining time on ${target.product.name}`,
      amount: isNewPeriod ? after : Math.round(after * left),
      product_price_id: target.prices[0]?.id ?? null,
    },
  ];
  return lines.filter(({ amount }) => amount !== 0);
}

function setTarget(polar: PolarContext, subscription: Subscription, target: Target): void {
  const { product, prices, seats } = target;
  Object.assign(subscription, {
    product_id: product.id,
    prices,
    seats,
    recurring_interval: product.recurring_interval ?? subscription.recurring_interval,
    recurring_interval_count: product.recurring_interval_count ?? 1,
    pending_update: null,
  });
  reprice(polar, subscription);
}

function startPeriodNow(polar: PolarContext, subscription: Subscription): void {
  const nowMs = polar.sandbox.clock.nowMs();
  const { recurring_interval: interval, recurring_interval_count: count } = subscription;
  subscription.current_period_start = polar.now();
  subscription.current_period_end = new Date(addInterval(nowMs, interval, count)).toISOString();
}

/** Charges first: when the card declines, nothing has changed. */
function invoiceNow(
  polar: PolarContext,
  subscription: Subscription,
  change: { target: Target; lines: Proration[]; isNewPeriod: boolean },
): void {
  const due = change.lines.reduce((sum, { amount }) => sum + amount, 0);
  const card = cardFor(polar, subscription.customer_id, subscription);
  if (due > 0 && card?.renewal !== 'succeeds') {
    const { currency, customer_id: customerId, metadata } = subscription;
    recordDeclinedChange(polar, { amount: due, currency, customerId, card, trigger: 'purchase', metadata });
    throw failed(402, 'PaymentFailed', 'Your card was declined.');
  }
  setTarget(polar, subscription, change.target);
  if (change.isNewPeriod) startPeriodNow(polar, subscription);
  if (change.lines.length === 0) return;
  const lines = change.lines.map((line) => ({ ...line, isProration: true }));
  const order = subscriptionOrder(polar, subscription, { reason: 'subscription_update', lines });
  if (order.due_amount > 0) collectOrder(polar, order, 'purchase');
  else settleOrder(polar, order, card, 'purchase');
}

function applyTarget(polar: PolarContext, subscription: Subscription, target: Target, wanted: Behavior): void {
  const intervalChanges =
    target.product.recurring_interval !== subscription.recurring_interval ||
    target.product.recurring_interval_count !== subscription.recurring_interval_count;
  const isTrial = subscription.status === 'trialing';
  if (wanted === 'next_period') {
    subscription.pending_update = {
      created_at: polar.now(),
      modified_at: null,
      id: uuid(),
      applies_at: subscription.current_period_end,
      product_id: target.product.id === subscription.product_id ? null : target.product.id,
      seats: target.seats === subscription.seats ? null : target.seats,
    };
  } else if (isTrial) setTarget(polar, subscription, target);
  else if (wanted === 'reset') {
    const amount = netOf(polar, subscription, staticAmount(target.prices, target.seats, null));
    const lines = [{ label: target.product.name, amount, product_price_id: target.prices[0]?.id ?? null }];
    invoiceNow(polar, subscription, { target, lines, isNewPeriod: true });
  } else {
    const lines = prorationsOf(polar, subscription, target, intervalChanges);
    // A new interval starts a new period now, which cannot wait for the next invoice.
    if (wanted === 'invoice' || intervalChanges) {
      invoiceNow(polar, subscription, { target, lines, isNewPeriod: intervalChanges });
    } else {
      subscription.internal.prorations.push(...lines);
      setTarget(polar, subscription, target);
    }
  }
  touchSubscription(polar, subscription, 'updated');
  planPeriods(polar, subscription);
  syncBenefits(polar, subscription);
}

export function changeProduct(
  polar: PolarContext,
  subscription: Subscription,
  productId: string,
  wanted: Behavior | null | undefined,
): void {
  requireChangeable(subscription);
  const behavior = behaviorOf(polar, wanted);
  const product = polar.products.get(productId);
  if (!product) throw refuse(['body', 'product_id'], 'Product does not exist.', productId);
  if (product.is_archived) throw refuse(['body', 'product_id'], 'Product is archived.', productId);
  if (!product.is_recurring) throw refuse(['body', 'product_id'], 'Product is not a recurring product.', productId);
  const prices = pricesIn(product.prices, subscription.currency);
  if (prices.length === 0)
    throw refuse(['body', 'product_id'], 'Product has no price in the currency of the subscription.', productId);
  const isSeats = prices.some((price) => price.seat_tiers !== undefined);
  applyTarget(polar, subscription, { product, prices, seats: isSeats ? (subscription.seats ?? 1) : null }, behavior);
}

export function changeSeats(
  polar: PolarContext,
  subscription: Subscription,
  seats: number,
  wanted: Behavior | null | undefined,
): void {
  requireChangeable(subscription);
  const behavior = behaviorOf(polar, wanted);
  const product = polar.products.get(subscription.product_id);
  const tiers = subscription.prices.flatMap((price) => price.seat_tiers?.tiers ?? []);
  if (!product || tiers.length === 0) throw refuse(['body', 'seats'], 'This subscription is not seat-based.', seats);
  const least = Math.min(...tiers.map((tier) => tier.min_seats));
  const most = Math.max(...tiers.map((tier) => tier.max_seats ?? Infinity));
  if (seats < least) throw refuse(['body', 'seats'], `Minimum seats is ${least}.`, seats);
  if (seats > most) throw refuse(['body', 'seats'], `Maximum seats is ${most}.`, seats);
  applyTarget(polar, subscription, { product, prices: subscription.prices, seats }, behavior);
}

/** `now` ends the trial and charges; a future time moves its end, or starts one after the paid period. */
export function changeTrialEnd(polar: PolarContext, subscription: Subscription, trialEnd: string): void {
  requireLive(subscription);
  if (subscription.status !== 'trialing' && subscription.status !== 'active')
    throw failed(403, 'InactiveSubscription', 'This subscription is not active.');
  if (trialEnd === 'now') {
    if (subscription.status !== 'trialing')
      throw refuse(['body', 'trial_end'], 'The subscription is not in a trial.', trialEnd);
    Object.assign(subscription, { trial_end: polar.now(), current_period_end: polar.now() });
    cycle(polar, subscription);
    return;
  }
  const end = new Date(trialEnd).toISOString();
  if (Date.parse(end) <= polar.sandbox.clock.nowMs())
    throw refuse(['body', 'trial_end'], 'Trial end must be in the future.', trialEnd);
  if (subscription.status === 'active' && Date.parse(end) <= Date.parse(subscription.current_period_end))
    throw refuse(['body', 'trial_end'], 'Trial end must be after the current period end.', trialEnd);
  Object.assign(subscription, {
    trial_start: subscription.trial_start ?? polar.now(),
    trial_end: end,
    current_period_end: end,
    status: 'trialing',
  });
}

export function changePeriodEnd(polar: PolarContext, subscription: Subscription, end: string): void {
  requireLive(subscription);
  if (subscription.status !== 'active' && subscription.status !== 'trialing')
    throw failed(403, 'InactiveSubscription', 'This subscription is not active.');
  if (Date.parse(end) <= polar.sandbox.clock.nowMs())
    throw refuse(['body', 'current_billing_period_end'], 'The period end must be in the future.', end);
  subscription.current_period_end = new Date(end).toISOString();
  if (subscription.status === 'trialing') subscription.trial_end = subscription.current_period_end;
  if (subscription.cancel_at_period_end) subscription.ends_at = subscription.current_period_end;
  touchSubscription(polar, subscription, 'updated');
  planPeriods(polar, subscription);
}

interface CancellationReason {
  reason: string | null;
  comment: string | null;
}

/** Schedules the end with the period, or undoes it. */
export function setEnding(
  polar: PolarContext,
  subscription: Subscription,
  ending: boolean,
  why: CancellationReason,
): void {
  requireLive(subscription);
  if (ending && subscription.cancel_at_period_end) requireChangeable(subscription);
  Object.assign(subscription, {
    cancel_at_period_end: ending,
    canceled_at: ending ? polar.now() : null,
    ends_at: ending ? subscription.current_period_end : null,
    customer_cancellation_reason: ending ? why.reason : null,
    customer_cancellation_comment: ending ? why.comment : null,
    ...(ending ? { pause_at_period_end: false, resumes_at: null } : {}),
  });
  touchSubscription(polar, subscription, 'updated', ending ? 'canceled' : 'uncanceled');
}

export function setPausing(
  polar: PolarContext,
  subscription: Subscription,
  pausing: boolean,
  resumesAt: string | null,
): void {
  requireLive(subscription);
  if (subscription.status !== 'active' || subscription.cancel_at_period_end)
    throw failed(403, 'InactiveSubscription', 'Only an active subscription can be paused.');
  if (resumesAt !== null && Date.parse(resumesAt) <= Date.parse(subscription.current_period_end))
    throw refuse(['body', 'resumes_at'], 'The resume date must be after the current period end.', resumesAt);
  subscription.pause_at_period_end = pausing;
  subscription.resumes_at = pausing && resumesAt !== null ? new Date(resumesAt).toISOString() : null;
  touchSubscription(polar, subscription, 'updated');
}

export function clearPendingUpdate(polar: PolarContext, subscription: Subscription): void {
  requireLive(subscription);
  subscription.pending_update = null;
  touchSubscription(polar, subscription, 'updated');
}
