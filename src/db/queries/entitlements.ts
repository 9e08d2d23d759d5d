import type { EntitlementFact } from '../../domain/entitlement/access.ts';
import type { Db } from '../orm.ts';
import { executePrepared } from '../prepared.ts';

/**
 * Read by the primary key's first columns; plan and subscription by theirs. An organization has a handful of rows: they
 * come as one value, which costs the driver a fifth less than nine columns of each (2026-11-21).
 */
const entitlementsQuery = `
  select coalesce(json_agg(json_build_object(
    'sourceKind', entitlement.source_kind, 'sourceId', entitlement.source_id, 'feature', entitlement.feature,
    'limits', entitlement.limits, 'isAllowed', entitlement.is_allowed, 'reason', entitlement.reason,
    'untilMs', extract(epoch from entitlement.until) * 1000,
    'periodEndMs', extract(epoch from subscription.current_period_end) * 1000,
    'plan', case when plan.id is not null then json_build_object('id', plan.id, 'key', plan.key,
      'features', plan.features, 'limits', plan.limits) end)), '[]') as facts
  from entitlements entitlement
  left join plans plan on plan.project_id = entitlement.project_id and plan.id = entitlement.plan_id
  left join subscriptions subscription
    on entitlement.source_kind = 'subscription' and subscription.id = entitlement.source_id
  where entitlement.project_id = ? and entitlement.live = ? and entitlement.organization_id = ?`;

/** Everything that an organization has rights from, in one round trip; apps ask this on every request of theirs. */
export async function readEntitlements(
  em: Db,
  key: { readonly projectId: string; readonly live: boolean; readonly organizationId: string },
): Promise<readonly EntitlementFact[]> {
  const [row] = await executePrepared<{ readonly facts: readonly EntitlementFact[] }>(em, {
    sql: entitlementsQuery,
    params: [key.projectId, key.live, key.organizationId],
  });
  return row?.facts ?? [];
}
