import type { z } from 'zod';
import type { StripeContext } from '../context.ts';
import { requireCustomer } from '../require-customer.ts';
import { invalid, noSuch } from '../errors.ts';
import type { Subscription } from '../objects.ts';
import { mergeMetadata } from '../params.ts';
import { requirePlace } from '../tax/tax.ts';
import { applyChange } from './change.ts';
import { meteredLine } from './cycle-lines.ts';
import { chooseCoupons, newDiscount, redeem } from './discounts-of.ts';
import { draftInvoice } from './invoices.ts';
import {
  UNPAUSE,
  addPendingItem,
  cancelNow,
  collect,
  emitUpdated,
  invoiceInput,
  pauseNow,
  planPeriodEnd,
  previousOf,
  setStatus,
} from './lifecycle.ts';
import { type Change, type ItemChange, planChange, startCycle } from './plan-change.ts';
import { cycleLines, itemLine, pendingItems } from './cycle-lines.ts';
import { isMetered } from './price-amount.ts';
import { priceOfItem } from './create-subscription.ts';
import type { ItemParams, subscriptionCancel, subscriptionResume, subscriptionUpdate } from './subscription-params.ts';
import { currentEnd } from './subscription-object.ts';

type Update = z.output<typeof subscriptionUpdate>;

export function itemChanges(stripe: StripeContext, items: readonly ItemParams[] | undefined): ItemChange[] | undefined {
  return items?.map(({ price_data: data, ...item }, at) =>
    data ? { ...item, price: priceOfItem(stripe, { price_data: data }, at).id } : item,
  );
}

function applyEnding(stripe: StripeContext, subscription: Subscription, update: Update): void {
  const now = stripe.now();
  const details = update.cancellation_details;
  if (update.cancel_at_period_end !== undefined) {
    const ends = update.cancel_at_period_end;
    subscription.cancel_at_period_end = ends;
    subscription.cancel_at = ends ? currentEnd(subscription) : null;
    subscription.canceled_at = ends ? now : null;
    subscription['cancellation_details'] = {
      comment: details?.comment ?? null,
      feedback: details?.feedback ?? null,
      reason: ends ? 'cancellation_requested' : null,
    };
  }
  if (update.cancel_at === undefined) return;
  const ends = subscription.items.data.map((item) => item.current_period_end);
  const named = { min_period_end: Math.min(...ends), max_period_end: Math.max(...ends) };
  const at =
    update.cancel_at === '' ? null : typeof update.cancel_at === 'number' ? update.cancel_at : named[update.cancel_at];
  if (at !== null && at < now) throw invalid('`cancel_at` must be in the future.', { param: 'cancel_at' });
  Object.assign(subscription, { cancel_at: at, canceled_at: at === null ? null : now, cancel_at_period_end: false });
}

function applyPause(stripe: StripeContext, subscription: Subscription, update: Update): void {
  if (update.pause_collection === undefined) return;
  stripe.sandbox.agenda.cancel(UNPAUSE, subscription.id);
  if (update.pause_collection === '') {
    subscription.pause_collection = null;
    return;
  }
  const { behavior, resumes_at: resumesAt } = update.pause_collection;
  subscription.pause_collection = { behavior, resumes_at: resumesAt ?? null };
  if (resumesAt !== undefined) stripe.sandbox.agenda.plan(UNPAUSE, subscription.id, resumesAt * 1000);
}

function applyFields(stripe: StripeContext, subscription: Subscription, update: Update): void {
  subscription.metadata = mergeMetadata(subscription.metadata, update.metadata);
  if (update.description !== undefined)
    subscription['description'] = update.description === '' ? null : update.description;
  if (update.default_payment_method !== undefined) {
    const id = update.default_payment_method;
    if (id !== '' && stripe.paymentMethods.get(id)?.customer !== subscription.customer)
      throw noSuch('PaymentMethod', id, 'default_payment_method', 400);
    subscription.default_payment_method = id === '' ? null : id;
  }
  if (update.automatic_tax) {
    if (update.automatic_tax.enabled) requirePlace(requireCustomer(stripe, subscription.customer, 'customer', 400));
    subscription.automatic_tax = { ...subscription.automatic_tax, enabled: update.automatic_tax.enabled };
  }
  if (update.collection_method !== undefined) subscription.collection_method = update.collection_method;
  if (update.days_until_due !== undefined) subscription['days_until_due'] = update.days_until_due;
  if (update.trial_settings) subscription['trial_settings'] = update.trial_settings;
  if (update.payment_settings) {
    subscription['payment_settings'] = { ...Object(subscription['payment_settings']), ...update.payment_settings };
  }
  if (update.discounts !== undefined) {
    const chosen = chooseCoupons(
      stripe,
      update.discounts === '' ? [] : update.discounts.filter(({ discount }) => discount === undefined),
      subscription.customer,
    );
    const kept = update.discounts === '' ? [] : update.discounts.flatMap(({ discount }) => discount ?? []);
    const on = { customer: subscription.customer, subscription: subscription.id };
    subscription.discounts = [...kept, ...chosen.map((coupon) => redeem(stripe, newDiscount(stripe, coupon, on)))];
  }
}

function changeOf(stripe: StripeContext, update: Update): Change {
  return {
    items: itemChanges(stripe, update.items),
    prorationBehavior: update.proration_behavior ?? 'create_prorations',
    prorationDate: update.proration_date,
    resetsAnchor: update.billing_cycle_anchor?.type === 'now',
    trialEnd: update.trial_end,
  };
}

export function updateSubscription(stripe: StripeContext, subscription: Subscription, update: Update): Subscription {
  if (['canceled', 'incomplete_expired'].includes(subscription.status)) {
    const allowed = ['metadata', 'expand', 'cancellation_details'];
    if (!Object.keys(update).every((key) => allowed.includes(key)))
      throw invalid('A canceled subscription can only update its cancellation_details and metadata.');
  }
  const ends = update.cancel_at_period_end !== undefined || update.cancel_at !== undefined;
  if (subscription.schedule !== null && (ends || update.items !== undefined)) {
    throw invalid(
      `The subscription is managed by the subscription schedule \`${subscription.schedule}\`, and updating any cancelation or item behavior directly is not allowed. Please release the schedule first.`,
    );
  }
  const before = structuredClone(subscription);
  const change = changeOf(stripe, update);
  // Everything that can be refused is, on a copy, before the first change is kept.
  const copy = structuredClone(subscription);
  applyFields(stripe, copy, { ...update, discounts: undefined });
  applyEnding(stripe, copy, update);
  const bills = update.items !== undefined || change.resetsAnchor === true || update.trial_end !== undefined;
  if (!bills) {
    applyFields(stripe, subscription, update);
    applyEnding(stripe, subscription, update);
    applyPause(stripe, subscription, update);
    const previous = previousOf(before, subscription);
    if (Object.keys(previous).length > 0) emitUpdated(stripe, subscription, previous);
  } else {
    const plan = planChange(stripe, copy, change);
    applyChange(stripe, subscription, plan, update.payment_behavior ?? 'allow_incomplete', before);
    if (update.discounts !== undefined) applyFields(stripe, subscription, { discounts: update.discounts });
    applyPause(stripe, subscription, update);
    stripe.subscriptions.put(subscription);
  }
  if (!['canceled', 'incomplete_expired', 'paused'].includes(subscription.status)) planPeriodEnd(stripe, subscription);
  return subscription;
}

/** `prorate` credits the unused time, `invoice_now` bills usage and what was pending; both default to no. */
export function cancelSubscription(
  stripe: StripeContext,
  subscription: Subscription,
  params: z.output<typeof subscriptionCancel>,
): Subscription {
  subscription['cancellation_details'] = {
    comment: params.cancellation_details?.comment ?? null,
    feedback: params.cancellation_details?.feedback ?? null,
    reason: 'cancellation_requested',
  };
  const now = stripe.now();
  const credits = params.prorate === true && subscription.status === 'active' ? unusedTime(stripe, subscription) : [];
  if (params.invoice_now === true) {
    const usage = subscription.items.data
      .filter((item) => isMetered(item.price))
      .map((item) => meteredLine(stripe, subscription, item, { start: item.current_period_start, end: now }));
    const pending = pendingItems(stripe, subscription.customer, subscription.id).map((item) => itemLine(stripe, item));
    const lines = [...pending, ...credits, ...usage];
    if (lines.length > 0) {
      const input = invoiceInput(stripe, subscription, {
        reason: 'subscription_cycle',
        lines,
        period: { start: now, end: now },
      });
      collect(stripe, subscription, draftInvoice(stripe, input), true);
    }
  } else for (const line of credits) addPendingItem(stripe, subscription, line);
  cancelNow(stripe, subscription);
  return subscription;
}

export function unusedTime(stripe: StripeContext, subscription: Subscription) {
  const plan = planChange(stripe, subscription, { prorationBehavior: 'create_prorations', resetsAnchor: true });
  return plan.prorations;
}

export function pauseSubscription(stripe: StripeContext, subscription: Subscription): Subscription {
  if (!['active', 'past_due', 'trialing'].includes(subscription.status)) {
    throw invalid(`You cannot pause a subscription that is ${subscription.status}.`);
  }
  pauseNow(stripe, subscription);
  return subscription;
}

/** A new cycle starts now and is charged; with `unchanged` the old periods go on. */
export function resumeSubscription(
  stripe: StripeContext,
  subscription: Subscription,
  params: z.output<typeof subscriptionResume>,
): Subscription {
  if (subscription.status !== 'paused') {
    throw invalid(`Only subscriptions that are paused can be resumed. This one is ${subscription.status}.`);
  }
  const goesOn = params.billing_cycle_anchor?.type === 'unchanged' && currentEnd(subscription) > stripe.now();
  if (!goesOn) {
    startCycle(subscription, stripe.now(), stripe.now());
    const input = invoiceInput(stripe, subscription, {
      reason: 'subscription_update',
      lines: cycleLines(stripe, subscription, new Map()),
      period: { start: stripe.now(), end: stripe.now() },
    });
    const invoice = draftInvoice(stripe, input);
    setStatus(stripe, subscription, 'active');
    collect(stripe, subscription, invoice, true);
  } else setStatus(stripe, subscription, 'active');
  stripe.subscriptions.put(subscription);
  stripe.emit('customer.subscription.resumed', subscription);
  planPeriodEnd(stripe, subscription);
  return subscription;
}
