import type { Card, Decline } from '../core/cards.ts';
import { draftInvoice, finalizeInvoice, markPaid, payInvoice } from './billing/invoices.ts';
import { firstLines } from './billing/cycle-lines.ts';
import { oneTimeLine, settleStart } from './billing/create-subscription.ts';
import { newDiscount, redeem } from './billing/discounts-of.ts';
import { emitUpdated, invoiceInput } from './billing/lifecycle.ts';
import { newSubscription } from './billing/subscription-object.ts';
import type { StripeContext } from './context.ts';
import { newCustomer } from './customers.ts';
import { requireCustomer } from './require-customer.ts';
import type { Discount, PaymentIntent, PaymentMethod, Session, StoredSession } from './objects.ts';
import { declinePayment } from './payments/charges.ts';
import { confirmIntent } from './payments/confirm.ts';
import { newPaymentIntent, newSetupIntent } from './payments/intent-object.ts';
import { type BillingDetails, newPageCard, newPaymentMethod } from './payments/method-object.ts';
import { succeedSetup } from './payments/setup-intents.ts';
import { SESSION_EXPIRY, retax } from './session-create.ts';
import { placeOf } from './tax/tax.ts';

export function ledgerMetadata({ session, plan }: StoredSession): Record<string, string> {
  return { ...session.metadata, ...plan.paymentIntentMetadata, ...plan.subscriptionMetadata };
}

export function ensureCustomer(stripe: StripeContext, session: Session, billing: BillingDetails): void {
  const wanted = session.mode !== 'payment' || session['customer_creation'] === 'always';
  if (session.customer !== null || !wanted) return;
  session.customer = newCustomer(stripe, {
    email: billing.email ?? session.customer_email ?? undefined,
    name: billing.name ?? undefined,
    ...(billing.country === null ? {} : { address: { country: billing.country } }),
  }).id;
}

/** With automatic tax the address of the page decides where none was known. */
export function locate(stripe: StripeContext, stored: StoredSession, billing: BillingDetails): void {
  const { session, plan } = stored;
  const customer = session.customer === null ? undefined : stripe.customers.get(session.customer);
  const known = placeOf(customer);
  const place =
    known ?? (billing.country === null ? null : { country: billing.country, state: null, exempt: 'none' as const });
  if (!plan.automaticTax || !place) return;
  retax(stored, place);
  if (customer && !known) stripe.customers.put({ ...customer, address: { country: place.country } });
}

export function billingOf(stripe: StripeContext, session: Session, billing: BillingDetails): BillingDetails {
  const customer = session.customer === null ? undefined : stripe.customers.get(session.customer);
  return {
    email: customer?.email ?? billing.email ?? session.customer_email,
    name: billing.name ?? customer?.name ?? null,
    country: billing.country,
  };
}

/** The session's intent: made at the first attempt, used again by later ones. */
export function intentOf(stripe: StripeContext, stored: StoredSession): PaymentIntent {
  const { session, plan } = stored;
  const known = session.payment_intent === null ? undefined : stripe.paymentIntents.get(session.payment_intent);
  if (known) {
    Object.assign(known, { customer: session.customer, amount: session.amount_total });
    return known;
  }
  const intent = newPaymentIntent(stripe, {
    amount: session.amount_total,
    currency: session.currency,
    customer: session.customer,
    metadata: plan.paymentIntentMetadata,
    description: plan.paymentDescription,
    types: session.payment_method_types,
    ledgerMetadata: ledgerMetadata(stored),
    fields: {
      payment_method_options: session['payment_method_options'],
      setup_future_usage: plan.setupFutureUsage,
      ...(plan.captureMethod === null ? {} : { capture_method: plan.captureMethod }),
    },
  });
  const notes = stripe.intentNotes.get(intent.id);
  if (notes) stripe.intentNotes.put({ ...notes, ownedBy: session.id });
  session.payment_intent = intent.id;
  return intent;
}

export function completeSession(
  stripe: StripeContext,
  stored: StoredSession,
  billing: BillingDetails,
  paid: boolean,
): void {
  const { session } = stored;
  const details = billingOf(stripe, session, billing);
  session.status = 'complete';
  session.url = null;
  if (paid && session.payment_status === 'unpaid') session.payment_status = 'paid';
  const address = { city: null, country: details.country, line1: null, line2: null, postal_code: null, state: null };
  session.customer_details = {
    address,
    business_name: null,
    email: details.email,
    individual_name: null,
    name: details.name,
    phone: null,
    tax_exempt: 'none',
    tax_ids: [],
  };
  if (session.mode === 'payment') for (const discount of discountsOf(stripe, stored)) redeem(stripe, discount);
  if (session.mode === 'payment' && stored.plan.invoiceCreation && paid) receiptInvoice(stripe, stored);
  stripe.sessions.put(stored);
  stripe.sandbox.agenda.cancel(SESSION_EXPIRY, session.id);
  stripe.emit('checkout.session.completed', session);
}

function discountsOf(stripe: StripeContext, { session, plan }: StoredSession, subscription?: string): Discount[] {
  const coupon = plan.coupon === null ? undefined : stripe.coupons.get(plan.coupon);
  if (!coupon) return [];
  const promotion = plan.promotionCode === null ? null : (stripe.promotionCodes.get(plan.promotionCode) ?? null);
  const on = {
    customer: session.customer,
    session: session.id,
    ...(subscription === undefined ? {} : { subscription }),
  };
  return [newDiscount(stripe, { coupon, promotion }, on)];
}

/** `invoice_creation`: a paid invoice as the receipt of a one-time purchase. */
function receiptInvoice(stripe: StripeContext, stored: StoredSession): void {
  const { session, plan } = stored;
  if (session.customer === null) return;
  const now = stripe.now();
  const discounts = discountsOf(stripe, stored);
  for (const discount of discounts) stripe.discounts.put(discount);
  const invoice = draftInvoice(stripe, {
    customer: { ...requireCustomer(stripe, session.customer, 'customer', 400), balance: 0 },
    currency: session.currency,
    reason: 'manual',
    lines: plan.lines.map((line) => ({
      ...oneTimeLine(stripe, line.price, line.quantity, null),
      amount: line.subtotal,
    })),
    period: { start: now, end: now },
    subscription: null,
    discounts,
    automaticTax: plan.automaticTax,
  });
  const due = invoice.amount_due;
  // Paid by the session's own intent: the invoice makes none.
  invoice.amount_due = 0;
  finalizeInvoice(stripe, invoice, {});
  Object.assign(invoice, { amount_due: due });
  markPaid(stripe, invoice, false);
  session.invoice = invoice.id;
}

/** A person is there and has proven who they are; `0341` is taken once, so that its renewal can fail. */
const PRESENT = { offSession: false, returnUrl: null, isAuthenticated: true, forgivesRenewalCard: true } as const;

/** @returns whether the money is there already. */
function startSubscription(stripe: StripeContext, stored: StoredSession, method: PaymentMethod): boolean {
  const { session, plan } = stored;
  const recurring = plan.lines.filter((line) => line.price.recurring);
  const subscription = newSubscription(stripe, {
    customer: session.customer ?? '',
    paymentMethod: method.id,
    prices: recurring,
    metadata: plan.subscriptionMetadata,
    trialEnd: plan.trialEnd,
    fields: {
      automatic_tax: {
        disabled_reason: null,
        enabled: plan.automaticTax,
        liability: plan.automaticTax ? { type: 'self' } : null,
      },
    },
  });
  const discounts = discountsOf(stripe, stored, subscription.id);
  subscription.discounts = discounts.map((discount) => redeem(stripe, discount));
  stripe.subscriptions.put(subscription);
  stripe.emit('customer.subscription.created', subscription);
  const now = stripe.now();
  const once = plan.lines
    .filter((line) => !line.price.recurring)
    .map((line) => ({ ...oneTimeLine(stripe, line.price, line.quantity, subscription.id), amount: line.subtotal }));
  const input = invoiceInput(stripe, subscription, {
    reason: 'subscription_create',
    lines: [...firstLines(stripe, subscription), ...once],
    period: { start: now, end: now },
  });
  const invoice = draftInvoice(stripe, input);
  finalizeInvoice(stripe, invoice, ledgerMetadata(stored));
  const collected = payInvoice(stripe, invoice, method, PRESENT);
  if (subscription.status === 'trialing') emitUpdated(stripe, subscription, { latest_invoice: null });
  settleStart(stripe, subscription);
  session.subscription = subscription.id;
  session.invoice = invoice.id;
  return collected.kind !== 'processing';
}

function saveMethod(stripe: StripeContext, stored: StoredSession, method: PaymentMethod): void {
  const { session, plan } = stored;
  const intent = newSetupIntent(stripe, {
    customer: session.customer,
    metadata: plan.setupIntentMetadata,
    types: session.payment_method_types,
  });
  session.setup_intent = intent.id;
  succeedSetup(stripe, intent, method);
}

function keepMethod(stripe: StripeContext, method: PaymentMethod): void {
  const instrument = stripe.instruments.get(method.id);
  if (instrument) stripe.instruments.put({ ...instrument, isSetUp: true });
  if (method.customer !== null) stripe.emit('payment_method.attached', method);
}

/** Collects, starts the subscription or saves the method, then completes the session. */
function finishSession(
  stripe: StripeContext,
  stored: StoredSession,
  method: PaymentMethod,
  billing: BillingDetails,
): void {
  const { session } = stored;
  let isPaid = true;
  if (session.mode !== 'payment') keepMethod(stripe, method);
  if (session.mode === 'setup') saveMethod(stripe, stored, method);
  else if (session.mode === 'subscription') isPaid = startSubscription(stripe, stored, method);
  else if (session.amount_total > 0) {
    const outcome = confirmIntent(stripe, intentOf(stripe, stored), method, PRESENT);
    isPaid = outcome.kind !== 'later';
  }
  completeSession(stripe, stored, billing, isPaid);
}

/** A good card. */
export function paySession(stripe: StripeContext, stored: StoredSession, card: Card, billing: BillingDetails): void {
  const { session } = stored;
  ensureCustomer(stripe, session, billing);
  locate(stripe, stored, billing);
  const method = newPageCard(stripe, {
    card,
    customer: session.mode === 'payment' ? null : session.customer,
    billing: billingOf(stripe, session, billing),
  });
  finishSession(stripe, stored, method, billing);
}

/** A bank's page or a mandate instead of a card: redirects pay at once, debits complete the session unpaid. */
export function paySessionByBank(
  stripe: StripeContext,
  stored: StoredSession,
  type: string,
  billing: BillingDetails,
): void {
  const { session } = stored;
  ensureCustomer(stripe, session, billing);
  locate(stripe, stored, billing);
  const method = newPaymentMethod(stripe, {
    type,
    card: null,
    customer: session.mode === 'payment' ? null : session.customer,
    billing: billingOf(stripe, session, billing),
  });
  finishSession(stripe, stored, method, billing);
}

/** A declined card leaves the session open for another try. */
export function declineSession(
  stripe: StripeContext,
  stored: StoredSession,
  card: Card,
  billing: BillingDetails,
  decline: Decline,
): void {
  const { session } = stored;
  const method = newPageCard(stripe, {
    card,
    decline,
    customer: null,
    billing: billingOf(stripe, session, billing),
  });
  if (session.mode === 'setup') return;
  const intent = intentOf(stripe, stored);
  declinePayment(stripe, intent, method, decline);
  // Subscriptions and their payment exist only once the session completes.
  if (session.mode === 'subscription') session.payment_intent = null;
  stripe.sessions.put(stored);
}
