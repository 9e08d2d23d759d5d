import type { Subscription } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { entitlementOf, type Entitlement } from '../domain/entitlement/entitlement.ts';
import type { LifecyclePolicy } from '../domain/subscription/lifecycle-policy.ts';

/**
 * Keeps the row that `GET /billing/access` reads in step with its subscription, in the same transaction.
 *
 * @returns `isNew`: the row changed, so that what hangs on it may too.
 */
export async function writeSubscriptionEntitlement(
  tx: Db,
  row: Subscription,
  policy: LifecyclePolicy,
  isDisputed: boolean,
): Promise<Entitlement & { readonly isNew: boolean }> {
  const entitlement = entitlementOf({
    status: row.status,
    graceEndsAt: row.graceEndsAt?.toISOString() ?? null,
    isDisputed,
    policy,
  });
  const { isAllowed, reason, until } = entitlement;
  const written = await tx.execute<object[]>(
    `insert into entitlements (project_id, live, organization_id, source_kind, source_id, plan_id, is_allowed, reason, until)
     values (?, ?, ?, 'subscription', ?, ?, ?, ?, ?)
     on conflict (project_id, live, organization_id, source_kind, source_id) do update
       set plan_id = excluded.plan_id, is_allowed = excluded.is_allowed, reason = excluded.reason,
         until = excluded.until, updated_at = now()
       where (entitlements.plan_id, entitlements.is_allowed, entitlements.reason, entitlements.until)
         is distinct from (excluded.plan_id, excluded.is_allowed, excluded.reason, excluded.until)
     returning source_id`,
    [row.projectId, row.live, row.organizationId, row.id, row.planId, isAllowed, reason, until],
  );
  return { ...entitlement, isNew: written.length > 0 };
}
