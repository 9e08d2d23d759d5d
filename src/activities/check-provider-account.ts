import { BillingError } from '../domain/errors.ts';
import type { AccountKey } from '../domain/provider-account.ts';
import { findProviderAccount, recordAccountCheck } from '../db/queries/provider-accounts.ts';
import { accountOf } from './provider-account.ts';
import type { ActivityDeps } from './deps.ts';

export interface AccountCheckResult {
  /** null: the credentials open the account. Else an error code. */
  readonly error: string | null;
  readonly providerAccountId: string | null;
  readonly name: string | null;
}

/**
 * Asks the provider whose account the credentials open, and keeps the answer with them. Refused credentials are an
 * answer; a provider that cannot be reached is one too, for a person is waiting.
 */
export function createCheckProviderAccount(deps: ActivityDeps) {
  return async function checkProviderAccount(key: AccountKey): Promise<AccountCheckResult> {
    await deps.providers.reload(key.projectId);
    const em = deps.orm.em.fork();
    const row = await findProviderAccount(em, key);
    const { client } = await accountOf(deps, key.projectId, key.live, key.provider);
    const found = await client.account.check().then(
      ({ providerAccountId, name }) => ({ error: null, providerAccountId, name }),
      (error: unknown) => ({ error: codeOf(error), providerAccountId: null, name: null }),
    );
    const { error, providerAccountId: id, name } = found;
    if (row) await recordAccountCheck(em, { ...key, version: row.version }, { id, name, error });
    return found;
  };
}

function codeOf(error: unknown): string {
  if (error instanceof BillingError && error.kind !== 'bug') return error.code;
  throw error;
}
