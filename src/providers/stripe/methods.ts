/** Our words for Stripe's types. Wallets are no types of their own: they ride on `card`. */
const OURS: Readonly<Record<string, string>> = {
  us_bank_account: 'ach',
  sepa_debit: 'sepa',
  customer_balance: 'spei',
};
const WIRE: Readonly<Record<string, string>> = {
  ach: 'us_bank_account',
  sepa: 'sepa_debit',
  spei: 'customer_balance',
  apple_pay: 'card',
  google_pay: 'card',
};
const WALLETS = ['apple_pay', 'google_pay'];

export function ourMethod(type: string): string {
  return OURS[type] ?? type;
}

export function wireMethods(wished: readonly string[]): string[] {
  return [...new Set(wished.map((method) => WIRE[method] ?? method))];
}

/** What the page will offer: the session's types in our words, with the wallets of `card`, narrowed to the wish. */
export function offeredMethods(types: readonly string[], wished: readonly string[] | null): readonly string[] {
  const all = types.flatMap((type) => (type === 'card' ? ['card', ...WALLETS] : [ourMethod(type)]));
  return wished === null ? all : all.filter((method) => wished.includes(method));
}
