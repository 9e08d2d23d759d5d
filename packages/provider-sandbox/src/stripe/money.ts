import { invalid } from './errors.ts';

/** Stripe's list, not ISO 4217's: MGA has a fifth in ISO and none here. */
const ZERO_DECIMAL = new Set('bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '));
const THREE_DECIMAL = new Set('bhd jod kwd omr tnd'.split(' '));
/** Without minor unit since long, yet sent times 100 for compatibility: the last two digits are `00`. */
const PADDED = new Set(['isk', 'ugx']);

/** Smallest charge by settlement currency, in minor units. The rest follow USD 0.50 roughly. */
const MINIMUM: Readonly<Record<string, number>> = {
  aed: 200,
  aud: 50,
  bgn: 100,
  brl: 50,
  cad: 50,
  chf: 50,
  czk: 1500,
  dkk: 250,
  eur: 50,
  gbp: 30,
  hkd: 400,
  huf: 17_500,
  inr: 50,
  jpy: 50,
  mxn: 1000,
  myr: 200,
  nok: 300,
  nzd: 50,
  pln: 200,
  ron: 200,
  sek: 300,
  sgd: 50,
  thb: 1000,
  usd: 50,
};

const MAXIMUM = 99_999_999;

/** Digits after the decimal point in the amounts Stripe takes; UGX and ISK count as two. */
export function minorDigits(currency: string): 0 | 2 | 3 {
  const code = currency.toLowerCase();
  if (ZERO_DECIMAL.has(code)) return 0;
  return THREE_DECIMAL.has(code) ? 3 : 2;
}

export const minimumOf = (currency: string): number =>
  MINIMUM[currency.toLowerCase()] ?? (minorDigits(currency) === 0 ? 50 : minorDigits(currency) === 3 ? 500 : 50);

/** Currency codes are three letters of a known currency; anything else is refused with Stripe's words. */
export function checkCurrency(currency: string, param = 'currency'): string {
  const code = currency.toLowerCase();
  if (/^[a-z]{3}$/.test(code) && Intl.supportedValuesOf('currency').includes(code.toUpperCase())) return code;
  throw invalid(`Invalid currency: ${currency}. Stripe currently supports these currencies: usd, aed, afn, all, …`, {
    param,
  });
}

/** Refuses amounts whose digits the currency does not have. Negative ones are credits and follow the same rule. */
export function checkDigits(amount: number, currency: string, param: string): void {
  const code = currency.toLowerCase();
  if (PADDED.has(code) && amount % 100 !== 0) {
    throw invalid(`Invalid amount: ${code} amounts must be evenly divisible by 100.`, { param });
  }
  if (THREE_DECIMAL.has(code) && amount % 10 !== 0) {
    throw invalid(`Invalid amount: ${code} amounts must be evenly divisible by 10.`, { param });
  }
}

/** The rules of a charge: its digits, the minimum of its currency, eight digits at most. */
export function checkChargeAmount(amount: number, currency: string, param = 'amount'): void {
  if (amount < 1) throw invalid('Invalid positive integer', { code: 'parameter_invalid_integer', param });
  checkDigits(amount, currency, param);
  if (amount < minimumOf(currency)) {
    throw invalid(`Amount must be at least ${minorText(minimumOf(currency), currency)}`, {
      code: 'amount_too_small',
      param,
    });
  }
  if (amount > MAXIMUM) {
    throw invalid(`Amount must be no more than ${minorText(MAXIMUM, currency)}`, { code: 'amount_too_large', param });
  }
}

/** Such as `12.50 usd`. */
export function minorText(amount: number, currency: string): string {
  const digits = minorDigits(currency);
  return `${(amount / 10 ** digits).toFixed(digits)} ${currency.toLowerCase()}`;
}
