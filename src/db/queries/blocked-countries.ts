import type { BlockedOverlay } from '../../domain/routing/country.ts';
import { BlockedCountryEntity, type BlockedCountryEntry } from '../entities/routing.ts';
import type { Db } from '../orm.ts';
import type { Scope } from './subscriptions.ts';

/** What a project says of countries, over what ships. */
export async function listBlockedEntries(em: Db, { projectId, live }: Scope): Promise<readonly BlockedOverlay[]> {
  return em.find(BlockedCountryEntity, { projectId, live }, { orderBy: { country: 'asc' } });
}

export async function findBlockedEntry(
  em: Db,
  { projectId, live }: Scope,
  country: string,
): Promise<BlockedCountryEntry | null> {
  return em.findOne(BlockedCountryEntity, { projectId, live, country });
}

/** Sets what the project says of a country, when `tx` is flushed. Under `lockPolicies`. */
export function putBlockedEntry(
  tx: Db,
  { projectId, live }: Scope,
  before: BlockedCountryEntry | null,
  entry: BlockedOverlay,
  changedBy: string,
): void {
  const { country, isBlocked, reason, regions, since } = entry;
  const facts = { isBlocked, reason, since, changedBy, regions: regions && [...regions] };
  if (before) tx.assign(before, facts);
  else tx.create(BlockedCountryEntity, { projectId, live, country, ...facts }, { persist: true });
}

export async function deleteBlockedEntry(tx: Db, { projectId, live }: Scope, country: string): Promise<void> {
  await tx.nativeDelete(BlockedCountryEntity, { projectId, live, country });
}
