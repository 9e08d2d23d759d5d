import type { Subscription } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import type { StoredEntitlement } from '../db/queries/subscription-surroundings.ts';
import { entitlementOf, type Entitlement } from '../domain/entitlement/entitlement.ts';
import type { LifecyclePolicy } from '../domain/subscription/lifecycle-policy.ts';

/**
 * Keeps the row that `GET /billing/access` reads in step with its subscription, in the same transaction.
 *
 * @param stored As it stands, where that is known: then nothing is written if nothing changes.
 * @returns `isNew`: the row changed, so that what hangs on it may too.
 */
export async function writeSubscriptionEntitlement(
  tx: Db,
  row: Subscription,
  policy: LifecyclePolicy,
  isDisputed: boolean,
  stored: StoredEntitlement | null = null,
): Promise<Entitlement & { readonly isNew: boolean }> {
  const entitlement = entitlementOf({
    status: row.status,
    graceEndsAt: row.graceEndsAt?.toISOString() ?? null,
    isDisputed,
    policy,
  });
  const { isAllowed, reason, until } = entitlement;
  if (stored !== null && until === null && isSame(stored, { planId: row.planId, isAllowed, reason, until }))
    return { ...entitlement, isNew: false };
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

function isSame(a: StoredEntitlement, b: StoredEntitlement): boolean {
  return a.planId === b.planId && a.isAllowed === b.isAllowed && a.reason === b.reason && a.until === b.until;
}
