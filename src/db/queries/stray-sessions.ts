import { StraySessionEntity, type StraySession } from '../entities/routing.ts';
import { newId } from '../new-id.ts';
import type { Db } from '../orm.ts';

export interface StrayKey {
  readonly projectId: string;
  readonly live: boolean;
  readonly checkoutId: string;
  readonly provider: string;
}

/** What may exist at a provider beside the checkout's own session; null: nothing that we know of. */
export async function findStray(
  em: Db,
  { projectId, live, checkoutId, provider }: StrayKey,
): Promise<StraySession | null> {
  return em.findOne(StraySessionEntity, { projectId, live, checkoutId, provider }, { refresh: true });
}

/** Where sessions of the checkout may exist that are not settled yet. */
export async function findStrayProviders(
  em: Db,
  { projectId, live, id }: { readonly projectId: string; readonly live: boolean; readonly id: string },
): Promise<readonly string[]> {
  const rows = await em.find(StraySessionEntity, { projectId, live, checkoutId: id, status: 'unknown' });
  return rows.map(({ provider }) => provider);
}

/**
 * The row, made where there is none: a session shows by itself, or one that was handed out is left.
 *
 * @param known What to remember of it; a row that exists takes it over.
 */
export async function keepStray(
  tx: Db,
  key: StrayKey,
  known: Partial<Pick<StraySession, 'providerCheckoutId' | 'status' | 'resolvedAt' | 'why'>> = {},
): Promise<StraySession> {
  const row = await findStray(tx, key);
  if (row) return tx.assign(row, { ...known, updatedAt: new Date() });
  const { projectId, live, checkoutId, provider } = key;
  return tx.create(
    StraySessionEntity,
    {
      ...{ id: newId('stray'), projectId, live, checkoutId, provider, askedAt: new Date(), emptyLooks: 0 },
      ...{ providerCheckoutId: null, status: 'unknown', resolvedAt: null, why: null, ...known },
    },
    { persist: true },
  );
}
