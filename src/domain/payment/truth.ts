import type { PaymentTruth } from '../checkout/truth.ts';
import type { Money } from '../money.ts';

export type RefundReason = 'requested_by_customer' | 'duplicate' | 'fraudulent' | 'service_disruption' | 'other';

/** What a provider says of one refund, in our words. */
export interface RefundTruth {
  readonly providerRefundId: string;
  readonly providerPaymentId: string;
  /** Ours, where the provider carries our metadata. */
  readonly refundId: string | null;
  readonly status: 'pending' | 'succeeded' | 'failed' | 'canceled';
  /** What the customer gets back, tax included. */
  readonly amount: Money;
  readonly taxMinor: number | null;
  readonly createdAt: string | null;
}

/** What a provider says of one dispute (chargeback), in our words. */
export interface DisputeTruth {
  readonly providerDisputeId: string;
  readonly providerPaymentId: string;
  /** The order or invoice that was paid, where the provider names one. */
  readonly providerInvoiceId: string | null;
  /** `warning`: an inquiry, no money taken yet. */
  readonly status: 'warning' | 'needs_response' | 'under_review' | 'won' | 'lost' | 'closed';
  readonly amount: Money;
  /** As the provider gave it. */
  readonly reason: string | null;
  readonly respondBy: string | null;
  readonly createdAt: string;
}

/** One charge by itself, with all that tells whose it is. */
export interface ChargeTruth {
  readonly payment: PaymentTruth;
  readonly providerCustomerId: string | null;
  /** Of the charge and of what it pays. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What it pays or came from: session, order, invoice, subscription. */
  readonly objects: readonly { readonly kind: string; readonly id: string }[];
}
