import type { MikroORM } from '@mikro-orm/postgresql';
import { openCredentials } from './crypto/account-credentials.ts';
import type { KeyRing } from './crypto/key-ring.ts';
import { listProviderAccounts } from './db/queries/provider-accounts.ts';
import type { Logger } from './logger.ts';
import type { StoredAccount } from './providers/directory.ts';

/**
 * Reads the accounts that projects keep with us, opened. One that does not open (its key left the ring) is left out and
 * told: the project's other accounts go on.
 */
export function createAccountLoader(deps: {
  readonly orm: MikroORM;
  readonly keyRing: KeyRing | null;
  readonly logger: Logger;
}): (projectId: string) => Promise<readonly StoredAccount[]> {
  const { keyRing } = deps;
  if (keyRing === null) return () => Promise.resolve([]);
  return async (projectId) => {
    const rows = await listProviderAccounts(deps.orm.em.fork(), projectId);
    return rows.flatMap((row) => {
      try {
        const { provider, live, version } = row;
        return [{ provider, live, version, credentials: openCredentials(keyRing, row, row.credentials) }];
      } catch (error) {
        deps.logger.error({ err: error, project: projectId, provider: row.provider }, 'an account cannot be opened');
        return [];
      }
    });
  };
}
