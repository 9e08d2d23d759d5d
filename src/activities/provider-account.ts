import { BillingError } from '../domain/errors.ts';
import type { ProviderAccount } from '../providers/port.ts';
import type { ActivityDeps } from './deps.ts';

/** @throws {BillingError} `provider_not_configured` (unavailable): its keys went away; retried until they are back. */
export async function accountOf(
  deps: ActivityDeps,
  projectId: string,
  live: boolean,
  provider: string,
): Promise<ProviderAccount> {
  const account = await deps.providers.account(projectId, live, provider);
  if (account) return account;
  throw new BillingError({
    code: 'provider_not_configured',
    kind: 'unavailable',
    message: `Project ${projectId} has no ${live ? 'live' : 'test'} account at ${provider}.`,
  });
}
