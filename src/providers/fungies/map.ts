import type { CheckoutTruth, InvoiceTruth, PaymentTruth } from '../../domain/checkout/truth.ts';
import type { Money } from '../../domain/money.ts';
import type { SubscriptionStatus, SubscriptionTruth } from '../../domain/subscription/truth.ts';
import { statusUnknown } from '../failures.ts';
import type { ProviderInvoice } from '../port-money.ts';
import { moneyOf } from './amount.ts';
import type { CheckoutRef } from './checkout-id.ts';
import type { FungiesItem, FungiesPayment, FungiesSubscription } from './wire.ts';

const PAID = new Set(['PAID', 'REFUNDED', 'PARTIALLY_REFUNDED']);

export function isPaid(payment: FungiesPayment): boolean {
  return PAID.has(payment.status);
}

/** Unix milliseconds; 0 means no time. */
export function isoFromMs(ms: number | null | undefined): string | null {
  return ms == null || ms === 0 ? null : new Date(ms).toISOString();
}

/** @throws {BillingError} `provider_status_unknown` (bug): guessing here would give or take access. */
export function subscriptionStatus(status: string): SubscriptionStatus {
  switch (status) {
    case 'active':
    case 'trialing':
    case 'past_due':
    case 'paused':
    case 'canceled':
    case 'incomplete':
      return status;
    // Collection has been given up, the subscription has not.
    case 'unpaid':
      return 'past_due';
    case 'incomplete_expired':
      return 'expired';
    default:
      throw statusUnknown('fungies', status);
  }
}

function paymentStatus(status: string): PaymentTruth['status'] {
  if (PAID.has(status)) return 'succeeded';
  // What we do not know has not failed, and is not money either.
  return ['FAILED', 'UNPAID', 'CANCELLED', 'EXPIRED'].includes(status) ? 'declined' : 'pending';
}

/** Fungies tells neither the method nor why a bank said no; of a partial refund it does not tell the sum. */
export function mapPayment(payment: FungiesPayment): PaymentTruth {
  const status = paymentStatus(payment.status);
  return {
    providerPaymentId: payment.id,
    status,
    amount: totalOf(payment),
    taxMinor: payment.tax ?? null,
    refundedMinor: payment.status === 'REFUNDED' ? payment.value : 0,
    method: null,
    declineCode: status === 'declined' ? payment.status.toLowerCase() : null,
    paidAt: status === 'succeeded' ? isoFromMs(payment.createdAt) : null,
    providerInvoiceId: payment.id,
  };
}

const INVOICE_STATUS: Readonly<Record<string, InvoiceTruth['status']>> = {
  PAID: 'paid',
  REFUNDED: 'refunded',
  PARTIALLY_REFUNDED: 'partially_refunded',
  FAILED: 'failed',
  UNPAID: 'failed',
  CANCELLED: 'void',
  EXPIRED: 'void',
};

const REASONS: Readonly<Record<string, ProviderInvoice['billingReason']>> = {
  subscription_initial: 'subscription_start',
  subscription_interval: 'subscription_cycle',
  subscription_update: 'subscription_update',
  subscription_extra: 'usage',
};

/** Renewals make payments, not orders: payments stand for invoices. */
export function mapInvoice(payment: FungiesPayment): InvoiceTruth {
  const truth = mapPayment(payment);
  return {
    providerInvoiceId: payment.id,
    number: payment.invoiceNumber ?? payment.number ?? null,
    status: INVOICE_STATUS[payment.status] ?? 'open',
    total: truth.amount,
    amountPaidMinor: truth.status === 'succeeded' ? truth.amount.amountMinor : 0,
    amountRefundedMinor: truth.refundedMinor,
    taxMinor: truth.taxMinor,
    periodStart: null,
    periodEnd: null,
    issuedAt: isoFromMs(payment.createdAt),
    paidAt: truth.paidAt,
    hostedUrl: payment.invoiceUrl ?? null,
    pdfUrl: null,
  };
}

export function mapProviderInvoice(payment: FungiesPayment, items: readonly FungiesItem[]): ProviderInvoice {
  return {
    ...mapInvoice(payment),
    providerCustomerId: userOf(payment),
    providerSubscriptionId: payment.subscriptionId ?? null,
    billingReason: REASONS[payment.type ?? ''] ?? null,
    lines: linesFor(payment, items),
  };
}

/**
 * A payment's lines are those of what it was for. Where they come to another sum, by a discount, a free trial or a plan
 * changed since, one line of what was really taken stands for them.
 */
function linesFor(payment: FungiesPayment, items: readonly FungiesItem[]): ProviderInvoice['lines'] {
  const period = { periodStart: null, periodEnd: null };
  const lines = items.flatMap((item) => {
    const amount = moneyOf(item.value, item.currency ?? payment.currency);
    return amount ? [{ description: item.name ?? '', quantity: item.quantity ?? 1, amount, ...period }] : [];
  });
  const sum = lines.reduce((total, { amount }) => total + amount.amountMinor, 0);
  if (lines.length > 0 && netsOf(payment).includes(sum)) return lines;
  const description = items.map(({ name }) => name ?? '').join(', ');
  return [{ description, quantity: 1, amount: totalOf(payment), ...period }];
}

/** Whether tax is on top of the price or in it is the store's setting. */
export function netsOf(payment: FungiesPayment): readonly number[] {
  return [payment.value, payment.value - (payment.tax ?? 0)];
}

export function userOf(payment: FungiesPayment): string | null {
  return payment.userId ?? payment.user?.id ?? null;
}

/** @param parts.amount Of one period, from its offer; a subscription carries no price itself. */
export function mapSubscription(
  subscription: FungiesSubscription,
  parts: {
    readonly amount: Money | null;
    readonly price: SubscriptionTruth['price'];
    readonly quantity: number;
    readonly payments: readonly FungiesPayment[];
  },
): SubscriptionTruth {
  const status = subscriptionStatus(subscription.status);
  const start = isoFromMs(subscription.currentIntervalStart);
  const end = isoFromMs(subscription.currentIntervalEnd);
  const canceledAt = isoFromMs(subscription.canceledAt);
  const endsAtPeriodEnd = subscription.cancelAtIntervalEnd === true && status !== 'canceled';
  const oldestFirst = parts.payments.toSorted((a, b) => (a.createdAt ?? 0) - (b.createdAt ?? 0));
  return {
    providerSubscriptionId: subscription.id,
    providerCustomerId: subscription.userId ?? null,
    status,
    amount: parts.amount,
    price: parts.price,
    quantity: parts.quantity,
    currentPeriodStart: start,
    currentPeriodEnd: end,
    trialStart: status === 'trialing' ? start : null,
    trialEnd: status === 'trialing' ? end : null,
    cancelAtPeriodEnd: endsAtPeriodEnd,
    cancelAt: endsAtPeriodEnd ? end : null,
    canceledAt,
    endedAt: status === 'canceled' || status === 'expired' ? (canceledAt ?? end) : null,
    pausedAt: null,
    resumesAt: null,
    invoices: oldestFirst.map((payment) => ({ ...mapInvoice(payment), ...periodOf(payment, oldestFirst, start, end) })),
    payments: oldestFirst.map(mapPayment),
  };
}

/** Payments carry no period; only the newest one's is known. */
function periodOf(
  payment: FungiesPayment,
  oldestFirst: readonly FungiesPayment[],
  periodStart: string | null,
  periodEnd: string | null,
): Partial<InvoiceTruth> {
  return payment === oldestFirst.at(-1) ? { periodStart, periodEnd } : {};
}

/** What a link came to. `payment` is the one that leads: paid, else pending, else the newest. */
export function mapCheckout(
  id: string,
  ref: CheckoutRef,
  found: {
    readonly payment: FungiesPayment | null;
    readonly subscription: SubscriptionTruth | null;
    readonly isExpired: boolean;
  },
): CheckoutTruth {
  const { payment, subscription } = found;
  const isStarted = subscription?.status === 'active' || subscription?.status === 'trialing';
  const status = payment ? paymentStatus(payment.status) : null;
  const isFree = payment !== null && payment.value === 0;
  const isSold = status === 'succeeded' || isStarted;
  const untouched = found.isExpired ? 'expired' : 'open';
  const customerId = ref.isShared ? null : ref.userId;
  return {
    providerCheckoutId: id,
    state: isSold ? 'paid' : status === 'pending' ? 'pending' : untouched,
    providerCustomerId: customerId,
    payment: payment && !isFree ? mapPayment(payment) : null,
    voucher: null,
    subscription: isSold ? subscription : null,
    invoice: payment && isPaid(payment) ? mapInvoice(payment) : null,
    objects: [
      ...(payment ? [{ kind: 'payment', id: payment.id }] : []),
      ...(payment?.orderId ? [{ kind: 'order', id: payment.orderId }] : []),
      ...(subscription ? [{ kind: 'subscription', id: subscription.providerSubscriptionId }] : []),
      ...(customerId === null ? [] : [{ kind: 'customer', id: customerId }]),
    ],
  };
}

/** Whether a sale's lines name this checkout. null: they do not say. */
export function namesCheckout(items: readonly FungiesItem[], ref: CheckoutRef): boolean | null {
  const named = items.flatMap((item) => {
    const id = item.customFields?.checkout_id;
    return typeof id === 'string' ? [id] : [];
  });
  return named.length === 0 ? null : named.includes(ref.checkoutId);
}

/** Whether lines name an organization of ours, and another one than this. */
export function isAnothers(items: readonly FungiesItem[], organizationId: string | null): boolean {
  const named = items.flatMap((item) => {
    const id = item.customFields?.organization_id;
    return typeof id === 'string' ? [id] : [];
  });
  return organizationId !== null && named.length > 0 && !named.includes(organizationId);
}

function totalOf(payment: FungiesPayment): Money {
  return { amountMinor: payment.value, currency: payment.currency.toUpperCase() };
}
