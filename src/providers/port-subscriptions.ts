import type { BillingInterval } from '../domain/catalogue.ts';
import type { Money } from '../domain/money.ts';
import type { ProrationMode } from '../domain/subscription/change.ts';
import type { SubscriptionTruth } from '../domain/subscription/truth.ts';
import type { CallKey, CheckoutLine, CustomerInput, Page, PageQuery, ProviderPrice } from './port.ts';
import type { InvoiceLine } from '../domain/checkout/truth.ts';
import type { MoneyResult } from './port-money.ts';

export interface SubscriptionRef {
  readonly providerSubscriptionId: string;
  readonly providerCustomerId: string | null;
}

export interface CreateSubscriptionInput extends CallKey {
  /** Ours; the provider carries it in its metadata where it can. */
  readonly subscriptionId: string;
  readonly customer: CustomerInput;
  readonly line: CheckoutLine;
  /** null: the customer's default, or nothing is due. */
  readonly providerPaymentMethodId: string | null;
  /** The first charge falls here; null: now. */
  readonly trialEnd: string | null;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ChangeSubscriptionInput extends SubscriptionRef {
  /** What it shall be from now on, or from the period's end; `null`: stays. */
  readonly price: (ProviderPrice & { readonly unitAmount: Money; readonly billingInterval: BillingInterval }) | null;
  readonly quantity: number | null;
  readonly when: 'now' | 'period_end';
  readonly proration: ProrationMode;
  /** ISO, from the preview: makes preview and execution the same sum to the minor unit. */
  readonly prorationAt: string | null;
}

export interface ChangePreview {
  readonly lines: readonly InvoiceLine[];
  /** Charged at once by the change itself; negative: credited. */
  readonly dueNow: Money;
  readonly nextInvoice: Money | null;
  /** What `ChangeSubscriptionInput.prorationAt` must repeat. */
  readonly prorationAt: string;
}

/**
 * Absent operations are abilities that the provider lacks. All of them answer the subscription as it then stands and
 * are harmless to repeat; whoever is already where it should be stays there.
 */
export interface SubscriptionOperations {
  get(ref: SubscriptionRef): Promise<SubscriptionTruth | null>;
  /** Ended ones too, newest first. */
  list(query: { readonly providerCustomerId: string } & PageQuery): Promise<Page<SubscriptionTruth>>;
  /**
   * Every subscription of the account, ended ones too, each at least once, with its newest payment where one was tried.
   * What begins while somebody pages through may be missed.
   */
  listAll?(query: PageQuery): Promise<Page<SubscriptionTruth>>;
  /** Without a hosted page. `pending` with `nextAction`: incomplete until the buyer has confirmed. */
  create?(input: CreateSubscriptionInput): Promise<MoneyResult<SubscriptionTruth>>;
  /** What carries our `subscriptionId`: this resolves an unknown outcome of `create`. */
  find?(query: {
    readonly subscriptionId: string;
    readonly providerCustomerId: string;
  }): Promise<SubscriptionTruth | null>;
  /** Exact to the minor unit. */
  preview?(input: ChangeSubscriptionInput): Promise<ChangePreview>;
  /** @throws {BillingError} `not_supported_by_provider` (invalid) for what `abilities.subscriptions` excludes. */
  change?(input: ChangeSubscriptionInput & CallKey): Promise<MoneyResult<SubscriptionTruth>>;
  /** Takes back a change that waits for the period's end. */
  cancelChange?(ref: SubscriptionRef & CallKey): Promise<SubscriptionTruth>;
  /** @throws {BillingError} `not_supported_by_provider` (invalid) for a `when` that `abilities.subscriptions` excludes. */
  cancel(
    input: SubscriptionRef &
      CallKey & {
        readonly when: 'now' | 'period_end';
        readonly reason: string | null;
        readonly comment: string | null;
      },
  ): Promise<SubscriptionTruth>;
  undoCancel?(ref: SubscriptionRef & CallKey): Promise<SubscriptionTruth>;
  pause?(
    input: SubscriptionRef & CallKey & { readonly when: 'now' | 'period_end'; readonly resumesAt: string | null },
  ): Promise<SubscriptionTruth>;
  /** Ends a pause, or one that waits for the period's end. Where the provider charges at once it may be declined. */
  resume?(ref: SubscriptionRef & CallKey): Promise<MoneyResult<SubscriptionTruth>>;
  /** Moves the end of a trial, or starts one on an active subscription where the provider allows it. */
  setTrialEnd?(ref: SubscriptionRef & CallKey & { readonly trialEnd: string }): Promise<SubscriptionTruth>;
  /** Collects what is past due now instead of at the provider's next try. */
  retryPayment?(ref: SubscriptionRef & CallKey): Promise<MoneyResult<SubscriptionTruth>>;
  /** The method that renewals are charged to. */
  setPaymentMethod?(
    ref: SubscriptionRef & CallKey & { readonly providerPaymentMethodId: string },
  ): Promise<SubscriptionTruth>;
}
