import { base62 } from '../../core/ids.ts';
import type { Decline } from '../../core/cards.ts';
import type { StripeContext } from '../context.ts';
import type { Customer, Invoice, InvoicePayment, PaymentIntent, PaymentMethod } from '../objects.ts';
import { type Confirmation, confirmIntent } from '../payments/confirm.ts';
import { newPaymentIntent } from '../payments/intent-object.ts';
import { cancelIntent } from '../payments/intents.ts';
import { offeredTypes } from '../payments/method-types.ts';
import { AUTHENTICATION_REQUIRED } from '../payments/test-cards.ts';
import { type ComposeInput, composeInvoice } from './compose-invoice.ts';

export function subscriptionOf(invoice: Invoice): string | null {
  return invoice.parent?.subscription_details.subscription ?? null;
}

/** Stores a draft and takes in the pending items that are among its lines. */
export function draftInvoice(stripe: StripeContext, input: ComposeInput): Invoice {
  const invoice = composeInvoice(stripe, input);
  for (const line of input.lines) {
    const item = line.invoiceItem === null ? undefined : stripe.invoiceItems.get(line.invoiceItem);
    if (item) stripe.invoiceItems.put({ ...item, invoice: invoice.id });
  }
  if (input.subscription) input.subscription.latest_invoice = invoice.id;
  stripe.invoices.put(invoice);
  stripe.emit('invoice.created', invoice);
  return invoice;
}

function linkPayment(stripe: StripeContext, invoice: Invoice, intent: PaymentIntent): InvoicePayment {
  return stripe.invoicePayments.put({
    id: `inpay_1${base62(23)}`,
    object: 'invoice_payment',
    amount_paid: null,
    amount_requested: invoice.amount_due,
    created: stripe.now(),
    currency: invoice.currency,
    invoice: invoice.id,
    is_default: true,
    livemode: false,
    payment: { payment_intent: intent.id, type: 'payment_intent' },
    status: 'open',
    status_transitions: { canceled_at: null, paid_at: null },
  });
}

const paymentOf = (stripe: StripeContext, invoice: Invoice): InvoicePayment | undefined =>
  stripe.invoicePayments.findBy('invoice', invoice.id).findLast((payment) => payment.status !== 'canceled');

export function intentFor(stripe: StripeContext, invoice: Invoice): PaymentIntent | undefined {
  const payment = paymentOf(stripe, invoice);
  return payment && stripe.paymentIntents.get(payment.payment.payment_intent);
}

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  subscription_create: 'Subscription creation',
  subscription_cycle: 'Subscription update',
  subscription_update: 'Subscription update',
};

function ensureIntent(stripe: StripeContext, invoice: Invoice, ledgerMetadata: Record<string, string>): PaymentIntent {
  const known = intentFor(stripe, invoice);
  if (known) return known;
  const recurring = subscriptionOf(invoice) !== null;
  const intent = newPaymentIntent(stripe, {
    amount: invoice.amount_due,
    currency: invoice.currency,
    customer: invoice.customer,
    metadata: {},
    description: DESCRIPTIONS[invoice.billing_reason] ?? `Payment for Invoice`,
    types: offeredTypes({
      use: recurring ? 'recurring' : 'payment',
      currency: invoice.currency,
      country: null,
      hasCustomer: true,
      allowed: null,
      excluded: null,
    }),
    ledgerMetadata,
    fields: { setup_future_usage: recurring ? 'off_session' : null },
  });
  const notes = stripe.intentNotes.get(intent.id);
  if (notes) stripe.intentNotes.put({ ...notes, ownedBy: invoice.id });
  linkPayment(stripe, invoice, intent);
  return intent;
}

function prefixOf(customer: Customer | undefined): string {
  const prefix = customer?.['invoice_prefix'];
  return typeof prefix === 'string' ? prefix : 'SBX';
}

/** Draft to open: numbered, with its page and its payment. Tax that cannot be worked out keeps it a draft. */
export function finalizeInvoice(
  stripe: StripeContext,
  invoice: Invoice,
  ledgerMetadata: Record<string, string> = {},
): boolean {
  if (invoice.automatic_tax.status === 'requires_location_inputs') {
    const error = {
      code: 'customer_tax_location_invalid',
      message:
        "The customer's location isn't recognized. Set a valid customer address in order to automatically calculate tax.",
      type: 'invalid_request_error',
    };
    invoice['last_finalization_error'] = error;
    invoice.auto_advance = false;
    stripe.invoices.put(invoice);
    stripe.emit('invoice.finalization_failed', invoice);
    return false;
  }
  const customer = stripe.customers.get(invoice.customer);
  const sequence = Number(customer?.['next_invoice_sequence'] ?? 1);
  if (customer) {
    const balance = invoice.ending_balance ?? customer.balance;
    stripe.customers.put({ ...customer, balance, next_invoice_sequence: sequence + 1 });
  }
  const token = base62(32);
  Object.assign(invoice, {
    status: 'open',
    number: `${prefixOf(customer)}-${String(sequence).padStart(4, '0')}`,
    effective_at: stripe.now(),
    hosted_invoice_url: `${stripe.sandbox.publicUrl()}/i/${token}`,
    invoice_pdf: `${stripe.sandbox.publicUrl()}/i/${token}/pdf`,
  });
  invoice.status_transitions['finalized_at'] = stripe.now();
  stripe.invoices.put(invoice);
  stripe.emit('invoice.finalized', invoice);
  if (invoice.amount_due > 0) ensureIntent(stripe, invoice, ledgerMetadata);
  return true;
}

export function markPaid(stripe: StripeContext, invoice: Invoice, outOfBand: boolean): void {
  if (invoice.status === 'paid') return;
  const now = stripe.now();
  const payment = paymentOf(stripe, invoice);
  const paidHere = invoice.amount_due > 0 && !outOfBand;
  Object.assign(invoice, {
    status: 'paid',
    amount_paid: outOfBand ? 0 : invoice.amount_due,
    amount_remaining: 0,
    attempted: true,
    next_payment_attempt: null,
    ...(outOfBand ? { amount_paid_off_stripe: invoice.amount_due } : {}),
  });
  invoice.status_transitions['paid_at'] = now;
  stripe.invoices.put(invoice);
  if (payment && paidHere) {
    Object.assign(payment, { status: 'paid', amount_paid: invoice.amount_due });
    payment['status_transitions'] = { canceled_at: null, paid_at: now };
    stripe.invoicePayments.put(payment);
  }
  stripe.emit('invoice.paid', invoice);
  if (!outOfBand) stripe.emit('invoice.payment_succeeded', invoice);
  if (payment && paidHere) stripe.emit('invoice_payment.paid', payment);
  stripe.hooks.invoiceSettled(invoice, null);
}

function markFailed(stripe: StripeContext, invoice: Invoice, decline: Decline): void {
  invoice.attempt_count += 1;
  invoice.attempted = true;
  stripe.invoices.put(invoice);
  stripe.emit('invoice.payment_failed', invoice);
  if (decline.code === AUTHENTICATION_REQUIRED.code) stripe.emit('invoice.payment_action_required', invoice);
  stripe.hooks.invoiceSettled(invoice, decline);
}

/** An intent of an invoice was settled, whoever confirmed it. */
export function watchInvoicePayments(stripe: StripeContext): void {
  stripe.hooks.onPayment((intent, decline) => {
    const payment = stripe.invoicePayments.findBy('paymentIntent', intent.id)[0];
    const invoice = payment && stripe.invoices.get(payment.invoice);
    if (!invoice || invoice.status !== 'open') return;
    if (decline) return markFailed(stripe, invoice, decline);
    invoice.attempt_count += 1;
    markPaid(stripe, invoice, false);
  });
}

type Collected =
  { kind: 'paid' } | { kind: 'declined'; decline: Decline } | { kind: 'action' } | { kind: 'processing' };

const NO_METHOD: Decline = {
  code: 'invoice_no_payment_method',
  declineCode: 'invoice_no_payment_method',
  message: 'This customer has no attached payment source or default payment method.',
};

/** Charges an open invoice. A decline leaves it open; the invoice's hooks have told whoever waits. */
export function payInvoice(
  stripe: StripeContext,
  invoice: Invoice,
  method: PaymentMethod | undefined,
  how: Confirmation,
): Collected {
  if (invoice.amount_due === 0) {
    markPaid(stripe, invoice, false);
    return { kind: 'paid' };
  }
  const intent = ensureIntent(stripe, invoice, {});
  if (!method) {
    markFailed(stripe, invoice, NO_METHOD);
    return { kind: 'declined', decline: NO_METHOD };
  }
  const outcome = confirmIntent(stripe, intent, method, how);
  if (outcome.kind === 'approve') return { kind: 'paid' };
  if (outcome.kind === 'decline') return { kind: 'declined', decline: outcome.decline };
  if (outcome.kind === 'later') return { kind: 'processing' };
  invoice.attempted = true;
  stripe.invoices.put(invoice);
  stripe.emit('invoice.payment_action_required', invoice);
  return { kind: 'action' };
}

/** Finalizes the draft and collects it; a total of zero is paid without a payment. */
export function collectInvoice(
  stripe: StripeContext,
  invoice: Invoice,
  method: PaymentMethod | undefined,
  how: Confirmation,
  ledgerMetadata: Record<string, string>,
): Collected {
  if (!finalizeInvoice(stripe, invoice, ledgerMetadata)) return { kind: 'action' };
  return payInvoice(stripe, invoice, method, how);
}

export function voidInvoice(stripe: StripeContext, invoice: Invoice): void {
  const intent = intentFor(stripe, invoice);
  const payment = paymentOf(stripe, invoice);
  invoice.status = 'void';
  invoice.status_transitions['voided_at'] = stripe.now();
  Object.assign(invoice, { next_payment_attempt: null, auto_advance: false });
  stripe.invoices.put(invoice);
  if (intent && intent.status !== 'succeeded' && intent.status !== 'canceled') {
    cancelIntent(stripe, intent, { cancellation_reason: undefined });
    intent['cancellation_reason'] = 'void_invoice';
    stripe.paymentIntents.put(intent);
  }
  if (payment) stripe.invoicePayments.put({ ...payment, status: 'canceled' });
  stripe.emit('invoice.voided', invoice);
}

export function markUncollectible(stripe: StripeContext, invoice: Invoice): void {
  invoice.status = 'uncollectible';
  invoice.status_transitions['marked_uncollectible_at'] = stripe.now();
  invoice.next_payment_attempt = null;
  stripe.invoices.put(invoice);
  stripe.emit('invoice.marked_uncollectible', invoice);
}
