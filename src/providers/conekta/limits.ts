import type { Money } from '../../domain/money.ts';
import { amountOutOfRange, notSupported } from '../failures.ts';

interface Limit {
  readonly minimumMinor: number | null;
  readonly maximumMinor: number | null;
}

/**
 * In centavos. The card minimum is from Conekta's help pages; maxima are per merchant and told by Conekta itself. The
 * 10,000 pesos often named for OXXO are other processors' (read November 2026).
 */
export const conektaLimits: Readonly<Record<'card' | 'cash' | 'spei', Limit>> = {
  card: { minimumMinor: 300, maximumMinor: null },
  cash: { minimumMinor: 1, maximumMinor: null },
  spei: { minimumMinor: 1, maximumMinor: null },
};

/** @throws {BillingError} `amount_out_of_range` (invalid), `not_supported_by_provider` (invalid) for other currencies. */
export function assertChargeable(amount: Money, method: keyof typeof conektaLimits): void {
  if (amount.currency !== 'MXN') throw notSupported('conekta', 'charge other currencies than MXN');
  const { minimumMinor, maximumMinor } = conektaLimits[method];
  if (amount.amountMinor < (minimumMinor ?? 1) || amount.amountMinor > (maximumMinor ?? Number.MAX_SAFE_INTEGER)) {
    throw amountOutOfRange('conekta', { minimumMinor, maximumMinor });
  }
}
