import type { CheckoutTruth, PaymentTruth, VoucherTruth } from '../../domain/checkout/truth.ts';
import { isoFromUnix } from '../wire-time.ts';
import { fromStripeAmount } from './amount.ts';
import { invoicePaymentTruth, mapInvoice, mapSubscription } from './map-subscription.ts';
import { ourMethod } from './methods.ts';
import { expanded, idOf, type StripePaymentIntent, type StripeSession } from './wire.ts';

/**
 * `complete` with `unpaid` is normal for OXXO, SEPA and transfers: money is on its way, unless the intent has fallen
 * back to needing another method, which a completed page can no longer ask for.
 */
export function checkoutState(session: StripeSession): CheckoutTruth['state'] {
  const intent = expanded(session.payment_intent);
  switch (session.status) {
    case 'open':
      return 'open';
    case 'expired':
      return 'expired';
    case 'complete':
      if (session.payment_status !== 'unpaid' || intent?.status === 'succeeded') return 'paid';
      return intent?.status === 'requires_payment_method' || intent?.status === 'canceled' ? 'expired' : 'pending';
    default:
      return 'unknown';
  }
}

/** @returns null for an intent that nobody has tried to pay yet. */
export function mapPaymentIntent(intent: StripePaymentIntent, taxMinor: number | null): PaymentTruth | null {
  const status = intentStatus(intent);
  if (status === null) return null;
  const charge = expanded(intent.latest_charge);
  const received = intent.amount_received ?? 0;
  const { currency } = intent;
  return {
    providerPaymentId: intent.id,
    status,
    amount: fromStripeAmount(status === 'succeeded' && received > 0 ? received : intent.amount, currency),
    taxMinor,
    refundedMinor: fromStripeAmount(charge?.amount_refunded ?? 0, currency).amountMinor,
    method: methodOf(intent),
    declineCode: status === 'declined' ? declineCode(intent) : null,
    paidAt: status === 'succeeded' ? isoFromUnix(charge?.created ?? intent.created) : null,
    providerInvoiceId: null,
  };
}

function intentStatus(intent: StripePaymentIntent): PaymentTruth['status'] | null {
  switch (intent.status) {
    case 'succeeded':
      return 'succeeded';
    case 'requires_payment_method':
      return intent.last_payment_error ? 'declined' : null;
    case 'canceled':
      return 'declined';
    default:
      return 'pending';
  }
}

function declineCode(intent: StripePaymentIntent): string {
  return intent.last_payment_error?.decline_code ?? intent.last_payment_error?.code ?? intent.status;
}

function methodOf(intent: StripePaymentIntent): string | null {
  const details = expanded(intent.latest_charge)?.payment_method_details;
  const wallet = details?.card?.wallet?.type;
  if (wallet) return wallet;
  if (intent.next_action?.oxxo_display_details) return 'oxxo';
  if (intent.next_action?.display_bank_transfer_instructions) return 'spei';
  const type = details?.type ?? intent.last_payment_error?.payment_method?.type;
  return type == null ? null : ourMethod(type);
}

/** @param sessionExpiresAt Stands in for a transfer's expiry, which Stripe does not have. */
export function mapVoucher(intent: StripePaymentIntent, sessionExpiresAt: string): VoucherTruth | null {
  const oxxo = intent.next_action?.oxxo_display_details;
  if (oxxo) {
    return {
      kind: 'oxxo',
      reference: oxxo.number ?? null,
      clabe: null,
      barcodeUrl: oxxo.hosted_voucher_url ?? null,
      expiresAt: isoFromUnix(oxxo.expires_after) ?? sessionExpiresAt,
    };
  }
  const transfer = intent.next_action?.display_bank_transfer_instructions;
  if (!transfer) return null;
  return {
    kind: 'spei',
    reference: transfer.reference ?? null,
    clabe: transfer.financial_addresses?.find((address) => address.spei)?.spei?.clabe ?? null,
    barcodeUrl: transfer.hosted_instructions_url ?? null,
    expiresAt: sessionExpiresAt,
  };
}

export function mapCheckout(session: StripeSession): CheckoutTruth {
  const intent = expanded(session.payment_intent);
  const subscription = expanded(session.subscription);
  const invoice = expanded(session.invoice);
  const method = expanded(subscription?.default_payment_method)?.type;
  const invoiced = invoice && invoicePaymentTruth(invoice, method == null ? null : ourMethod(method));
  const payment = intent ? mapPaymentIntent(intent, session.total_details?.amount_tax ?? null) : invoiced;
  const refs: readonly (readonly [string, string | null])[] = [
    ['checkout.session', session.id],
    ['payment_intent', idOf(session.payment_intent) ?? (payment ? payment.providerPaymentId : null)],
    ['charge', idOf(intent?.latest_charge)],
    ['setup_intent', idOf(session.setup_intent)],
    ['subscription', idOf(session.subscription)],
    ['invoice', idOf(session.invoice)],
    ['customer', idOf(session.customer)],
  ];
  return {
    providerCheckoutId: session.id,
    state: checkoutState(session),
    providerCustomerId: idOf(session.customer),
    payment,
    voucher: intent && mapVoucher(intent, new Date(session.expires_at * 1000).toISOString()),
    subscription: subscription && mapSubscription(subscription, invoice ? [invoice] : [], payment),
    invoice: invoice && mapInvoice(invoice, payment),
    objects: refs.flatMap(([kind, id]) => (id === null ? [] : [{ kind, id }])),
  };
}
