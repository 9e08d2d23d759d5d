import { base62 } from '../../core/ids.ts';
import type { StripeContext } from '../context.ts';
import { requireCustomer } from '../require-customer.ts';
import type { Invoice, InvoiceItem, PaymentMethod, Subscription } from '../objects.ts';
import { type ComposeInput, type LineInput, composeInvoice } from './compose-invoice.ts';
import { cycleLines, itemLine, pendingItems } from './cycle-lines.ts';
import { dropSpent, liveDiscounts } from './discounts-of.ts';
import {
  collectInvoice,
  draftInvoice,
  finalizeInvoice,
  markUncollectible,
  payInvoice,
  subscriptionOf,
  voidInvoice,
} from './invoices.ts';
import { enterDuePhase } from './schedule-phases.ts';
import { currentEnd, currentStart, periodEnd } from './subscription-object.ts';

const RENEWAL = 'stripe.subscription.period-end';
const DUNNING = 'stripe.subscription.dunning';
const INCOMPLETE = 'stripe.subscription.incomplete';
const TRIAL_WARNING = 'stripe.subscription.trial-warning';
const UPCOMING = 'stripe.subscription.upcoming';
export const UNPAUSE = 'stripe.subscription.collection-resumes';
export const PENDING = 'stripe.subscription.pending-update';
const DAY_S = 86_400;
const INCOMPLETE_S = 23 * 3600;
/** Days between tries; after the last the subscription ends, as the default settings have it. */
const RETRY_DAYS = [3, 5, 7];
const UPCOMING_DAYS = 7;

const ENDED = new Set(['canceled', 'incomplete_expired']);
export const isEnded = (subscription: Subscription): boolean => ENDED.has(subscription.status);

export function planPeriodEnd(stripe: StripeContext, subscription: Subscription): void {
  const { agenda } = stripe.sandbox;
  const end = currentEnd(subscription);
  agenda.plan(RENEWAL, subscription.id, Math.min(end, subscription.cancel_at ?? Infinity) * 1000);
  const warnAt = end - UPCOMING_DAYS * DAY_S;
  if (warnAt > stripe.now()) agenda.plan(UPCOMING, subscription.id, warnAt * 1000);
  if (subscription.status !== 'trialing' || subscription.trial_end === null) return;
  agenda.plan(
    TRIAL_WARNING,
    subscription.id,
    Math.max(stripe.now() * 1000, (subscription.trial_end - 3 * DAY_S) * 1000),
  );
}

export function planIncompleteEnd(stripe: StripeContext, subscription: Subscription): void {
  stripe.sandbox.agenda.plan(INCOMPLETE, subscription.id, (stripe.now() + INCOMPLETE_S) * 1000);
}

export function emitUpdated(stripe: StripeContext, subscription: Subscription, previous: object): void {
  stripe.subscriptions.put(subscription);
  stripe.emit('customer.subscription.updated', subscription, previous);
}

export function previousOf(before: Subscription, after: Subscription): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(before).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(after[key])),
  );
}

export function setStatus(stripe: StripeContext, subscription: Subscription, status: string): void {
  if (subscription.status === status) return;
  const before = subscription.status;
  subscription.status = status;
  emitUpdated(stripe, subscription, { status: before });
}

function forgetPlans(stripe: StripeContext, id: string): void {
  for (const task of [RENEWAL, DUNNING, INCOMPLETE, TRIAL_WARNING, UPCOMING, UNPAUSE, PENDING])
    stripe.sandbox.agenda.cancel(task, id);
}

/** Ends it now: no refund, no further charge; finalized invoices stay open and are no longer collected. */
export function cancelNow(stripe: StripeContext, subscription: Subscription): void {
  if (isEnded(subscription)) return;
  const now = stripe.now();
  Object.assign(subscription, { status: 'canceled', canceled_at: subscription.canceled_at ?? now, ended_at: now });
  stripe.subscriptions.put(subscription);
  forgetPlans(stripe, subscription.id);
  for (const invoice of stripe.invoices.findBy('subscription', subscription.id)) {
    if (invoice.status === 'open') stripe.invoices.put({ ...invoice, auto_advance: false, next_payment_attempt: null });
  }
  stripe.emit('customer.subscription.deleted', subscription);
}

/** The subscription's own method, then its customer's default. */
export function chargeableMethod(stripe: StripeContext, subscription: Subscription): PaymentMethod | undefined {
  const fallback = stripe.customers.get(subscription.customer)?.invoice_settings.default_payment_method;
  const id = subscription.default_payment_method ?? fallback;
  return id == null ? undefined : stripe.paymentMethods.get(id);
}

export function invoiceInput(
  stripe: StripeContext,
  subscription: Subscription,
  input: { reason: string; lines: LineInput[]; period: { start: number; end: number }; prorationDate?: number },
): ComposeInput {
  return {
    ...input,
    customer: requireCustomer(stripe, subscription.customer, 'customer', 400),
    currency: subscription.currency,
    subscription,
    discounts: liveDiscounts(stripe, subscription.discounts, stripe.now()),
    automaticTax: subscription.automatic_tax.enabled,
    fields: {
      collection_method: subscription.collection_method,
      ...(subscription.collection_method === 'send_invoice'
        ? { due_date: stripe.now() + Number(subscription['days_until_due'] ?? 30) * DAY_S }
        : {}),
      description: subscription['description'] ?? null,
      default_payment_method: null,
    },
  };
}

/** Pending proration of a change, for the next invoice. */
export function addPendingItem(stripe: StripeContext, subscription: Subscription, line: LineInput): InvoiceItem {
  const item: InvoiceItem = {
    id: `ii_1${base62(23)}`,
    object: 'invoiceitem',
    amount: line.amount,
    created: stripe.now(),
    currency: line.currency,
    customer: subscription.customer,
    customer_account: null,
    date: stripe.now(),
    description: line.description,
    discountable: line.discountable,
    discounts: [],
    invoice: null,
    livemode: false,
    metadata: line.metadata,
    parent: {
      quote_details: null,
      subscription_details: { subscription: subscription.id, subscription_item: line.subscriptionItem },
      type: 'subscription_details',
    },
    period: line.period,
    pricing: {
      price_details: line.price === null ? null : { price: line.price.id, product: line.price.product },
      type: 'price_details',
      unit_amount_decimal: line.price?.unit_amount_decimal ?? null,
    },
    proration: line.proration,
    proration_details: { discount_amounts: [] },
    quantity: line.quantity,
    quantity_decimal: String(line.quantity),
    tax_rates: [],
    test_clock: null,
  };
  stripe.invoiceItems.put(item);
  stripe.emit('invoiceitem.created', item);
  return item;
}

/** The next cycle as it would be billed at the end of the running one; nothing is stored. */
export function nextCycle(
  stripe: StripeContext,
  subscription: Subscription,
  extra: readonly LineInput[] = [],
): { next: Subscription; input: ComposeInput } {
  const next = structuredClone(subscription);
  const start = currentEnd(subscription);
  const behind = new Map(
    subscription.items.data.map((item) => [
      item.id,
      { start: item.current_period_start, end: item.current_period_end },
    ]),
  );
  for (const item of next.items.data) {
    item.current_period_start = start;
    item.current_period_end = periodEnd(item.price, start, subscription.billing_cycle_anchor);
  }
  if (next.status === 'trialing') next.status = 'active';
  const pending = pendingItems(stripe, subscription.customer, subscription.id).map((item) => itemLine(stripe, item));
  const input = invoiceInput(stripe, next, {
    reason: 'subscription_cycle',
    lines: [...pending, ...extra, ...cycleLines(stripe, next, behind)],
    period: { start: currentStart(subscription), end: start },
  });
  return { next, input: { ...input, discounts: liveDiscounts(stripe, subscription.discounts, start) } };
}

/** While collection is paused an invoice is made and not charged. */
function setAside(stripe: StripeContext, subscription: Subscription, invoice: Invoice): void {
  switch (subscription.pause_collection?.behavior) {
    case 'mark_uncollectible':
      finalizeInvoice(stripe, invoice, subscription.metadata);
      markUncollectible(stripe, invoice);
      break;
    case 'void':
      finalizeInvoice(stripe, invoice, subscription.metadata);
      voidInvoice(stripe, invoice);
      break;
    default:
      stripe.invoices.put({ ...invoice, auto_advance: false });
  }
}

/** Charges at once, an hour earlier than the real one, which lets a renewal's draft rest so that it can be edited. */
export function collect(
  stripe: StripeContext,
  subscription: Subscription,
  invoice: Invoice,
  offSession: boolean,
): void {
  if (subscription.pause_collection) return setAside(stripe, subscription, invoice);
  if (subscription.collection_method === 'send_invoice') {
    if (finalizeInvoice(stripe, invoice, subscription.metadata)) stripe.emit('invoice.sent', invoice);
    if (invoice.amount_due === 0) payInvoice(stripe, invoice, undefined, { offSession: true, returnUrl: null });
    return;
  }
  const method = chargeableMethod(stripe, subscription);
  collectInvoice(stripe, invoice, method, { offSession, returnUrl: null }, subscription.metadata);
}

function renew(stripe: StripeContext, subscription: Subscription): void {
  const before = structuredClone(subscription);
  enterDuePhase(stripe, subscription);
  const { next, input } = nextCycle(stripe, subscription);
  Object.assign(subscription, { items: next.items, status: next.status });
  const invoice = draftInvoice(stripe, { ...input, subscription });
  emitUpdated(stripe, subscription, previousOf(before, subscription));
  collect(stripe, subscription, invoice, true);
  dropSpent(stripe, subscription);
  stripe.subscriptions.put(subscription);
  if (!isEnded(subscription)) planPeriodEnd(stripe, subscription);
}

/** A trial that ends without a way to pay goes as `trial_settings` say. */
function endTrial(stripe: StripeContext, subscription: Subscription): boolean {
  if (subscription.status !== 'trialing' || chargeableMethod(stripe, subscription)) return false;
  const settings: unknown = Reflect.get(Object(subscription['trial_settings']), 'end_behavior');
  const behavior: unknown = Reflect.get(Object(settings), 'missing_payment_method');
  if (behavior === 'cancel') cancelNow(stripe, subscription);
  else if (behavior === 'pause') pauseNow(stripe, subscription);
  else return false;
  return true;
}

export function pauseNow(stripe: StripeContext, subscription: Subscription): void {
  const before = subscription.status;
  subscription.status = 'paused';
  stripe.sandbox.agenda.cancel(RENEWAL, subscription.id);
  stripe.sandbox.agenda.cancel(UPCOMING, subscription.id);
  stripe.subscriptions.put(subscription);
  stripe.emit('customer.subscription.paused', subscription);
  stripe.emit('customer.subscription.updated', subscription, { status: before });
}

function endPeriod(stripe: StripeContext, id: string): void {
  const subscription = stripe.subscriptions.get(id);
  if (!subscription || isEnded(subscription) || subscription.status === 'paused') return;
  const dueToEnd = subscription.cancel_at !== null && subscription.cancel_at <= stripe.now();
  if (subscription.cancel_at_period_end || dueToEnd) return cancelNow(stripe, subscription);
  if (subscription.status === 'incomplete') return;
  // A failed cycle is retried before the next one is billed.
  if (subscription.status === 'past_due') {
    return stripe.sandbox.agenda.plan(RENEWAL, id, (stripe.now() + DAY_S) * 1000);
  }
  if (!endTrial(stripe, subscription)) renew(stripe, subscription);
}

/** Tries the latest open invoice again; the invoice's hooks carry on from its outcome. */
export function retryLatest(stripe: StripeContext, subscription: Subscription): 'paid' | 'declined' | 'nothing' {
  const invoice = subscription.latest_invoice === null ? undefined : stripe.invoices.get(subscription.latest_invoice);
  if (invoice?.status !== 'open') return 'nothing';
  const method = chargeableMethod(stripe, subscription);
  const outcome = payInvoice(stripe, invoice, method, { offSession: true, returnUrl: null });
  return outcome.kind === 'paid' ? 'paid' : 'declined';
}

function dun(stripe: StripeContext, id: string): void {
  const subscription = stripe.subscriptions.get(id);
  if (subscription?.status === 'past_due') retryLatest(stripe, subscription);
}

function planRetry(stripe: StripeContext, subscription: Subscription, invoice: Invoice): void {
  const days = RETRY_DAYS[invoice.attempt_count - 1];
  if (days === undefined) {
    subscription['cancellation_details'] = { comment: null, feedback: null, reason: 'payment_failed' };
    cancelNow(stripe, subscription);
    return;
  }
  invoice.next_payment_attempt = stripe.now() + days * DAY_S;
  stripe.invoices.put(invoice);
  stripe.sandbox.agenda.plan(DUNNING, subscription.id, invoice.next_payment_attempt * 1000);
}

function onPaid(stripe: StripeContext, subscription: Subscription, invoice: Invoice): void {
  stripe.sandbox.agenda.cancel(INCOMPLETE, subscription.id);
  if (subscription.status === 'incomplete') return setStatus(stripe, subscription, 'active');
  const isLatest = subscription.latest_invoice === invoice.id;
  if (!isLatest || !['past_due', 'unpaid'].includes(subscription.status)) return;
  stripe.sandbox.agenda.cancel(DUNNING, subscription.id);
  setStatus(stripe, subscription, 'active');
}

/** Invoices move their subscription: paid ones into `active`, failed ones into `past_due` and dunning. */
export function watchInvoices(stripe: StripeContext): void {
  stripe.hooks.onInvoice((invoice, decline) => {
    const id = subscriptionOf(invoice);
    const subscription = id === null ? undefined : stripe.subscriptions.get(id);
    if (!subscription || isEnded(subscription)) return;
    if (!decline) return onPaid(stripe, subscription, invoice);
    const waits = subscription.status === 'incomplete' || subscription.pending_update !== null;
    if (waits || subscription.latest_invoice !== invoice.id) return;
    setStatus(stripe, subscription, 'past_due');
    if (invoice.collection_method === 'charge_automatically') planRetry(stripe, subscription, invoice);
  });
}

function expireIncomplete(stripe: StripeContext, id: string): void {
  const subscription = stripe.subscriptions.get(id);
  if (subscription?.status !== 'incomplete') return;
  const invoice = subscription.latest_invoice === null ? undefined : stripe.invoices.get(subscription.latest_invoice);
  forgetPlans(stripe, id);
  subscription.ended_at = stripe.now();
  if (invoice?.status === 'open') voidInvoice(stripe, invoice);
  setStatus(stripe, subscription, 'incomplete_expired');
}

function warnUpcoming(stripe: StripeContext, id: string): void {
  const subscription = stripe.subscriptions.get(id);
  const continues =
    subscription && !subscription.cancel_at_period_end && ['active', 'trialing'].includes(subscription.status);
  if (!continues) return;
  // The one invoice event whose object has no id.
  const { id: _none, ...upcoming } = composeInvoice(stripe, nextCycle(stripe, subscription).input);
  stripe.emit('invoice.upcoming', upcoming);
}

export function scheduleSubscriptions(stripe: StripeContext): void {
  const { agenda } = stripe.sandbox;
  agenda.handle(RENEWAL, (id) => endPeriod(stripe, id));
  agenda.handle(DUNNING, (id) => dun(stripe, id));
  agenda.handle(INCOMPLETE, (id) => expireIncomplete(stripe, id));
  agenda.handle(UPCOMING, (id) => warnUpcoming(stripe, id));
  agenda.handle(TRIAL_WARNING, (id) => {
    const subscription = stripe.subscriptions.get(id);
    if (subscription?.status === 'trialing') stripe.emit('customer.subscription.trial_will_end', subscription);
  });
  agenda.handle(UNPAUSE, (id) => {
    const subscription = stripe.subscriptions.get(id);
    if (!subscription?.pause_collection) return;
    const previous = { pause_collection: subscription.pause_collection };
    subscription.pause_collection = null;
    emitUpdated(stripe, subscription, previous);
  });
}
