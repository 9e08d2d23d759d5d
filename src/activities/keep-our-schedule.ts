import { SubscriptionChangeEntity, type Subscription } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { isOver } from '../domain/subscription/transition.ts';

/**
 * What waits with us the provider does not know, so its truth does not show it: an end that it cannot schedule, the day
 * that a pause ends on. Both stay in the row that a truth has just been written to.
 */
export async function keepOurSchedule(tx: Db, row: Subscription): Promise<void> {
  if (isOver(row.status)) return;
  const waiting = await tx.find(SubscriptionChangeEntity, {
    subscriptionId: row.id,
    status: 'scheduled',
    method: 'ours',
    kind: { $in: ['cancel', 'resume'] },
  });
  for (const { kind, effectiveAt } of waiting) {
    if (kind === 'cancel') Object.assign(row, { cancelAtPeriodEnd: true, cancelAt: effectiveAt });
    else if (row.status === 'paused') row.resumesAt ??= effectiveAt;
  }
}
