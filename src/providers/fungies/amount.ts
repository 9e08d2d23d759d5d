import type { Money } from '../../domain/money.ts';

/** Digits after the point: JPY 0, USD 2, KWD 3 (ISO 4217, as the runtime has it). */
export function decimalsOf(currency: string): number {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
}

/** What Fungies wants written: major units, as a number. Rounded in text, so that 1999 is 19.99 and nothing near it. */
export function toMajor(amount: Money): number {
  const decimals = decimalsOf(amount.currency);
  return Number((amount.amountMinor / 10 ** decimals).toFixed(decimals));
}

/** null: no usable currency was told. */
export function moneyOf(amountMinor: number | null | undefined, currency: string | null | undefined): Money | null {
  return amountMinor == null || currency == null || currency === ''
    ? null
    : { amountMinor, currency: currency.toUpperCase() };
}
