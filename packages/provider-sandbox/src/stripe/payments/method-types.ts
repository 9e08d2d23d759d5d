/**
 * What each payment method type can do, as data. Read in November 2026 from the enums of npm `stripe` 23.1.0 and
 * Stripe's method pages; `countries` are the buyers', null where anybody may pay.
 */
interface MethodType {
  readonly currencies: readonly string[] | null;
  readonly countries: readonly string[] | null;
  /** `recurring`: may pay subscriptions. `setup`: may be saved by a SetupIntent. */
  readonly uses: readonly ('payment' | 'recurring' | 'setup')[];
  /** How the money arrives after confirming. */
  readonly flow: 'card' | 'redirect' | 'voucher' | 'debit' | 'transfer';
  /** Days until a debit settles; 0 for the rest. */
  readonly settlesInDays: number;
  /** Methods an account offers only when asked by name. */
  readonly onRequest?: true;
}

const EUROZONE = 'AT BE BG CY DE EE ES FI FR GR HR IE IT LT LU LV MT NL PT SI SK'.split(' ');
const SEPA = [...EUROZONE, 'CH', 'CZ', 'DK', 'GB', 'HU', 'IS', 'LI', 'MC', 'NO', 'PL', 'RO', 'SE', 'SM'];

type Uses = MethodType['uses'];
const ONCE: Uses = ['payment'];
const ALL: Uses = ['payment', 'recurring', 'setup'];

const redirect = (currencies: string, countries: readonly string[] | null, uses: Uses = ONCE): MethodType => ({
  currencies: currencies.split(' '),
  countries,
  uses,
  flow: 'redirect',
  settlesInDays: 0,
});
const debit = (currency: string, countries: readonly string[], settlesInDays: number): MethodType => ({
  currencies: [currency],
  countries,
  uses: ALL,
  flow: 'debit',
  settlesInDays,
});
const voucher = (currency: string, country: string, uses: Uses = ONCE): MethodType => ({
  currencies: [currency],
  countries: [country],
  uses,
  flow: 'voucher',
  settlesInDays: 0,
});

export const METHOD_TYPES: Readonly<Record<string, MethodType>> = {
  card: { currencies: null, countries: null, uses: ALL, flow: 'card', settlesInDays: 0 },
  link: { currencies: null, countries: null, uses: ALL, flow: 'card', settlesInDays: 0 },
  acss_debit: debit('cad', ['CA'], 5),
  affirm: redirect('usd cad', ['US', 'CA']),
  afterpay_clearpay: redirect('usd cad gbp aud nzd eur', ['US', 'CA', 'GB', 'AU', 'NZ']),
  alipay: redirect('cny aud cad eur gbp hkd jpy myr nzd sgd usd', null),
  amazon_pay: redirect('usd eur gbp', ['US', 'DE', 'ES', 'FR', 'GB', 'IT'], ALL),
  au_becs_debit: debit('aud', ['AU'], 3),
  bacs_debit: debit('gbp', ['GB'], 4),
  bancontact: redirect('eur', ['BE'], ALL),
  blik: redirect('pln', ['PL']),
  boleto: voucher('brl', 'BR', ALL),
  cashapp: redirect('usd', ['US'], ALL),
  customer_balance: {
    currencies: ['usd', 'eur', 'gbp', 'jpy', 'mxn'],
    countries: null,
    uses: ONCE,
    flow: 'transfer',
    settlesInDays: 0,
    onRequest: true,
  },
  eps: redirect('eur', ['AT']),
  fpx: redirect('myr', ['MY']),
  grabpay: redirect('sgd myr', ['SG', 'MY']),
  ideal: redirect('eur', ['NL'], ALL),
  kakao_pay: redirect('krw', ['KR'], ALL),
  klarna: redirect('usd eur gbp dkk nok sek czk pln ron chf aud cad nzd', null, ALL),
  konbini: voucher('jpy', 'JP'),
  kr_card: redirect('krw', ['KR'], ALL),
  mb_way: redirect('eur', ['PT']),
  mobilepay: redirect('eur dkk nok sek', ['DK', 'FI']),
  multibanco: voucher('eur', 'PT'),
  naver_pay: redirect('krw', ['KR'], ALL),
  oxxo: voucher('mxn', 'MX'),
  p24: redirect('eur pln', ['PL']),
  pay_by_bank: redirect('gbp', ['GB']),
  payco: redirect('krw', ['KR']),
  paynow: redirect('sgd', ['SG']),
  paypal: redirect('eur gbp usd chf czk dkk nok pln sek aud cad hkd nzd sgd', null, ALL),
  pix: redirect('brl', ['BR']),
  promptpay: redirect('thb', ['TH']),
  revolut_pay: redirect('eur gbp ron huf pln dkk', null, ALL),
  samsung_pay: redirect('krw', ['KR']),
  satispay: redirect('eur', ['IT']),
  sepa_debit: debit('eur', SEPA, 5),
  swish: redirect('sek', ['SE']),
  twint: redirect('chf', ['CH']),
  us_bank_account: debit('usd', ['US'], 4),
  wechat_pay: redirect('cny aud cad eur gbp hkd jpy sgd usd', null),
  zip: redirect('usd aud', ['US', 'AU']),
};

/** Closed in 2024 and 2025, yet still in the enums. */
const CLOSED = new Set(['giropay', 'sofort']);

/** In the enum of `excluded_payment_method_types`; Link is not. */
export const isKnownType = (type: string): boolean => type in METHOD_TYPES || CLOSED.has(type);

export const typeOf = (type: string): MethodType | undefined => METHOD_TYPES[type];

/**
 * The types a plain account offers for a purchase. `allowed` filters silently, as Stripe does; a type that is only
 * offered on request has to be in it.
 */
export function offeredTypes(input: {
  use: 'payment' | 'recurring' | 'setup';
  currency: string | null;
  country: string | null;
  hasCustomer: boolean;
  allowed: readonly string[] | null;
  excluded: readonly string[] | null;
}): string[] {
  return Object.entries(METHOD_TYPES)
    .filter(([name, type]) => {
      const fits =
        type.uses.includes(input.use) &&
        (input.currency === null || type.currencies === null || type.currencies.includes(input.currency)) &&
        (input.country === null || type.countries === null || type.countries.includes(input.country));
      const wanted = input.allowed === null ? type.onRequest !== true : input.allowed.includes(name);
      const possible = name !== 'customer_balance' || input.hasCustomer;
      return fits && wanted && possible && input.excluded?.includes(name) !== true;
    })
    .map(([name]) => name);
}
