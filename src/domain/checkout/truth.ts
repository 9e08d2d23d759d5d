import type { Money } from '../money.ts';
import type { SubscriptionTruth } from '../subscription/truth.ts';

/** What a provider says of a hosted checkout now, in our words. Read fresh, never taken from a webhook's body. */
export interface CheckoutTruth {
  readonly providerCheckoutId: string;
  /**
   * `open`: may still be paid. `pending`: a voucher or transfer is out, or the bank has not answered.
   * `paid`: money is captured, or nothing is due (trial, 100 % discount). `unknown`: a status we do not map.
   */
  readonly state: 'open' | 'pending' | 'paid' | 'expired' | 'canceled' | 'unknown';
  readonly providerCustomerId: string | null;
  readonly payment: PaymentTruth | null;
  readonly voucher: VoucherTruth | null;
  /** For a subscription checkout that is paid. */
  readonly subscription: SubscriptionTruth | null;
  readonly invoice: InvoiceTruth | null;
  /** Provider ids that later facts may name (order, payment, subscription, customer …). */
  readonly objects: readonly { readonly kind: string; readonly id: string }[];
}

export interface PaymentTruth {
  readonly providerPaymentId: string;
  readonly status: 'succeeded' | 'pending' | 'declined';
  /** What the customer paid or tried to pay, tax included. */
  readonly amount: Money;
  readonly taxMinor: number | null;
  readonly refundedMinor: number;
  /** card, oxxo, spei …; null when the provider does not say. */
  readonly method: string | null;
  readonly declineCode: string | null;
  readonly paidAt: string | null;
  /** The invoice or order it pays, where the provider has one. */
  readonly providerInvoiceId: string | null;
}

export interface VoucherTruth {
  readonly kind: 'oxxo' | 'cash' | 'spei';
  readonly reference: string | null;
  readonly clabe: string | null;
  readonly barcodeUrl: string | null;
  readonly expiresAt: string;
}

export interface InvoiceLine {
  readonly description: string;
  readonly quantity: number;
  readonly amount: Money;
  readonly periodStart: string | null;
  readonly periodEnd: string | null;
}

/** Why an invoice was made; null: bought once, or raised by hand. */
export type BillingReason = 'subscription_start' | 'subscription_cycle' | 'subscription_update' | 'usage';

export interface InvoiceTruth {
  readonly providerInvoiceId: string;
  readonly number: string | null;
  readonly status: 'draft' | 'open' | 'paid' | 'failed' | 'refunded' | 'partially_refunded' | 'void' | 'uncollectible';
  readonly total: Money;
  readonly amountPaidMinor: number;
  readonly amountRefundedMinor: number;
  readonly taxMinor: number | null;
  readonly periodStart: string | null;
  readonly periodEnd: string | null;
  readonly issuedAt: string | null;
  readonly paidAt: string | null;
  readonly hostedUrl: string | null;
  readonly pdfUrl: string | null;
  /** Absent: not told with it; the invoice itself tells. */
  readonly lines?: readonly InvoiceLine[];
  readonly billingReason?: BillingReason | null;
}
