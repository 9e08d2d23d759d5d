import {
  SubscriptionChangeEntity,
  type Subscription,
  type SubscriptionChange,
} from '../../db/entities/subscription.ts';
import type { Db } from '../../db/orm.ts';
import { recordAudit } from '../../db/queries/audit.ts';
import type { OperationKind } from '../../domain/subscription/operation.ts';

/** Takes back what waits of a kind, inside the caller's transaction. @returns what was taken back. */
export async function withdrawScheduled(
  tx: Db,
  row: Subscription,
  kind: OperationKind,
  by: { readonly actor: string; readonly detail: string; /** Not this one. */ readonly except?: string },
): Promise<readonly SubscriptionChange[]> {
  const waiting = await tx.find(SubscriptionChangeEntity, { subscriptionId: row.id, kind, status: 'scheduled' });
  const taken = waiting.filter(({ id }) => id !== by.except);
  for (const each of taken) {
    each.status = 'withdrawn';
    const { projectId, live } = row;
    recordAudit(tx, {
      ...{ projectId, live, actor: by.actor, action: `subscription.${kind}_withdrawn`, detail: by.detail },
      ...{ entityKind: 'subscription', entityId: row.id },
      ...{ before: { change: each.id, status: 'scheduled' }, after: { change: each.id, status: 'withdrawn' } },
    });
  }
  return taken;
}
