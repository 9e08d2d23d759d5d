import type { CheckoutMode } from '../../domain/catalogue.ts';

/**
 * Our words and those of a hosted checkout. Conekta's `cash` prints one reference for its stores, OXXO among them
 * where the account has it, so both of our words mean it; SPEI is `bank_transfer` here, but `spei` in a charge.
 */
const WIRE: Readonly<Record<string, string>> = {
  card: 'card',
  oxxo: 'cash',
  cash: 'cash',
  spei: 'bank_transfer',
};

export function wireMethods(mode: CheckoutMode, wished: readonly string[] | null): readonly string[] {
  if (mode === 'subscription') return ['card'];
  const chosen = (wished ?? Object.keys(WIRE)).flatMap((method) => WIRE[method] ?? []);
  return [...new Set(chosen)];
}

/** What the page will offer, in our words: all of ours that mean an allowed method, narrowed to the wish. */
export function offeredMethods(allowed: readonly string[], wished: readonly string[] | null): readonly string[] {
  return Object.entries(WIRE).flatMap(([method, wire]) =>
    allowed.includes(wire) && (wished === null || wished.includes(method)) ? [method] : [],
  );
}
