import type { Money } from './money.ts';

/** What a checkout does: sells once, starts a subscription, or only saves a payment method. */
export type CheckoutMode = 'payment' | 'subscription' | 'setup';

export type BillingInterval = 'monthly' | 'yearly';

export interface Price {
  readonly id: string;
  /** null: sold once. */
  readonly billingInterval: BillingInterval | null;
  readonly amount: Money;
}

/**
 * The price to quote: in the currency asked for, else the country's, else the project's default.
 *
 * @param input.wished A currency named by the caller: only that one will do.
 * @returns null when nothing is priced that way.
 */
export function choosePrice(input: {
  readonly prices: readonly Price[];
  readonly billingInterval: BillingInterval | null;
  readonly wished: string | null;
  readonly countryCurrency: string | null;
  readonly defaultCurrency: string;
}): Price | null {
  const fitting = input.prices.filter((price) => price.billingInterval === input.billingInterval);
  const wanted = input.wished === null ? [input.countryCurrency, input.defaultCurrency] : [input.wished];
  for (const currency of wanted) {
    const price = fitting.find((candidate) => candidate.amount.currency === currency);
    if (price) return price;
  }
  return null;
}
