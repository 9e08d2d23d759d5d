import type { InvoiceTruth, PaymentTruth } from '../checkout/truth.ts';
import type { Money } from '../money.ts';

export type SubscriptionStatus = 'incomplete' | 'trialing' | 'active' | 'past_due' | 'paused' | 'canceled' | 'expired';

/** What a provider says of a subscription now, in our words. */
export interface SubscriptionTruth {
  readonly providerSubscriptionId: string;
  readonly providerCustomerId: string | null;
  readonly status: SubscriptionStatus;
  readonly amount: Money | null;
  /** What it is of, as the provider calls it: the customer may have changed it there. null: not told. */
  readonly price: { readonly providerProductId: string | null; readonly providerPriceId: string | null } | null;
  readonly quantity: number;
  readonly currentPeriodStart: string | null;
  readonly currentPeriodEnd: string | null;
  readonly trialStart: string | null;
  readonly trialEnd: string | null;
  readonly cancelAtPeriodEnd: boolean;
  readonly cancelAt: string | null;
  readonly canceledAt: string | null;
  readonly endedAt: string | null;
  readonly pausedAt: string | null;
  readonly resumesAt: string | null;
  /** The newest few, oldest first. */
  readonly invoices: readonly InvoiceTruth[];
  readonly payments: readonly PaymentTruth[];
}
