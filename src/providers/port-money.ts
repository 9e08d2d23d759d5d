import type { BillingReason, InvoiceLine, InvoiceTruth, PaymentTruth, VoucherTruth } from '../domain/checkout/truth.ts';
import type { DeclineCode } from '../domain/payment/decline.ts';
import type { DisputeTruth, RefundReason, RefundTruth } from '../domain/payment/truth.ts';
import type { Money } from '../domain/money.ts';
import type {
  CallKey,
  CustomerInput,
  Page,
  PageQuery,
  PostalAddress,
  ProviderObjectRef,
  UnknownOutcome,
} from './port.ts';

/** What the buyer must still do: go to a page, or confirm in the provider's own browser script. */
export type NextAction =
  { readonly kind: 'redirect'; readonly url: string } | { readonly kind: 'confirm'; readonly clientSecret: string };

/**
 * What a call that moves money came to. `unknown` is resolved by asking the provider, never with a new key; only
 * explicit answers are success or failure. A decline is an answer, not an error.
 */
export type MoneyResult<T> =
  | { readonly outcome: 'succeeded'; readonly value: T }
  | { readonly outcome: 'pending'; readonly value: T; readonly nextAction: NextAction | null }
  | {
      readonly outcome: 'declined';
      readonly declineCode: DeclineCode;
      /** As the provider gave it. */
      readonly providerCode: string | null;
      /** What the provider keeps of the attempt, where it keeps anything. */
      readonly value: T | null;
    }
  | UnknownOutcome;

/** Only what may be stored: never a number, never a check digit. */
export interface PaymentMethodTruth {
  readonly providerPaymentMethodId: string;
  readonly providerCustomerId: string;
  /** card, sepa, ach, cash, spei … */
  readonly type: string;
  readonly brand: string | null;
  readonly last4: string | null;
  readonly expMonth: number | null;
  /** Four digits. */
  readonly expYear: number | null;
  /** Of the issuer, ISO 3166-1 alpha-2. */
  readonly country: string | null;
  readonly isDefault: boolean;
}

export interface PaymentMethodRef {
  readonly providerCustomerId: string;
  readonly providerPaymentMethodId: string;
}

export interface PaymentMethodOperations {
  /**
   * Attaches what the provider's own browser script made of a card. `pending` with `nextAction` where the bank wants
   * to see the buyer.
   *
   * @throws {BillingError} `token_invalid` (invalid): unknown, used or expired.
   */
  attach?(
    input: {
      readonly providerCustomerId: string;
      readonly token: string;
      readonly setAsDefault: boolean;
      readonly billingAddress: PostalAddress | null;
      readonly returnUrl: string | null;
    } & CallKey,
  ): Promise<MoneyResult<PaymentMethodTruth>>;
  get(ref: PaymentMethodRef): Promise<PaymentMethodTruth | null>;
  list(query: { readonly providerCustomerId: string } & PageQuery): Promise<Page<PaymentMethodTruth>>;
  /** Harmless when it is gone already. */
  detach(ref: PaymentMethodRef & CallKey): Promise<void>;
  setDefault?(ref: PaymentMethodRef & CallKey): Promise<PaymentMethodTruth>;
}

export interface CreatePaymentInput extends CallKey {
  /** Our id of what is paid for (a checkout or an invoice); the provider carries it in its metadata. */
  readonly businessId: string;
  readonly customer: CustomerInput;
  readonly amount: Money;
  readonly description: string;
  /** A stored method, or how to pay without one: a voucher or transfer that is told in the answer. */
  readonly source:
    | { readonly kind: 'stored'; readonly providerPaymentMethodId: string; readonly offSession: boolean }
    | { readonly kind: 'voucher'; readonly method: 'oxxo' | 'cash' | 'spei'; readonly expiresAt: string };
  readonly returnUrl: string | null;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A charge without a hosted page. */
export interface DirectPaymentTruth {
  /** What `get` and `cancel` take: a PaymentIntent, an order … */
  readonly providerObjectId: string;
  readonly state: 'pending' | 'requires_action' | 'authorized' | 'succeeded' | 'declined' | 'canceled' | 'unknown';
  readonly amount: Money;
  readonly payment: PaymentTruth | null;
  readonly voucher: VoucherTruth | null;
  readonly nextAction: NextAction | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly objects: readonly ProviderObjectRef[];
}

export interface PaymentOperations {
  /** @throws {BillingError} `amount_out_of_range` (invalid, with `minimum_minor`/`maximum_minor`), `provider_rejected`. */
  create(input: CreatePaymentInput): Promise<MoneyResult<DirectPaymentTruth>>;
  get(providerObjectId: string): Promise<DirectPaymentTruth | null>;
  /** What carries `businessId`, newest first: this resolves an unknown outcome. */
  find(query: {
    readonly businessId: string;
    readonly providerCustomerId: string | null;
    readonly createdAfter: string;
  }): Promise<readonly DirectPaymentTruth[]>;
  /** Releases what is not captured yet. */
  cancel(
    input: { readonly providerObjectId: string } & CallKey,
  ): Promise<'canceled' | 'already_settled' | 'not_cancelable'>;
}

/** An invoice, or an order where the provider has those instead. */
export interface ProviderInvoice extends InvoiceTruth {
  readonly providerCustomerId: string | null;
  readonly providerSubscriptionId: string | null;
  readonly billingReason: BillingReason | null;
  readonly lines: readonly InvoiceLine[];
}

export type InvoiceDocument =
  | { readonly state: 'ready'; readonly pdfUrl: string | null; readonly hostedUrl: string | null }
  /** Being made: ask again. */
  | { readonly state: 'generating' }
  | { readonly state: 'none' };

export interface InvoiceOperations {
  get(providerInvoiceId: string): Promise<ProviderInvoice | null>;
  /** Newest first. */
  list(
    query: { readonly providerCustomerId: string; readonly providerSubscriptionId?: string } & PageQuery,
  ): Promise<Page<ProviderInvoice>>;
  /** Short-lived links; they are read anew each time. */
  document?(providerInvoiceId: string): Promise<InvoiceDocument>;
  /** Tries to collect an open invoice now. */
  pay?(
    input: { readonly providerInvoiceId: string; readonly providerPaymentMethodId: string | null } & CallKey,
  ): Promise<MoneyResult<ProviderInvoice>>;
}

export interface CreateRefundInput extends CallKey {
  /** Ours; the provider carries it in its metadata where it can. */
  readonly refundId: string;
  readonly providerPaymentId: string;
  /** The order or invoice that was paid, where the payment names one. */
  readonly providerInvoiceId: string | null;
  /** What the customer gets, tax included. */
  readonly amount: Money;
  /**
   * What went back before this refund, pending ones included, as our rows have it. Where the provider carries neither
   * key nor metadata on a refund, this tells a repeat (its sum is already this and `amount`) from a second one.
   */
  readonly refundedMinor: number;
  readonly reason: RefundReason;
}

export interface RefundOperations {
  /**
   * Pays back part or all of a captured payment.
   *
   * @throws {BillingError} `refund_exceeds_payment` (conflict, `refundable_minor`), `refund_amount_not_exact`
   *   (invalid, `nearest_minor`: the provider works out the tax share itself and cannot hit this amount),
   *   `payment_not_refundable` (conflict), `refund_state_differs` (conflict: the provider has paid back another sum).
   */
  create(input: CreateRefundInput): Promise<MoneyResult<RefundTruth>>;
  /** All refunds of one payment, oldest first; with `refundId` in them it resolves an unknown outcome. */
  list(query: {
    readonly providerPaymentId: string;
    readonly providerInvoiceId: string | null;
  }): Promise<readonly RefundTruth[]>;
}

export interface DisputeOperations {
  get(providerDisputeId: string): Promise<DisputeTruth | null>;
  /** Newest first. */
  list(query: { readonly createdAfter: string } & PageQuery): Promise<Page<DisputeTruth>>;
}

export interface PortalOperations {
  /** A link for one visit; make it when the customer clicks. Never stored, never logged: it is a credential. */
  create(
    input: {
      readonly providerCustomerId: string;
      /** Where the provider's portal is one subscription's. */
      readonly providerSubscriptionId: string | null;
      readonly returnUrl: string | null;
    } & CallKey,
  ): Promise<{ readonly url: string; readonly expiresAt: string | null }>;
}
