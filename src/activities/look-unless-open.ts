import { BillingError } from '../domain/errors.ts';
import type { AccountKey } from '../domain/provider-account.ts';
import type { ActivityDeps } from './deps.ts';

/**
 * Looks at a provider inside a workflow task only while that is quick: such looks share their slots with every other
 * provider's, so that one which answers nothing would hold them all up. While its breaker is open the look fails at once,
 * and the workflow makes it with patience, on the provider's own queue. A due trial may be a look.
 *
 * @throws {BillingError} `provider_breaker_open` (unavailable): nothing was sent.
 */
export async function lookUnlessOpen<T>(
  deps: Pick<ActivityDeps, 'health' | 'sharesSlots'>,
  key: AccountKey,
  look: () => Promise<T>,
): Promise<T> {
  if (deps.sharesSlots !== true) return look();
  const entered = await deps.health.enter(key);
  if (entered === 'open') throw breakerOpen(key.provider);
  try {
    return await look();
  } finally {
    if (entered === 'trial') deps.health.leave(key);
  }
}

function breakerOpen(provider: string): BillingError {
  return new BillingError({
    code: 'provider_breaker_open',
    kind: 'unavailable',
    message: 'The provider has been failing: it is not asked for the moment.',
    details: { provider, status: null, provider_code: 'breaker_open' },
  });
}
