import type { Order } from '../db/entities/payment.ts';
import type { Db } from '../db/orm.ts';
import { planGrants } from '../db/queries/plan-grants.ts';
import { orderEntitlement } from '../domain/entitlement/entitlement.ts';
import { lifecyclePolicyOf } from './note-subscription.ts';

/**
 * Keeps what `GET /billing/access` reads, and the grants of benefits, in step with a one-time purchase. Call it once per
 * change, in its transaction, after the order's row is flushed. The same again changes nothing.
 */
export async function writeOrderEntitlement(tx: Db, order: Order): Promise<void> {
  const { projectId, live, organizationId, id, planId } = order;
  const { isAllowed, reason } = orderEntitlement(order.status, await lifecyclePolicyOf(tx, projectId));
  await tx.execute(
    `insert into entitlements (project_id, live, organization_id, source_kind, source_id, plan_id, is_allowed, reason)
     values (?, ?, ?, 'order', ?, ?, ?, ?)
     on conflict (project_id, live, organization_id, source_kind, source_id) do update
       set plan_id = excluded.plan_id, is_allowed = excluded.is_allowed, reason = excluded.reason, updated_at = now()
       where (entitlements.plan_id, entitlements.is_allowed, entitlements.reason)
         is distinct from (excluded.plan_id, excluded.is_allowed, excluded.reason)`,
    [projectId, live, organizationId, id, planId, isAllowed, reason],
    'run',
  );
  await planGrants(tx, { projectId, live, organizationId, sourceKind: 'order', sourceId: id });
}
