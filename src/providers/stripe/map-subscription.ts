import type { InvoiceLine, InvoiceTruth, PaymentTruth } from '../../domain/checkout/truth.ts';
import type { SubscriptionStatus, SubscriptionTruth } from '../../domain/subscription/truth.ts';
import { statusUnknown } from '../failures.ts';
import type { ProviderInvoice } from '../port-money.ts';
import { isoFromUnix } from '../wire-time.ts';
import { fromStripeAmount } from './amount.ts';
import { ourMethod } from './methods.ts';
import { expanded, idOf, type StripeInvoice, type StripeSubscription } from './wire.ts';

/** @throws {BillingError} `provider_status_unknown` (bug): guessing here would give or take access. */
export function subscriptionStatus(status: string): SubscriptionStatus {
  switch (status) {
    case 'incomplete':
    case 'trialing':
    case 'active':
    case 'past_due':
    case 'paused':
    case 'canceled':
      return status;
    case 'unpaid':
      return 'past_due';
    case 'incomplete_expired':
      return 'expired';
    default:
      throw statusUnknown('stripe', status);
  }
}

export function invoiceStatus(status: string | null | undefined): InvoiceTruth['status'] {
  switch (status) {
    case 'draft':
    case 'paid':
    case 'void':
    case 'uncollectible':
      return status;
    default:
      return 'open';
  }
}

/**
 * `pause_collection` leaves Stripe's status as it was. Only `void` is a pause in our sense: the docs give the other two
 * behaviours to sellers who go on serving meanwhile.
 */
function statusOf(subscription: StripeSubscription): SubscriptionStatus {
  const status = subscriptionStatus(subscription.status);
  const isVoiding = subscription.pause_collection?.behavior === 'void';
  return isVoiding && (status === 'active' || status === 'trialing' || status === 'past_due') ? 'paused' : status;
}

/** @param payment What is known of its payment beyond the invoice; refunds stand only there. */
export function mapInvoice(invoice: StripeInvoice, payment: PaymentTruth | null): InvoiceTruth {
  const { currency } = invoice;
  const minor = (amount: number): number => fromStripeAmount(amount, currency).amountMinor;
  const status = invoiceStatus(invoice.status);
  const refunded = Math.max(payment?.refundedMinor ?? 0, minor(invoice.post_payment_credit_notes_amount ?? 0));
  const paid = minor(invoice.amount_paid);
  const periods = (invoice.lines?.data ?? []).flatMap((line) => line.period ?? []);
  const period = periods.toSorted((a, b) => (b.end ?? 0) - (a.end ?? 0))[0];
  return {
    providerInvoiceId: invoice.id,
    number: invoice.number ?? null,
    status: status !== 'paid' || refunded === 0 ? status : refunded < paid ? 'partially_refunded' : 'refunded',
    total: fromStripeAmount(invoice.total, currency),
    amountPaidMinor: paid,
    amountRefundedMinor: refunded,
    taxMinor: invoice.total_taxes ? minor(invoice.total_taxes.reduce((sum, tax) => sum + tax.amount, 0)) : null,
    // The invoice's own period is the time before it; what it pays for stands on its lines.
    periodStart: isoFromUnix(period?.start),
    periodEnd: isoFromUnix(period?.end),
    issuedAt: isoFromUnix(invoice.status_transitions?.finalized_at ?? invoice.created),
    paidAt: isoFromUnix(invoice.status_transitions?.paid_at),
    hostedUrl: invoice.hosted_invoice_url ?? null,
    pdfUrl: invoice.invoice_pdf ?? null,
  };
}

function billingReason(reason: string | null | undefined): ProviderInvoice['billingReason'] {
  switch (reason) {
    case 'subscription_create':
      return 'subscription_start';
    case 'subscription_cycle':
      return 'subscription_cycle';
    case 'subscription_update':
      return 'subscription_update';
    case 'subscription_threshold':
      return 'usage';
    default:
      return null;
  }
}

export function invoiceLines(invoice: StripeInvoice): readonly InvoiceLine[] {
  return (invoice.lines?.data ?? []).map((line) => ({
    description: line.description ?? '',
    quantity: line.quantity ?? 1,
    amount: fromStripeAmount(line.amount, invoice.currency),
    periodStart: isoFromUnix(line.period?.start),
    periodEnd: isoFromUnix(line.period?.end),
  }));
}

/** A long invoice's further lines stand on pages of their own: then it is read itself. */
function toldLines(invoice: StripeInvoice): Pick<InvoiceTruth, 'lines' | 'billingReason'> {
  if (!invoice.lines || invoice.lines.has_more === true) return {};
  return { lines: invoiceLines(invoice), billingReason: billingReason(invoice.billing_reason) };
}

export function mapProviderInvoice(invoice: StripeInvoice, payment: PaymentTruth | null): ProviderInvoice {
  return {
    ...mapInvoice(invoice, payment),
    providerCustomerId: idOf(invoice.customer),
    providerSubscriptionId: idOf(invoice.parent?.subscription_details?.subscription),
    billingReason: billingReason(invoice.billing_reason),
    lines: invoiceLines(invoice),
  };
}

/** The payment as its invoice tells it; null when nothing was due or nobody has tried. */
export function invoicePaymentTruth(invoice: StripeInvoice, method: string | null): PaymentTruth | null {
  const payments = invoice.payments?.data ?? [];
  const made = payments.find((payment) => payment.status === 'paid') ?? payments.at(-1);
  if (!made || invoice.total === 0) return null;
  const isPaid = made.status === 'paid';
  if (!isPaid && (invoice.attempt_count ?? 0) === 0) return null;
  const amount = isPaid ? (made.amount_paid ?? made.amount_requested) : made.amount_requested;
  return {
    providerPaymentId: idOf(made.payment?.payment_intent) ?? made.id,
    status: isPaid ? 'succeeded' : 'declined',
    amount: fromStripeAmount(amount, made.currency),
    taxMinor: mapInvoice(invoice, null).taxMinor,
    refundedMinor: 0,
    method,
    declineCode: null,
    paidAt: isPaid ? isoFromUnix(made.status_transitions?.paid_at ?? invoice.status_transitions?.paid_at) : null,
    providerInvoiceId: invoice.id,
  };
}

/**
 * @param invoices Newest first, as Stripe lists them: two may be of the same second.
 * @param newest What is known of the newest invoice's payment, in more detail than the invoice tells.
 */
export function mapSubscription(
  subscription: StripeSubscription,
  invoices: readonly StripeInvoice[],
  newest: PaymentTruth | null,
): SubscriptionTruth {
  const item = subscription.items.data[0];
  const quantity = item?.quantity ?? 1;
  const price = item?.price;
  const type = expanded(subscription.default_payment_method)?.type;
  const method = type == null ? null : ourMethod(type);
  const oldestFirst = invoices.toReversed().toSorted((a, b) => (a.created ?? 0) - (b.created ?? 0));
  const paymentOf = (invoice: StripeInvoice): PaymentTruth | null =>
    newest?.providerInvoiceId === invoice.id ? newest : invoicePaymentTruth(invoice, method);
  return {
    providerSubscriptionId: subscription.id,
    providerCustomerId: idOf(subscription.customer),
    status: statusOf(subscription),
    amount: price?.unit_amount == null ? null : fromStripeAmount(price.unit_amount * quantity, price.currency),
    price: price ? { providerProductId: idOf(price.product), providerPriceId: price.id } : null,
    quantity,
    // Only on items since 2025-03-31 (basil).
    currentPeriodStart: isoFromUnix(item?.current_period_start),
    currentPeriodEnd: isoFromUnix(item?.current_period_end),
    trialStart: isoFromUnix(subscription.trial_start),
    trialEnd: isoFromUnix(subscription.trial_end),
    cancelAtPeriodEnd: subscription.cancel_at_period_end,
    cancelAt: isoFromUnix(subscription.cancel_at),
    canceledAt: isoFromUnix(subscription.canceled_at),
    endedAt: isoFromUnix(subscription.ended_at),
    // Told of a pause by `/pause` or by a trial's end only.
    pausedAt: isoFromUnix(subscription.status_details?.paused?.transitioned_at),
    resumesAt: isoFromUnix(subscription.pause_collection?.resumes_at),
    invoices: oldestFirst.map((invoice) => ({ ...mapInvoice(invoice, paymentOf(invoice)), ...toldLines(invoice) })),
    payments: oldestFirst.flatMap((invoice) => paymentOf(invoice) ?? []),
  };
}
