import { SubscriptionChangeEntity, type SubscriptionChange } from '../entities/subscription.ts';
import type { Db } from '../orm.ts';

/** The open change of each subscription that has one; there is never a second. */
export async function listPendingChanges(
  em: Db,
  subscriptionIds: readonly string[],
): Promise<ReadonlyMap<string, SubscriptionChange>> {
  if (subscriptionIds.length === 0) return new Map();
  const rows = await em.find(SubscriptionChangeEntity, {
    subscriptionId: { $in: [...subscriptionIds] },
    kind: 'change',
    status: { $in: ['requested', 'scheduled'] },
  });
  return new Map(rows.map((row) => [row.subscriptionId, row]));
}

/** The pause that waits for its day, of each subscription that has one. */
export async function listScheduledPauses(
  em: Db,
  subscriptionIds: readonly string[],
): Promise<ReadonlyMap<string, SubscriptionChange>> {
  if (subscriptionIds.length === 0) return new Map();
  const rows = await em.find(
    SubscriptionChangeEntity,
    { subscriptionId: { $in: [...subscriptionIds] }, kind: 'pause', status: 'scheduled' },
    { orderBy: { id: 'asc' } },
  );
  return new Map(rows.map((row) => [row.subscriptionId, row]));
}
