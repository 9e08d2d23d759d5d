import { LockMode } from '@mikro-orm/core';
import type { AccountKey } from '../../domain/provider-account.ts';
import { ProviderHealthEntity, type ProviderHealthRow } from '../entities/provider-health.ts';
import type { Db } from '../orm.ts';

/** Processes' clocks may differ by this much without a change being overlooked. */
const clockSkewMs = 5_000;

/** @param since When the newest known change was made; null: all of them. */
export function listHealthSince(em: Db, since: Date | null): Promise<readonly ProviderHealthRow[]> {
  const changed = since === null ? {} : { updatedAt: { $gt: new Date(since.getTime() - clockSkewMs) } };
  return em.find(ProviderHealthEntity, changed, { disableIdentityMap: true });
}

/**
 * Changes accounts' rows in one transaction; missing ones are made first. Rows are locked in one order everywhere, so
 * that no two processes wait for each other.
 *
 * @param change Assigns what is new; may note it in the audit log with the same `tx`.
 * @returns the rows as they are now.
 */
export function changeHealth(
  em: Db,
  keys: readonly AccountKey[],
  change: (tx: Db, row: ProviderHealthRow) => void,
): Promise<readonly ProviderHealthRow[]> {
  return em.fork().transactional(async (tx) => {
    let rows = await lockRows(tx, keys);
    if (rows.length < keys.length) {
      await makeRows(tx, keys);
      rows = await lockRows(tx, keys);
    }
    for (const row of rows) change(tx, row);
    await tx.flush();
    return rows;
  });
}

/** @returns whether this caller has the trial: one over all processes. */
export async function claimTrialOf(em: Db, key: AccountKey, nowMs: number, untilMs: number): Promise<boolean> {
  const now = new Date(nowMs);
  const claimed = await em.nativeUpdate(
    ProviderHealthEntity,
    {
      ...keyOf(key),
      state: { $ne: 'closed' },
      trialAt: { $lte: now },
      $or: [{ trialUntil: null }, { trialUntil: { $lte: now } }],
    },
    { state: 'half_open', trialUntil: new Date(untilMs), updatedAt: new Date() },
  );
  return claimed === 1;
}

function lockRows(tx: Db, keys: readonly AccountKey[]): Promise<readonly ProviderHealthRow[]> {
  return tx.find(
    ProviderHealthEntity,
    { $or: keys.map(keyOf) },
    { lockMode: LockMode.PESSIMISTIC_WRITE, orderBy: { projectId: 'asc', live: 'asc', provider: 'asc' } },
  );
}

function keyOf({ projectId, live, provider }: AccountKey): AccountKey {
  return { projectId, live, provider };
}

function inOrder(keys: readonly AccountKey[]): readonly AccountKey[] {
  const text = ({ projectId, live, provider }: AccountKey) => `${projectId} ${live ? 1 : 0} ${provider}`;
  return keys.toSorted((one, other) => (text(one) < text(other) ? -1 : 1));
}

/** Whoever comes second finds them made. */
async function makeRows(tx: Db, keys: readonly AccountKey[]): Promise<void> {
  const rows = keys.map(() => `(?, ?, ?, 'closed')`).join(', ');
  await tx.execute(
    `insert into provider_health (project_id, live, provider, state) values ${rows} on conflict do nothing`,
    inOrder(keys).flatMap(({ projectId, live, provider }) => [projectId, live, provider]),
    'run',
  );
}
