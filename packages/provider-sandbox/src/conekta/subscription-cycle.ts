import { GENERIC_DECLINE } from '../core/cards.ts';
import { addInterval } from '../core/duration.ts';
import { base58 } from '../core/ids.ts';
import type { ConektaContext } from './context.ts';
import { requireCustomer } from './customers.ts';
import { notFound } from './errors.ts';
import type { Order, Plan, Subscription } from './objects.ts';
import { newLineItem, newOrderId } from './order-object.ts';
import { chargeCard, saveOrder } from './settlement.ts';
import { showSubscription } from './subscription-object.ts';

const PERIOD_END = 'conekta.subscription.period-end';
const DEFAULT_RETRIES = 3;
const DEFAULT_RETRY_HOURS = 48;
const DAY_S = 86_400;

export function requirePlan(conekta: ConektaContext, id: string): Plan {
  const plan = conekta.plans.get(id);
  if (!plan) throw notFound('Plan', id);
  return plan;
}

function cycleEnd(plan: Plan, start: number): number {
  return addInterval(start * 1000, plan.interval, plan.frequency) / 1000;
}

export function startSubscription(
  conekta: ConektaContext,
  input: { customerId: string; plan: Plan; cardId: string | null; trialEnd: number | null },
): Subscription {
  const now = conekta.now();
  const trialEnd = input.trialEnd ?? (input.plan.trial_period_days ? now + input.plan.trial_period_days * DAY_S : null);
  const subscription: Subscription = {
    id: `sub_${base58(17)}`,
    // Real creation snapshots say in_trial even where the plan has none; the next event corrects it.
    status: 'in_trial',
    object: 'subscription',
    charge_id: null,
    created_at: now,
    subscription_start: now,
    canceled_at: null,
    canceled_reason: null,
    paused_at: null,
    billing_cycle_start: now,
    billing_cycle_end: trialEnd ?? cycleEnd(input.plan, now),
    trial_start: trialEnd === null ? null : now,
    trial_end: trialEnd,
    plan_id: input.plan.id,
    last_billing_cycle_order_id: null,
    customer_id: input.customerId,
    customer_custom_reference: conekta.customers.get(input.customerId)?.custom_reference ?? null,
    card_id: input.cardId,
    attempts: 0,
    cycles: 0,
  };
  conekta.subscriptions.put(subscription);
  conekta.emit('subscription.created', showSubscription(subscription));
  conekta.sandbox.agenda.plan(PERIOD_END, subscription.id, subscription.billing_cycle_end * 1000);
  return subscription;
}

/** The cycle's order has been paid: on a hosted page for the first, by the saved card later. */
export function markCyclePaid(conekta: ConektaContext, subscription: Subscription, order: Order): void {
  Object.assign(subscription, {
    status: 'active',
    charge_id: order.charges.at(-1)?.id ?? null,
    last_billing_cycle_order_id: order.id,
    attempts: 0,
    cycles: Number(subscription['cycles']) + 1,
  });
  conekta.subscriptions.put(subscription);
  conekta.emit('subscription.paid', showSubscription(subscription));
}

function cycleOrder(conekta: ConektaContext, subscription: Subscription, plan: Plan): Order {
  const customer = requireCustomer(conekta, subscription.customer_id);
  const id = newOrderId();
  const now = conekta.now();
  const info = {
    name: customer.name,
    email: customer.email,
    phone: customer.phone,
    corporate: false,
    customer_id: customer.id,
    object: 'customer_info',
  };
  const line = newLineItem(id, { name: plan.name, unit_price: plan.amount, quantity: 1 });
  const order: Order = {
    livemode: false,
    amount: plan.amount,
    currency: plan.currency,
    payment_status: null,
    amount_refunded: 0,
    split_payment: null,
    customer_info: info,
    shipping_contact: null,
    channel: null,
    fiscal_entity: null,
    object: 'order',
    id,
    metadata: {},
    is_refundable: false,
    processing_mode: 'recurrent',
    created_at: now,
    updated_at: now,
    line_items: [line],
    discounts: [],
    taxes: [],
    shipping: [],
    charges: [],
    checkout: null,
    authorization: null,
    subscription_id: subscription.id,
  };
  saveOrder(conekta, order, 'created');
  return order;
}

export function chargeCycle(conekta: ConektaContext, subscription: Subscription, plan: Plan): boolean {
  const order = cycleOrder(conekta, subscription, plan);
  const vault = subscription.card_id === null ? undefined : conekta.vault.get(subscription.card_id);
  subscription.last_billing_cycle_order_id = order.id;
  if (vault) {
    // The first charge has the customer at hand; a card that fails on renewal fails from the second on.
    const isRenewal = Number(subscription['cycles']) > 0 || subscription.trial_end !== null;
    const decline = vault.decline ?? (isRenewal && vault.card.renewal === 'declines' ? GENERIC_DECLINE : null);
    chargeCard(conekta, order, vault.card, decline);
  }
  if (order.payment_status === 'paid') {
    markCyclePaid(conekta, subscription, order);
    return true;
  }
  subscription.status = 'past_due';
  subscription['attempts'] = Number(subscription['attempts']) + 1;
  conekta.subscriptions.put(subscription);
  conekta.emit('subscription.payment_failed', showSubscription(subscription));
  return false;
}

export function planRetry(conekta: ConektaContext, subscription: Subscription, plan: Plan): void {
  if (Number(subscription['attempts']) > (plan.max_retries ?? DEFAULT_RETRIES))
    return cancel(conekta, subscription, 'max_retries');
  const hours = plan.retry_delay_hours ?? DEFAULT_RETRY_HOURS;
  conekta.sandbox.agenda.plan(PERIOD_END, subscription.id, (conekta.now() + hours * 3600) * 1000);
}

function endPeriod(conekta: ConektaContext, id: string): void {
  const subscription = conekta.subscriptions.get(id);
  const plan = subscription && conekta.plans.get(subscription.plan_id);
  if (!subscription || !plan || !['active', 'in_trial', 'past_due'].includes(subscription.status)) return;
  if (plan.expiry_count !== null && Number(subscription['cycles']) >= plan.expiry_count) {
    subscription.status = 'expired';
    conekta.subscriptions.put(subscription);
    conekta.emit('subscription.expired', showSubscription(subscription));
    return;
  }
  if (subscription.status !== 'past_due') {
    subscription.billing_cycle_start = subscription.billing_cycle_end;
    subscription.billing_cycle_end = cycleEnd(plan, subscription.billing_cycle_end);
  }
  if (!chargeCycle(conekta, subscription, plan)) return planRetry(conekta, subscription, plan);
  while (subscription.billing_cycle_end <= conekta.now())
    subscription.billing_cycle_end = cycleEnd(plan, subscription.billing_cycle_end);
  conekta.sandbox.agenda.plan(PERIOD_END, id, subscription.billing_cycle_end * 1000);
}

export function resumeBilling(conekta: ConektaContext, subscription: Subscription): void {
  const atS = Math.max(subscription.billing_cycle_end, conekta.now());
  conekta.sandbox.agenda.plan(PERIOD_END, subscription.id, atS * 1000);
}

/** Collects what is past due now, with the subscription's card; one more failure counts as a retry. */
export function retryCycle(conekta: ConektaContext, subscription: Subscription): boolean {
  const plan = requirePlan(conekta, subscription.plan_id);
  const isPaid = chargeCycle(conekta, subscription, plan);
  if (isPaid) resumeBilling(conekta, subscription);
  else planRetry(conekta, subscription, plan);
  return isPaid;
}

export function cancel(conekta: ConektaContext, subscription: Subscription, reason: string | null): void {
  if (subscription.status === 'canceled') return;
  Object.assign(subscription, { status: 'canceled', canceled_at: conekta.now(), canceled_reason: reason });
  conekta.subscriptions.put(subscription);
  conekta.sandbox.agenda.cancel(PERIOD_END, subscription.id);
  conekta.emit('subscription.canceled', showSubscription(subscription));
}

export function scheduleSubscriptions(conekta: ConektaContext): void {
  conekta.sandbox.agenda.handle(PERIOD_END, (id) => endPeriod(conekta, id));
}
