import type { InvoiceTruth, PaymentTruth } from '../checkout/truth.ts';
import type { RefundStatus } from '../payment/refund.ts';
import type { DisputeTruth, RefundTruth } from '../payment/truth.ts';

/** What our rows say of money, as far as it is compared. */
export interface OurPayment {
  readonly id: string;
  readonly organizationId: string;
  readonly checkoutId: string | null;
  readonly subscriptionId: string | null;
  readonly invoiceId: string | null;
  readonly providerPaymentId: string;
  readonly status: PaymentTruth['status'];
  readonly amountMinor: number;
  readonly refundedMinor: number;
  readonly currency: string;
  readonly paidAt: Date | null;
}

export interface OurInvoice {
  readonly id: string;
  readonly organizationId: string;
  readonly providerInvoiceId: string | null;
  readonly status: InvoiceTruth['status'];
  readonly totalMinor: number;
  readonly amountPaidMinor: number;
  readonly amountRefundedMinor: number;
  readonly currency: string;
  readonly periodStart: Date | null;
  readonly periodEnd: Date | null;
}

export interface OurRefund {
  readonly id: string;
  readonly organizationId: string;
  readonly paymentId: string;
  readonly providerRefundId: string | null;
  readonly status: RefundStatus;
  readonly amountMinor: number;
  readonly currency: string;
}

export interface OurDispute {
  readonly id: string;
  readonly organizationId: string;
  readonly paymentId: string;
  readonly providerDisputeId: string;
  readonly status: DisputeTruth['status'];
  readonly amountMinor: number;
  readonly currency: string;
}

/** The sale that money is for: what a repair settles. */
export interface Sale {
  readonly kind: 'checkout' | 'subscription';
  readonly id: string;
  readonly organizationId: string;
  /** Whether another provider was paid for it: what is charged here is charged twice. */
  readonly isPaidElsewhere: boolean;
}

export interface OurMoney {
  readonly payments: readonly OurPayment[];
  readonly invoices: readonly OurInvoice[];
  readonly refunds: readonly OurRefund[];
  readonly disputes: readonly OurDispute[];
}

/** What the provider says of the same sale. Only what was asked: what is neither told nor absent says nothing. */
export interface TheirMoney {
  readonly payments: readonly PaymentTruth[];
  readonly invoices: readonly InvoiceTruth[];
  /** All refunds of a payment, by the payment's id at the provider; only of those that were asked about. */
  readonly refunds: ReadonlyMap<string, readonly RefundTruth[]>;
  readonly disputes: readonly DisputeTruth[];
  /** The provider's ids in our rows that it does not know. */
  readonly absent: ReadonlySet<string>;
}
