import type { StripeContext } from '../context.ts';
import { paymentFailure } from '../errors.ts';
import type { Invoice, Subscription } from '../objects.ts';
import { forecast } from '../payments/confirm.ts';
import { AUTHENTICATION_REQUIRED } from '../payments/test-cards.ts';
import { type ComposeInput, composeInvoice } from './compose-invoice.ts';
import { itemLine, pendingItems } from './cycle-lines.ts';
import { dropSpent } from './discounts-of.ts';
import { draftInvoice, voidInvoice } from './invoices.ts';
import {
  PENDING,
  addPendingItem,
  chargeableMethod,
  collect,
  emitUpdated,
  invoiceInput,
  previousOf,
} from './lifecycle.ts';
import type { ChangePlan } from './plan-change.ts';

const PENDING_S = 23 * 3600;

const NEEDS_ACTION = {
  code: 'subscription_payment_intent_requires_action',
  declineCode: 'authentication_required',
  message: 'Payment for this subscription requires additional user action before it can be completed successfully.',
};

type PaymentBehavior = 'allow_incomplete' | 'default_incomplete' | 'error_if_incomplete' | 'pending_if_incomplete';

/** The invoice a change makes at once, with what was pending for it. */
export function changeInvoice(stripe: StripeContext, plan: ChangePlan): ComposeInput {
  const pending = pendingItems(stripe, plan.next.customer, plan.next.id).map((item) => itemLine(stripe, item));
  const now = stripe.now();
  return invoiceInput(stripe, plan.next, {
    reason: 'subscription_update',
    lines: [...pending, ...plan.prorations, ...plan.cycle],
    period: { start: now, end: now },
    prorationDate: plan.prorationDate,
  });
}

/** Whether the money would come in; a total that costs nothing needs none. */
function wouldPay(stripe: StripeContext, subscription: Subscription, draft: Invoice): ReturnType<typeof forecast> {
  if (draft.amount_due === 0 || subscription.collection_method === 'send_invoice') return { kind: 'approve' };
  const method = chargeableMethod(stripe, subscription);
  if (!method) return { kind: 'decline', decline: { ...AUTHENTICATION_REQUIRED, code: 'invoice_no_payment_method' } };
  return forecast(stripe, method, { offSession: false, returnUrl: null });
}

function execute(stripe: StripeContext, subscription: Subscription, plan: ChangePlan, before: Subscription): void {
  Object.assign(subscription, plan.next);
  if (!plan.invoicesNow) {
    for (const line of plan.prorations) addPendingItem(stripe, subscription, line);
    emitUpdated(stripe, subscription, previousOf(before, subscription));
    return;
  }
  const invoice = draftInvoice(stripe, { ...changeInvoice(stripe, plan), subscription });
  emitUpdated(stripe, subscription, previousOf(before, subscription));
  collect(stripe, subscription, invoice, false);
  if (plan.startsCycle) dropSpent(stripe, subscription);
  stripe.subscriptions.put(subscription);
}

/** The change waits for its invoice to be paid, at most 23 hours. */
function holdBack(stripe: StripeContext, subscription: Subscription, plan: ChangePlan): void {
  const input = changeInvoice(stripe, plan);
  const invoice = draftInvoice(stripe, { ...input, subscription });
  const expiresAt = stripe.now() + PENDING_S;
  subscription.pending_update = {
    billing_cycle_anchor: plan.startsCycle ? plan.next.billing_cycle_anchor : null,
    cancel_at_period_end: null,
    discount: null,
    discounts: null,
    expires_at: expiresAt,
    metadata: null,
    subscription_items: plan.next.items.data,
    trial_end: plan.next.trial_end,
    trial_from_plan: null,
  };
  emitUpdated(stripe, subscription, { pending_update: null });
  stripe.sandbox.agenda.plan(PENDING, subscription.id, expiresAt * 1000);
  collect(stripe, subscription, invoice, false);
}

export function applyChange(
  stripe: StripeContext,
  subscription: Subscription,
  plan: ChangePlan,
  behavior: PaymentBehavior,
  before: Subscription = structuredClone(subscription),
): void {
  if (plan.invoicesNow && (behavior === 'error_if_incomplete' || behavior === 'pending_if_incomplete')) {
    const outcome = wouldPay(stripe, plan.next, composeInvoice(stripe, changeInvoice(stripe, plan)));
    const fails = outcome.kind === 'decline' || outcome.kind === 'challenge';
    if (fails && behavior === 'pending_if_incomplete') return holdBack(stripe, subscription, plan);
    if (fails) throw paymentFailure(outcome.kind === 'decline' ? outcome.decline : NEEDS_ACTION);
  }
  execute(stripe, subscription, plan, before);
}

function applyPending(stripe: StripeContext, subscription: Subscription): void {
  const pending = subscription.pending_update;
  if (!pending) return;
  const before = structuredClone(subscription);
  if (pending.subscription_items) subscription.items.data = pending.subscription_items;
  if (pending.billing_cycle_anchor !== null) subscription.billing_cycle_anchor = pending.billing_cycle_anchor;
  subscription.pending_update = null;
  stripe.sandbox.agenda.cancel(PENDING, subscription.id);
  stripe.subscriptions.put(subscription);
  stripe.emit('customer.subscription.pending_update_applied', subscription);
  emitUpdated(stripe, subscription, previousOf(before, subscription));
}

export function watchPendingUpdates(stripe: StripeContext): void {
  stripe.hooks.onInvoice((invoice, decline) => {
    const id = invoice.parent?.subscription_details.subscription;
    const subscription = id === undefined ? undefined : stripe.subscriptions.get(id);
    if (!decline && subscription?.pending_update && subscription.latest_invoice === invoice.id) {
      applyPending(stripe, subscription);
    }
  });
  stripe.sandbox.agenda.handle(PENDING, (id) => {
    const subscription = stripe.subscriptions.get(id);
    if (!subscription?.pending_update) return;
    const invoice = subscription.latest_invoice === null ? undefined : stripe.invoices.get(subscription.latest_invoice);
    subscription.pending_update = null;
    if (invoice?.status === 'open') voidInvoice(stripe, invoice);
    stripe.subscriptions.put(subscription);
    stripe.emit('customer.subscription.pending_update_expired', subscription);
  });
}
