import type { Card, Decline } from '../core/cards.ts';
import { base62 } from '../core/ids.ts';
import type { StripeContext } from './context.ts';
import { newCustomer } from './customers.ts';
import { collectInvoice, draftInvoice } from './invoices.ts';
import type { PaymentIntent, PaymentMethod, Session, SetupIntent, StoredSession } from './objects.ts';
import { type BillingDetails, declinePayment, newPaymentIntent, newPaymentMethod, succeedPayment } from './payments.ts';
import { SESSION_EXPIRY } from './session-create.ts';
import { emitUpdated, periodLine, planPeriodEnd } from './subscription-changes.ts';
import { newSubscription } from './subscription-object.ts';

function ledgerMetadata({ session, plan }: StoredSession): Record<string, string> {
  return { ...session.metadata, ...plan.paymentIntentMetadata, ...plan.subscriptionMetadata };
}

export function ensureCustomer(stripe: StripeContext, session: Session, billing: BillingDetails): void {
  const wanted = session.mode !== 'payment' || session['customer_creation'] === 'always';
  if (session.customer !== null || !wanted) return;
  session.customer = newCustomer(stripe, {
    email: billing.email ?? session.customer_email ?? undefined,
    name: billing.name ?? undefined,
  }).id;
}

function billingOf(stripe: StripeContext, session: Session, billing: BillingDetails): BillingDetails {
  const customer = session.customer === null ? undefined : stripe.customers.get(session.customer);
  return {
    email: customer?.email ?? billing.email ?? session.customer_email,
    name: billing.name ?? customer?.name ?? null,
    country: billing.country,
  };
}

/** The session's intent: made at the first attempt, used again by later ones. */
export function intentOf(stripe: StripeContext, stored: StoredSession, types: string[]): PaymentIntent {
  const { session, plan } = stored;
  const known = session.payment_intent === null ? undefined : stripe.paymentIntents.get(session.payment_intent);
  if (known) {
    known.customer = session.customer;
    return known;
  }
  const intent = newPaymentIntent(stripe, {
    amount: session.amount_total,
    currency: session.currency,
    customer: session.customer,
    metadata: plan.paymentIntentMetadata,
    description: plan.paymentDescription,
    types,
  });
  session.payment_intent = intent.id;
  return intent;
}

export function completeSession(
  stripe: StripeContext,
  stored: StoredSession,
  billing: BillingDetails,
  paid: boolean,
): void {
  const { session, plan } = stored;
  const details = billingOf(stripe, session, billing);
  session.status = 'complete';
  session.url = null;
  if (paid && session.payment_status === 'unpaid') session.payment_status = 'paid';
  const address = { city: null, country: details.country, line1: null, line2: null, postal_code: null, state: null };
  session.customer_details = {
    address,
    email: details.email,
    name: details.name,
    phone: null,
    tax_exempt: 'none',
    tax_ids: [],
  };
  const coupon = plan.coupon === null ? undefined : stripe.coupons.get(plan.coupon);
  if (coupon) stripe.coupons.put({ ...coupon, times_redeemed: coupon.times_redeemed + 1 });
  stripe.sessions.put(stored);
  stripe.sandbox.agenda.cancel(SESSION_EXPIRY, session.id);
  stripe.emit('checkout.session.completed', session);
}

function attach(stripe: StripeContext, method: PaymentMethod): void {
  if (method.customer !== null) stripe.emit('payment_method.attached', method);
}

function startSubscription(stripe: StripeContext, stored: StoredSession, method: PaymentMethod): void {
  const { session, plan } = stored;
  const recurring = plan.lines.filter((line) => line.price.recurring);
  const subscription = newSubscription(stripe, {
    customer: session.customer ?? '',
    paymentMethod: method.id,
    prices: recurring,
    metadata: plan.subscriptionMetadata,
    trialEnd: plan.trialEnd,
  });
  stripe.subscriptions.put(subscription);
  const trialing = plan.trialEnd !== null;
  const lines = [
    ...subscription.items.data.map((item, at) => {
      const line = periodLine(stripe, item);
      return trialing ? { ...line, amount: 0 } : { ...line, discount: recurring[at]?.discount ?? 0 };
    }),
    ...plan.lines
      .filter((line) => !line.price.recurring)
      .map((line) => ({
        price: line.price,
        quantity: line.quantity,
        amount: line.subtotal,
        discount: line.discount,
        description: line.productName,
        period: { start: stripe.now(), end: stripe.now() },
        subscriptionItem: null,
        proration: false,
      })),
  ];
  stripe.emit('customer.subscription.created', subscription);
  const now = stripe.now();
  const invoice = draftInvoice(stripe, subscription, {
    reason: 'subscription_create',
    lines,
    period: { start: now, end: now },
  });
  collectInvoice(stripe, invoice, method, null, ledgerMetadata(stored));
  const before = subscription.status;
  if (before === 'incomplete') subscription.status = 'active';
  emitUpdated(stripe, subscription, before === 'incomplete' ? { status: before } : { latest_invoice: null });
  planPeriodEnd(stripe, subscription);
  session.subscription = subscription.id;
  session.invoice = invoice.id;
}

function saveMethod(stripe: StripeContext, stored: StoredSession, method: PaymentMethod): void {
  const { session, plan } = stored;
  const id = `seti_1${base62(23)}`;
  const intent: SetupIntent = {
    id,
    object: 'setup_intent',
    allowed_payment_method_types: null,
    application: null,
    automatic_payment_methods: null,
    cancellation_reason: null,
    client_secret: `${id}_secret_${base62(25)}`,
    created: stripe.now(),
    customer: session.customer,
    description: null,
    excluded_payment_method_types: null,
    flow_directions: null,
    last_setup_error: null,
    latest_attempt: null,
    livemode: false,
    mandate: null,
    metadata: plan.setupIntentMetadata,
    next_action: null,
    on_behalf_of: null,
    payment_method: method.id,
    payment_method_configuration_details: null,
    payment_method_options: { card: { request_three_d_secure: 'automatic' } },
    payment_method_types: ['card'],
    single_use_mandate: null,
    status: 'succeeded',
    usage: 'off_session',
  };
  stripe.setupIntents.put(intent);
  session.setup_intent = id;
  stripe.emit('setup_intent.created', intent);
  stripe.emit('setup_intent.succeeded', intent);
}

/** A good card: collects, starts the subscription or saves the method, then completes the session. */
export function paySession(stripe: StripeContext, stored: StoredSession, card: Card, billing: BillingDetails): void {
  const { session } = stored;
  ensureCustomer(stripe, session, billing);
  const keep = session.mode !== 'payment';
  const method = newPaymentMethod(stripe, {
    type: 'card',
    card,
    customer: keep ? session.customer : null,
    billing: billingOf(stripe, session, billing),
  });
  attach(stripe, method);
  if (session.mode === 'setup') saveMethod(stripe, stored, method);
  else if (session.mode === 'subscription') startSubscription(stripe, stored, method);
  else if (session.amount_total > 0)
    succeedPayment(stripe, intentOf(stripe, stored, ['card']), method, ledgerMetadata(stored));
  completeSession(stripe, stored, billing, true);
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
  const method = newPaymentMethod(stripe, {
    type: 'card',
    card,
    customer: null,
    billing: billingOf(stripe, session, billing),
  });
  if (session.mode === 'setup') return;
  const intent = intentOf(stripe, stored, ['card']);
  declinePayment(stripe, intent, method, decline, ledgerMetadata(stored));
  // Subscriptions and their payment exist only once the session completes.
  if (session.mode === 'subscription') session.payment_intent = null;
  stripe.sessions.put(stored);
}
