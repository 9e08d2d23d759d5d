import { base62 } from '../core/ids.ts';
import type { Decline } from '../core/cards.ts';
import type { StripeContext } from './context.ts';
import type { Invoice, InvoicePayment, PaymentIntent, PaymentMethod, Price, Subscription } from './objects.ts';
import { declinePayment, newPaymentIntent, succeedPayment } from './payments.ts';

export interface InvoiceLineInput {
  price: Price;
  quantity: number;
  amount: number;
  discount: number;
  description: string;
  period: { start: number; end: number };
  subscriptionItem: string | null;
  proration: boolean;
}

function lineItem(invoice: string, subscription: Subscription, line: InvoiceLineInput): object {
  return {
    id: `il_1${base62(23)}`,
    object: 'line_item',
    amount: line.amount,
    currency: line.price.currency,
    description: line.description,
    discount_amounts: [],
    discountable: !line.proration,
    discounts: [],
    invoice,
    livemode: false,
    metadata: subscription.metadata,
    parent: {
      invoice_item_details: null,
      subscription_item_details: {
        invoice_item: null,
        proration: line.proration,
        proration_details: { credited_items: null },
        subscription: subscription.id,
        subscription_item: line.subscriptionItem,
      },
      type: 'subscription_item_details',
    },
    period: line.period,
    pretax_credit_amounts: [],
    pricing: {
      price_details: { price: line.price.id, product: line.price.product },
      type: 'price_details',
      unit_amount_decimal: line.price['unit_amount_decimal'],
    },
    quantity: line.quantity,
    quantity_decimal: String(line.quantity),
    subscription: subscription.id,
    subtotal: line.amount,
    taxes: [],
  };
}

export function draftInvoice(
  stripe: StripeContext,
  subscription: Subscription,
  input: { reason: string; lines: InvoiceLineInput[]; period: { start: number; end: number } },
): Invoice {
  const id = `in_1${base62(23)}`;
  const now = stripe.now();
  const customer = stripe.customers.get(subscription.customer);
  const subtotal = input.lines.reduce((sum, line) => sum + line.amount, 0);
  const discount = input.lines.reduce((sum, line) => sum + line.discount, 0);
  const total = subtotal - discount;
  const due = Math.max(total, 0);
  const invoice: Invoice = {
    id,
    object: 'invoice',
    account_country: 'US',
    account_name: 'Sandbox Merchant',
    account_tax_ids: null,
    amount_due: due,
    amount_overpaid: 0,
    amount_paid: 0,
    amount_remaining: due,
    amount_shipping: 0,
    application: null,
    attempt_count: 0,
    attempted: false,
    auto_advance: false,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    automatically_finalizes_at: null,
    billing_reason: input.reason,
    collection_method: 'charge_automatically',
    created: now,
    currency: subscription.currency,
    custom_fields: null,
    customer: subscription.customer,
    customer_account: null,
    customer_address: customer?.['address'] ?? null,
    customer_email: customer?.email ?? null,
    customer_name: customer?.name ?? null,
    customer_phone: null,
    customer_shipping: null,
    customer_tax_exempt: 'none',
    customer_tax_ids: [],
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: subscription.discounts,
    due_date: null,
    effective_at: null,
    ending_balance: null,
    footer: null,
    from_invoice: null,
    hosted_invoice_url: null,
    invoice_pdf: null,
    issuer: { type: 'self' },
    last_finalization_error: null,
    latest_revision: null,
    lines: {
      object: 'list',
      data: input.lines.map((line) => lineItem(id, subscription, line)),
      has_more: false,
      total_count: input.lines.length,
      url: `/v1/invoices/${id}/lines`,
    },
    livemode: false,
    metadata: {},
    next_payment_attempt: null,
    number: null,
    on_behalf_of: null,
    parent: {
      quote_details: null,
      subscription_details: { metadata: { ...subscription.metadata }, subscription: subscription.id },
      type: 'subscription_details',
    } as Invoice['parent'],
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    period_end: input.period.end,
    period_start: input.period.start,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: 0,
    statement_descriptor: null,
    status: 'draft',
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    subtotal,
    subtotal_excluding_tax: subtotal,
    test_clock: null,
    total,
    total_discount_amounts: [],
    total_excluding_tax: total,
    total_pretax_credit_amounts: [],
    total_taxes: [],
    webhooks_delivered_at: now,
  };
  subscription.latest_invoice = id;
  stripe.invoices.put(invoice);
  stripe.emit('invoice.created', invoice);
  return invoice;
}

function finalize(stripe: StripeContext, invoice: Invoice): void {
  invoice.status = 'open';
  invoice['number'] = `SBX-${String(stripe.invoices.size).padStart(6, '0')}`;
  invoice['effective_at'] = stripe.now();
  invoice['ending_balance'] = 0;
  invoice['hosted_invoice_url'] = `${stripe.sandbox.publicUrl()}/i/${invoice.id}`;
  invoice['invoice_pdf'] = `${stripe.sandbox.publicUrl()}/i/${invoice.id}/pdf`;
  invoice.status_transitions['finalized_at'] = stripe.now();
  stripe.invoices.put(invoice);
  stripe.emit('invoice.finalized', invoice);
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

function markPaid(stripe: StripeContext, invoice: Invoice, payment: InvoicePayment | null): void {
  const now = stripe.now();
  Object.assign(invoice, {
    status: 'paid',
    amount_paid: invoice.amount_due,
    amount_remaining: 0,
    attempted: true,
    next_payment_attempt: null,
  });
  invoice.status_transitions['paid_at'] = now;
  stripe.invoices.put(invoice);
  if (payment) {
    Object.assign(payment, { status: 'paid', amount_paid: invoice.amount_due });
    payment['status_transitions'] = { canceled_at: null, paid_at: now };
    stripe.invoicePayments.put(payment);
  }
  stripe.emit('invoice.paid', invoice);
  stripe.emit('invoice.payment_succeeded', invoice);
  if (payment) stripe.emit('invoice_payment.paid', payment);
}

export type InvoiceOutcome = { paid: true } | { paid: false; decline: Decline };

/** Charges an open invoice with the method; a decline leaves it open and says so. */
export function attemptInvoice(
  stripe: StripeContext,
  invoice: Invoice,
  method: PaymentMethod | undefined,
  decline: Decline | null,
  ledgerMetadata: Record<string, string>,
): InvoiceOutcome {
  const linked = stripe.invoicePayments.findBy('invoice', invoice.id)[0];
  const intent =
    (linked && stripe.paymentIntents.get(linked.payment.payment_intent)) ??
    newPaymentIntent(stripe, {
      amount: invoice.amount_due,
      currency: invoice.currency,
      customer: invoice.customer,
      metadata: {},
      description: invoice.billing_reason === 'subscription_create' ? 'Subscription creation' : 'Subscription update',
      types: ['card'],
      offSession: true,
    });
  const payment = linked ?? linkPayment(stripe, invoice, intent);
  invoice.attempt_count += 1;
  invoice.attempted = true;
  if (method && !decline) {
    succeedPayment(stripe, intent, method, ledgerMetadata);
    markPaid(stripe, invoice, payment);
    return { paid: true };
  }
  const reason = decline ?? {
    code: 'card_declined',
    declineCode: 'generic_decline',
    message: 'Your card was declined.',
  };
  if (method) declinePayment(stripe, intent, method, reason, ledgerMetadata);
  stripe.invoices.put(invoice);
  stripe.emit('invoice.payment_failed', invoice);
  return { paid: false, decline: reason };
}

/** Finalizes the draft and collects it; a total of zero is paid without a payment. */
export function collectInvoice(
  stripe: StripeContext,
  invoice: Invoice,
  method: PaymentMethod | undefined,
  decline: Decline | null,
  ledgerMetadata: Record<string, string>,
): InvoiceOutcome {
  finalize(stripe, invoice);
  if (invoice.amount_due > 0) return attemptInvoice(stripe, invoice, method, decline, ledgerMetadata);
  markPaid(stripe, invoice, null);
  return { paid: true };
}
