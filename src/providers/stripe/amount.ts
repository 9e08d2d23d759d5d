import { BillingError } from '../../domain/errors.ts';
import type { Money } from '../../domain/money.ts';

/** ISO 4217 has no minor unit for these, yet Stripe wants two digits, always 00 (docs, "Special cases"). */
const SENT_IN_HUNDREDTHS = new Set(['ISK', 'UGX']);
/** Three digits at Stripe as in ISO 4217, but the last must be 0. */
const ENDING_IN_ZERO = new Set(['BHD', 'JOD', 'KWD', 'OMR', 'TND']);

/** @throws {BillingError} `amount_not_chargeable` (invalid) when Stripe cannot hit the amount exactly. */
export function toStripeAmount(money: Money): number {
  if (SENT_IN_HUNDREDTHS.has(money.currency)) return money.amountMinor * 100;
  if (ENDING_IN_ZERO.has(money.currency) && money.amountMinor % 10 !== 0) {
    throw new BillingError({
      code: 'amount_not_chargeable',
      kind: 'invalid',
      message: `Stripe charges ${money.currency} in steps of 10 minor units.`,
      details: { provider: 'stripe' },
    });
  }
  return money.amountMinor;
}

export function fromStripeAmount(amount: number, currency: string): Money {
  const code = currency.toUpperCase();
  return { amountMinor: SENT_IN_HUNDREDTHS.has(code) ? Math.round(amount / 100) : amount, currency: code };
}
