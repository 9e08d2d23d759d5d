import type { AccountKey } from '../../domain/provider-account.ts';
import { ProviderAccountEntity, type ProviderAccountRow } from '../entities/project.ts';
import type { Db } from '../orm.ts';

/** All accounts that a project keeps with us, both modes. */
export async function listProviderAccounts(em: Db, projectId: string): Promise<readonly ProviderAccountRow[]> {
  return em.find(ProviderAccountEntity, { projectId }, { orderBy: { provider: 'asc', live: 'asc' } });
}

export async function findProviderAccount(em: Db, key: AccountKey): Promise<ProviderAccountRow | null> {
  return em.findOne(ProviderAccountEntity, { ...key });
}

/**
 * Writes sealed credentials when `em` is flushed; what was learnt about the ones before is forgotten.
 *
 * @param before The row as read; its version is the one that grows.
 */
export function putProviderAccount(
  em: Db,
  key: AccountKey,
  before: ProviderAccountRow | null,
  input: {
    readonly credentials: Buffer;
    readonly credentialKeys: string[];
    readonly webhookEndpointId?: string | null;
  },
): ProviderAccountRow {
  const facts = {
    ...input,
    webhookEndpointId: input.webhookEndpointId ?? before?.webhookEndpointId ?? null,
    providerAccountId: null,
    providerAccountName: null,
    checkedAt: null,
    checkError: null,
  };
  if (before) return em.assign(before, { ...facts, version: before.version + 1 });
  return em.create(ProviderAccountEntity, { ...key, ...facts, version: 1 }, { persist: true });
}

/** What a check of these very credentials found; nothing when they have changed meanwhile. */
export async function recordAccountCheck(
  em: Db,
  key: AccountKey & { readonly version: number },
  found: { readonly id: string | null; readonly name: string | null; readonly error: string | null },
): Promise<void> {
  await em.nativeUpdate(
    ProviderAccountEntity,
    { ...key },
    { providerAccountId: found.id, providerAccountName: found.name, checkError: found.error, checkedAt: new Date() },
  );
}

/** What still runs at that provider for the project and mode: open checkouts and live subscriptions. */
export async function countInUse(em: Db, key: AccountKey): Promise<number> {
  const [row] = await em.execute<{ count: string }[]>(
    `select (select count(*) from checkouts where project_id = ? and live = ? and provider = ? and status in ('open', 'pending'))
          + (select count(*) from subscriptions where project_id = ? and live = ? and provider = ?
               and status not in ('canceled', 'expired')) as count`,
    [key.projectId, key.live, key.provider, key.projectId, key.live, key.provider],
  );
  return Number(row?.count ?? 0);
}
