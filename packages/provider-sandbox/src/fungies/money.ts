const ZERO_DECIMAL = new Set('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF UGX VND VUV XAF XOF XPF'.split(' '));
const THREE_DECIMAL = new Set(['BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND']);

/** `currencyDecimals`: the exponent between major and minor units. */
export function decimalsOf(currency: string): number {
  const code = currency.toUpperCase();
  if (ZERO_DECIMAL.has(code)) return 0;
  return THREE_DECIMAL.has(code) ? 3 : 2;
}

/** What the API takes as 9.99 and hands back as 999. */
export const toMinor = (major: number, currency: string): number => Math.round(major * 10 ** decimalsOf(currency));

/** The merchant of record's share, taken off the payout and not off `value`. */
export const feeOf = (value: number): number => Math.ceil(value * 0.05);

/** Tax contained in a gross amount. */
export const taxIn = (value: number, percent: number): number => Math.round((value * percent) / (100 + percent));
