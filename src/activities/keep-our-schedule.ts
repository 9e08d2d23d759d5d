import { SubscriptionChangeEntity, type Subscription } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { isOver } from '../domain/subscription/transition.ts';

/**
 * What waits with us the provider does not know, so its truth does not show it: an end that it cannot schedule, the day
 * that a pause ends on. Both stay in the row that a truth has just been written to. What a customer was to confirm for a
 * change is done with when the change has come.
 */
export async function keepOurSchedule(tx: Db, row: Subscription): Promise<void> {
  if (isOver(row.status)) return;
  const waiting = await tx.find(SubscriptionChangeEntity, {
    subscriptionId: row.id,
    status: 'scheduled',
    method: 'ours',
    kind: { $in: ['cancel', 'resume', 'change'] },
  });
  for (const { kind, effectiveAt, timing, priceId, quantity } of waiting) {
    if (kind === 'cancel') Object.assign(row, { cancelAtPeriodEnd: true, cancelAt: effectiveAt });
    if (kind === 'resume' && row.status === 'paused') row.resumesAt ??= effectiveAt;
    const hasCome = (priceId ?? row.priceId) === row.priceId && (quantity ?? row.quantity) === row.quantity;
    if (kind === 'change' && timing === 'now' && hasCome) row.nextStep = null;
  }
}
