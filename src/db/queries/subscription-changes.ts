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

/** A request whose workflow was never told of it is carried out this long after it was made. */
const forgottenAfterMs = 120_000;

/** The next of its changes that waits with us: one of ours at its time, or one that was asked and not carried out. */
export async function findNextOperation(
  em: Db,
  subscriptionId: string,
): Promise<{ readonly changeId: string; readonly at: string } | null> {
  const rows = await em.find(SubscriptionChangeEntity, {
    subscriptionId,
    $or: [{ status: 'requested' }, { status: 'scheduled', method: { $in: ['ours', 'recreate'] } }],
  });
  const due = rows.flatMap(({ id, status, createdAt, effectiveAt }) => {
    const at = status === 'requested' ? createdAt.getTime() + forgottenAfterMs : effectiveAt?.getTime();
    return at === undefined ? [] : [{ changeId: id, at }];
  });
  const next = due.toSorted((a, b) => a.at - b.at)[0];
  return next ? { changeId: next.changeId, at: new Date(next.at).toISOString() } : null;
}
