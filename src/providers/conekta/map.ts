import type { CheckoutTruth, InvoiceTruth, PaymentTruth, VoucherTruth } from '../../domain/checkout/truth.ts';
import type { SubscriptionStatus, SubscriptionTruth } from '../../domain/subscription/truth.ts';
import { statusUnknown } from '../failures.ts';
import { isoFromUnix } from '../wire-time.ts';
import type { ConektaCharge, ConektaOrder, ConektaPlan, ConektaSubscription } from './wire.ts';

const PAID = new Set(['paid', 'partially_refunded', 'refunded', 'charged_back']);
const WAITING = new Set(['pending_payment', 'pending_confirmation', 'pre_authorized', 'under_fraud_review']);

/**
 * A paid charge wins over everything: after decline-then-success the order's own `payment_status` can stay `declined`
 * (Conekta's end-to-end notes). Payment is never read from the checkout's status, which says `Expired` for paid ones;
 * only an untouched order's end is.
 */
export function checkoutState(order: ConektaOrder): CheckoutTruth['state'] {
  const charges = order.charges?.data ?? [];
  const status = order.payment_status ?? null;
  if (PAID.has(status ?? '') || charges.some((charge) => PAID.has(charge.status ?? ''))) return 'paid';
  switch (status) {
    case null:
      return untouchedState(order.checkout?.status ?? null);
    case 'pending_payment':
      return charges.some((charge) => WAITING.has(charge.status ?? '')) ? 'pending' : 'open';
    case 'pending_confirmation':
    case 'pre_authorized':
    case 'under_fraud_review':
      return 'pending';
    case 'declined':
      return untouchedState(order.checkout?.status ?? null);
    case 'expired':
      return 'expired';
    case 'canceled':
    case 'voided':
      return 'canceled';
    default:
      return 'unknown';
  }
}

function untouchedState(checkoutStatus: string | null): CheckoutTruth['state'] {
  if (checkoutStatus === 'Expired') return 'expired';
  return checkoutStatus === 'Cancelled' ? 'canceled' : 'open';
}

/** @throws {BillingError} `provider_status_unknown` (bug): guessing here would give or take access. */
export function subscriptionStatus(status: string): SubscriptionStatus {
  switch (status) {
    case 'in_trial':
      return 'trialing';
    case 'active':
    case 'past_due':
    case 'paused':
    case 'canceled':
    case 'expired':
      return status;
    default:
      throw statusUnknown('conekta', status);
  }
}

/** The charge that tells most: paid, else waiting, else the newest. */
export function leadingCharge(order: ConektaOrder): ConektaCharge | null {
  const charges = (order.charges?.data ?? []).toSorted((a, b) => (b.created_at ?? 0) - (a.created_at ?? 0));
  return (
    charges.find((charge) => PAID.has(charge.status ?? '')) ??
    charges.find((charge) => WAITING.has(charge.status ?? '')) ??
    charges[0] ??
    null
  );
}

export function mapPayment(order: ConektaOrder): PaymentTruth | null {
  const charge = leadingCharge(order);
  if (!charge) return null;
  const isPaid = PAID.has(charge.status ?? '');
  const status = isPaid ? 'succeeded' : WAITING.has(charge.status ?? '') ? 'pending' : 'declined';
  return {
    providerPaymentId: charge.id,
    status,
    amount: { amountMinor: charge.amount, currency: charge.currency.toUpperCase() },
    taxMinor: taxOf(order),
    refundedMinor: order.amount_refunded ?? 0,
    method: methodOf(charge),
    declineCode: status === 'declined' ? (charge.failure_code ?? charge.status ?? null) : null,
    paidAt: isPaid ? isoFromUnix(charge.paid_at) : null,
    providerInvoiceId: order.id,
  };
}

/** Older replies say `oxxo` as the type of a cash payment; newer ones name it among the stores that take the money. */
function methodOf(charge: ConektaCharge): string | null {
  const method = charge.payment_method;
  switch (method?.object) {
    case 'card_payment':
      return 'card';
    case 'bank_transfer_payment':
      return 'spei';
    case 'cash_payment':
      return [method.type, method.product_type, method.store_name, ...(method.store_names ?? [])].some((name) =>
        /oxxo/i.test(name ?? ''),
      )
        ? 'oxxo'
        : 'cash';
    default:
      return method?.type ?? null;
  }
}

export function mapVoucher(order: ConektaOrder): VoucherTruth | null {
  const charge = leadingCharge(order);
  const method = charge?.payment_method;
  const expiresAt = isoFromUnix(method?.expires_at ?? order.checkout?.expires_at);
  const kind = charge && methodOf(charge);
  if (!method || expiresAt === null || (kind !== 'oxxo' && kind !== 'cash' && kind !== 'spei')) return null;
  return {
    kind,
    reference: method.reference ?? null,
    clabe: method.clabe ?? null,
    barcodeUrl: method.barcode_url ?? null,
    expiresAt,
  };
}

/** Conekta has no invoices: the paid order stands for one. */
export function mapInvoice(order: ConektaOrder): InvoiceTruth | null {
  const payment = mapPayment(order);
  if (payment?.status !== 'succeeded') return null;
  const refunded = payment.refundedMinor;
  return {
    providerInvoiceId: order.id,
    number: null,
    status: refunded === 0 ? 'paid' : refunded < order.amount ? 'partially_refunded' : 'refunded',
    total: { amountMinor: order.amount, currency: order.currency.toUpperCase() },
    amountPaidMinor: payment.amount.amountMinor,
    amountRefundedMinor: refunded,
    taxMinor: taxOf(order),
    periodStart: null,
    periodEnd: null,
    issuedAt: isoFromUnix(order.created_at),
    paidAt: payment.paidAt,
    hostedUrl: null,
    pdfUrl: null,
  };
}

function taxOf(order: ConektaOrder): number | null {
  const lines = order.tax_lines?.data ?? [];
  return lines.length === 0 ? null : lines.reduce((sum, line) => sum + line.amount, 0);
}

/** There is no cancel at period end, quantity or discount at Conekta. A plan subscription is always one. */
export function mapSubscription(
  subscription: ConektaSubscription,
  plan: ConektaPlan | null,
  lastOrder: ConektaOrder | null,
): SubscriptionTruth {
  const status = subscriptionStatus(subscription.status);
  const period = {
    start: isoFromUnix(subscription.billing_cycle_start),
    end: isoFromUnix(subscription.billing_cycle_end),
  };
  const canceledAt = isoFromUnix(subscription.canceled_at);
  const invoice = lastOrder && mapInvoice(lastOrder);
  const payment = lastOrder && mapPayment(lastOrder);
  return {
    providerSubscriptionId: subscription.id,
    providerCustomerId: subscription.customer_id ?? null,
    status,
    amount: plan && { amountMinor: plan.amount, currency: plan.currency.toUpperCase() },
    price:
      subscription.plan_id == null
        ? null
        : { providerProductId: subscription.plan_id, providerPriceId: subscription.plan_id },
    quantity: 1,
    currentPeriodStart: period.start,
    currentPeriodEnd: period.end,
    trialStart: isoFromUnix(subscription.trial_start),
    trialEnd: isoFromUnix(subscription.trial_end),
    cancelAtPeriodEnd: false,
    cancelAt: null,
    canceledAt,
    endedAt: status === 'canceled' || status === 'expired' ? (canceledAt ?? period.end) : null,
    pausedAt: isoFromUnix(subscription.paused_at),
    resumesAt: null,
    invoices: invoice ? [{ ...invoice, periodStart: period.start, periodEnd: period.end }] : [],
    payments: payment ? [payment] : [],
  };
}

export function mapCheckout(order: ConektaOrder, subscription: SubscriptionTruth | null): CheckoutTruth {
  const customerId = order.customer_info?.customer_id ?? null;
  return {
    providerCheckoutId: order.id,
    state: checkoutState(order),
    providerCustomerId: customerId,
    payment: mapPayment(order),
    voucher: mapVoucher(order),
    subscription,
    invoice: mapInvoice(order),
    objects: [
      { kind: 'order', id: order.id },
      ...(order.checkout ? [{ kind: 'checkout', id: order.checkout.id }] : []),
      ...(order.charges?.data ?? []).map((charge) => ({ kind: 'charge', id: charge.id })),
      ...(subscription ? [{ kind: 'subscription', id: subscription.providerSubscriptionId }] : []),
      ...(customerId ? [{ kind: 'customer', id: customerId }] : []),
    ],
  };
}
