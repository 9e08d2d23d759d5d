/**
 * Money as people read it, exact for every safe integer: `1,299.00 MXN`, `500 JPY`, `12.345 KWD`. ISO 4217 says how many
 * digits a currency has behind the point (ECMA-402 §15.5.1 reads them there); an unknown one has two.
 *
 * @param amountMinor In the currency's minor unit.
 */
export function amountText(amountMinor: number, currency: string, locale: string): string {
  const digits = minorDigits(currency);
  const text = String(Math.abs(amountMinor)).padStart(digits + 1, '0');
  const whole = text.slice(0, text.length - digits);
  const fraction = digits === 0 ? '' : `${decimalMark(locale)}${text.slice(-digits)}`;
  const grouped = new Intl.NumberFormat(locale, { useGrouping: 'always' }).format(BigInt(whole));
  return `${amountMinor < 0 ? '-' : ''}${grouped}${fraction} ${currency}`;
}

function minorDigits(currency: string): number {
  const { maximumFractionDigits = 2 } = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions();
  return maximumFractionDigits;
}

function decimalMark(locale: string): string {
  return new Intl.NumberFormat(locale).formatToParts(1.5).find(({ type }) => type === 'decimal')?.value ?? '.';
}
