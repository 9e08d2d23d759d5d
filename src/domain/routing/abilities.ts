import type { CheckoutMode } from '../catalogue.ts';
import type { ProrationMode } from '../subscription/change.ts';

/** What a provider can do for a buyer, as data: routing reads it, nobody asks the provider. */
export interface ProviderAbilities {
  readonly merchantOfRecord: boolean;
  /** Buyer countries (ISO 3166-1 alpha-2): all but these, or only these. */
  readonly countries: { readonly except: readonly string[] } | { readonly only: readonly string[] };
  /** Charge currencies, upper case. */
  readonly currencies: { readonly except: readonly string[] } | { readonly only: readonly string[] };
  /** Offered on the hosted page. No `currencies`: all that the provider charges. No `countries`: everywhere. */
  readonly paymentMethods: readonly {
    readonly method: string;
    readonly modes: readonly CheckoutMode[];
    readonly currencies?: readonly string[];
    readonly countries?: readonly string[];
  }[];
  readonly modes: readonly CheckoutMode[];
  readonly features: {
    /** Modes in which the wish can be expressed in full. */
    readonly quantity: readonly CheckoutMode[];
    readonly discountCode: readonly CheckoutMode[];
    readonly trialDays: readonly CheckoutMode[];
    readonly voucherExpiry: readonly CheckoutMode[];
    readonly embed: readonly CheckoutMode[];
  };
  /** The provider refuses to open a checkout without these. */
  readonly requires: readonly ('email' | 'name' | 'phone')[];
  /** A price must have been pushed before it can be sold, in these modes. */
  readonly needsProviderPrice: readonly CheckoutMode[];
  /** What can be done to a subscription; null: the provider has none. */
  readonly subscriptions: SubscriptionAbilities | null;
  /** What the provider keeps when a customer is erased, and for how long, in words; empty: nothing. */
  readonly retains: readonly string[];
}

type When = 'now' | 'period_end';

export interface SubscriptionAbilities {
  readonly cancel: readonly When[];
  readonly undoCancel: boolean;
  /** Empty: no pause. */
  readonly pause: readonly When[];
  /** A pause can name the day it ends by itself. */
  readonly pauseUntil: boolean;
  /** How each kind of change can be done. Empty: not at all. */
  readonly change: {
    readonly plan: readonly When[];
    readonly interval: readonly When[];
    readonly quantity: readonly When[];
  };
  readonly proration: readonly ProrationMode[];
  /** The provider tells the exact sums beforehand. */
  readonly preview: boolean;
  readonly moveTrialEnd: boolean;
  /** Collects renewals by itself. */
  readonly renews: boolean;
}
