import { asUnknown } from '../failures.ts';
import type { MoneyResult } from '../port-money.ts';
import { declineOf } from './declines.ts';

/**
 * One attempt to move money. 402 is a decline, an unclear answer is unknown, everything else is thrown.
 *
 * @param kept What Stripe keeps of a declined attempt, from the error's body.
 */
export async function moneyResult<T>(
  attempt: () => Promise<MoneyResult<T>>,
  kept: (attempt: unknown) => Promise<T | null> | T | null = () => null,
): Promise<MoneyResult<T>> {
  try {
    return await attempt();
  } catch (error) {
    const decline = declineOf(error);
    if (!decline) return asUnknown(error);
    const { outcome, declineCode, providerCode } = decline;
    return { outcome, declineCode, providerCode, value: await kept(decline.attempt) };
  }
}
