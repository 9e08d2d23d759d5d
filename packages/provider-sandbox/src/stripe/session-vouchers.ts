import type { PayResult } from '../cashier.ts';
import type { StripeContext } from './context.ts';
import type { StoredSession } from './objects.ts';
import { succeedPayment } from './payments/charges.ts';
import { confirmIntent, settleDebit } from './payments/confirm.ts';
import { type BillingDetails, newPaymentMethod } from './payments/method-object.ts';
import { typeOf } from './payments/method-types.ts';
import { billingOf, completeSession, ensureCustomer, intentOf, locate } from './session-payment.ts';

/** The session's type for a page's choice: a shop's voucher or a bank transfer. */
export function typeForChoice(types: readonly string[], choice: 'cash' | 'spei'): string | undefined {
  const flow = choice === 'cash' ? 'voucher' : 'transfer';
  return types.find((type) => typeOf(type)?.flow === flow);
}

/** OXXO, SPEI and their like: the session completes unpaid and waits for the money. */
export function issueVoucher(
  stripe: StripeContext,
  stored: StoredSession,
  choice: 'cash' | 'spei',
  billing: BillingDetails,
): PayResult {
  const { session } = stored;
  const type = typeForChoice(session.payment_method_types, choice);
  if (session.mode !== 'payment' || type === undefined)
    return { kind: 'refused', field: 'method', message: 'Vouchers pay one-time purchases only.' };
  ensureCustomer(stripe, session, billing);
  locate(stripe, stored, billing);
  const details = billingOf(stripe, session, billing);
  const method = newPaymentMethod(stripe, { type, card: null, customer: session.customer, billing: details });
  confirmIntent(stripe, intentOf(stripe, stored), method, { offSession: false, returnUrl: null });
  completeSession(stripe, stored, billing, false);
  return { kind: 'voucher' };
}

/** The shop or the bank reports the money of an intent, whoever made it. */
export function settleIntent(stripe: StripeContext, id: string): PayResult {
  const intent = stripe.paymentIntents.get(id);
  const method = intent?.payment_method == null ? undefined : stripe.paymentMethods.get(intent.payment_method);
  const flow = method && typeOf(method.type)?.flow;
  if (intent?.status === 'processing') {
    settleDebit(stripe, id);
    return { kind: 'paid' };
  }
  if (!intent || !method || intent.status !== 'requires_action' || (flow !== 'voucher' && flow !== 'transfer'))
    return { kind: 'refused', field: null, message: 'This payment waits for no money.' };
  succeedPayment(stripe, intent, method);
  return { kind: 'paid' };
}

/** By its own intent, or by that of the subscription it started. */
function sessionOf(stripe: StripeContext, intent: string): StoredSession | undefined {
  const own = stripe.sessions.findBy('paymentIntent', intent)[0];
  if (own) return own;
  const payment = stripe.invoicePayments.findBy('paymentIntent', intent)[0];
  const subscription = payment && stripe.invoices.get(payment.invoice)?.parent?.subscription_details.subscription;
  const stored = subscription === undefined ? undefined : stripe.sessions.findBy('subscription', subscription)[0];
  return stored?.session.invoice === payment?.invoice ? stored : undefined;
}

/** The first type of a session that leads to a bank's page or takes a mandate. */
export const bankTypeOf = (types: readonly string[]): string | undefined =>
  types.find((type) => ['redirect', 'debit'].includes(typeOf(type)?.flow ?? ''));

/** A session that completed unpaid hears of its money, or of its end. */
export function watchSessionPayments(stripe: StripeContext): void {
  stripe.hooks.onPayment((intent, decline) => {
    const stored = sessionOf(stripe, intent.id);
    if (!stored || stored.session.status !== 'complete' || stored.session.payment_status !== 'unpaid') return;
    if (decline) return stripe.emit('checkout.session.async_payment_failed', stored.session);
    stored.session.payment_status = 'paid';
    stripe.sessions.put(stored);
    stripe.emit('checkout.session.async_payment_succeeded', stored.session);
  });
}
