import type { EntitlementFact } from '../../domain/entitlement/access.ts';
import type { Db } from '../orm.ts';
import { executePrepared } from '../prepared.ts';

interface EntitlementRow {
  readonly sourceKind: EntitlementFact['sourceKind'];
  readonly sourceId: string;
  readonly plan: EntitlementFact['plan'];
  readonly feature: string | null;
  readonly limits: Readonly<Record<string, number>>;
  readonly isAllowed: boolean;
  readonly reason: string;
  readonly untilMs: number | null;
  readonly periodEndMs: number | null;
}

/** Read by the primary key's first columns; plan and subscription by theirs. An organization has a handful of rows. */
const entitlementsQuery = `
  select entitlement.source_kind as "sourceKind", entitlement.source_id as "sourceId", entitlement.feature,
    entitlement.limits, entitlement.is_allowed as "isAllowed", entitlement.reason,
    (extract(epoch from entitlement.until) * 1000)::float8 as "untilMs",
    (extract(epoch from subscription.current_period_end) * 1000)::float8 as "periodEndMs",
    case when plan.id is not null then jsonb_build_object('id', plan.id, 'key', plan.key, 'features', plan.features,
      'limits', plan.limits) end as plan
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
  return executePrepared<EntitlementRow>(em, {
    sql: entitlementsQuery,
    params: [key.projectId, key.live, key.organizationId],
  });
}
