import type { Subscription } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import type { StoredEntitlement, Surroundings } from '../db/queries/subscription-surroundings.ts';
import { entitlementOf, type Entitlement } from '../domain/entitlement/entitlement.ts';
import type { LifecyclePolicy } from '../domain/subscription/lifecycle-policy.ts';

/**
 * Keeps the row that `GET /billing/access` reads in step with its subscription, in the same transaction.
 *
 * @param around What was read when the transaction began: then an entitlement that stays is neither asked about nor
 *   written. One that changes is decided by what is true now.
 * @returns `isNew`: the row changed, so that what hangs on it may too.
 */
export async function writeSubscriptionEntitlement(
  tx: Db,
  row: Subscription,
  policy: LifecyclePolicy,
  isDisputed: () => Promise<boolean>,
  around: Surroundings | null,
): Promise<Entitlement & { readonly isNew: boolean }> {
  const graceEndsAt = row.graceEndsAt?.toISOString() ?? null;
  const undisputed = entitlementOf({ status: row.status, graceEndsAt, isDisputed: false, policy });
  if (around !== null && !around.hasDisputes && isSame(around.entitlement, { planId: row.planId, ...undisputed }))
    return { ...undisputed, isNew: false };
  const entitlement = entitlementOf({ status: row.status, graceEndsAt, isDisputed: await isDisputed(), policy });
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

/** One with an end is compared where it is written. */
function isSame(a: StoredEntitlement | null, b: StoredEntitlement): boolean {
  if (a === null || a.until !== null || b.until !== null) return false;
  return a.planId === b.planId && a.isAllowed === b.isAllowed && a.reason === b.reason;
}
