import { SubscriptionChangeEntity, type Subscription, type SubscriptionChange } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { isOver } from '../domain/subscription/transition.ts';

/** What was asked of a subscription and has come true, or no longer can, is closed with the change that made it so. */
export async function closeChanges(tx: Db, row: Subscription): Promise<void> {
  const open = await tx.find(SubscriptionChangeEntity, {
    subscriptionId: row.id,
    status: { $in: ['requested', 'scheduled'] },
  });
  for (const change of open) {
    const to = outcomeOf(change, row);
    if (to === null) continue;
    const { projectId, live } = row;
    recordAudit(tx, {
      ...{ projectId, live, actor: `subscription/${row.id}`, action: `subscription_change.${to}` },
      ...{ entityKind: 'subscription_change', entityId: change.id },
      detail: `${change.kind}: the subscription is ${row.status}`,
      ...{ before: { status: change.status }, after: { status: to } },
    });
    change.status = to;
  }
}

/** Whatever a customer did at the provider's own portal counts too. @returns null: it stays open. */
function outcomeOf(change: SubscriptionChange, row: Subscription): 'applied' | 'withdrawn' | null {
  if (isOver(row.status)) return change.kind === 'cancel' ? 'applied' : 'withdrawn';
  if (change.status !== 'scheduled') return null;
  if (change.kind === 'change') return isReached(change, row) ? 'applied' : null;
  if (change.kind === 'pause') return row.status === 'paused' ? 'applied' : null;
  const isUndoneThere = change.method === 'provider' && !row.cancelAtPeriodEnd && row.cancelAt === null;
  return change.kind === 'cancel' && isUndoneThere ? 'withdrawn' : null;
}

function isReached(change: SubscriptionChange, row: Subscription): boolean {
  return (
    (change.planId ?? row.planId) === row.planId &&
    (change.priceId ?? row.priceId) === row.priceId &&
    (change.billingInterval ?? row.billingInterval) === row.billingInterval &&
    (change.quantity ?? row.quantity) === row.quantity
  );
}
