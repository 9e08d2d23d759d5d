import { invalid } from './errors.ts';

/**
 * Smallest and largest charge in centavos of MXN. The card's minimum is published; maxima are set per merchant and
 * none is known for the others. OXXO's 10,000 MXN cap is other processors', not Conekta's.
 */
export const AMOUNT_LIMITS: Record<string, { min: number; max: number | null }> = {
  card: { min: 300, max: null },
  cash: { min: 1, max: null },
  spei: { min: 1, max: null },
  bnpl: { min: 1, max: null },
  pay_by_bank: { min: 1, max: null },
};

/** @throws {ConektaFailure} 422 for an amount the method does not take */
export function requireChargeable(method: string, amount: number, currency: string): void {
  const limits = AMOUNT_LIMITS[method] ?? { min: 1, max: null };
  if (currency !== 'MXN' || (amount >= limits.min && (limits.max === null || amount <= limits.max))) return;
  const min = (limits.min / 100).toFixed(2);
  throw invalid(
    'amount',
    'range',
    `The amount must be at least ${min} MXN for ${method}.`,
    `El monto mínimo para ${method} es de ${min} MXN.`,
  );
}
