import type { Db } from '../orm.ts';

/** The one purchase whose entitlement has changed. */
export interface GrantSourceKey {
  readonly projectId: string;
  readonly live: boolean;
  readonly organizationId: string;
  readonly sourceKind: 'subscription' | 'order';
  readonly sourceId: string;
}

interface Filter {
  /** Over `entitlement` and `part` (a plan's benefit). */
  readonly wanted: string;
  /** Over `held` (a grant). */
  readonly held: string;
  readonly params: readonly unknown[];
}

/**
 * Plans what follows for benefits from an entitlement as it now stands, in its transaction: a `pending` grant for each
 * benefit of the plan, and `revoking` for what it no longer brings. The same again plans nothing.
 */
export async function planGrants(tx: Db, of: GrantSourceKey): Promise<void> {
  await plan(tx, {
    wanted: `entitlement.project_id = ? and entitlement.live = ? and entitlement.organization_id = ?
      and entitlement.source_kind = ? and entitlement.source_id = ?`,
    held: `held.project_id = ? and held.live = ? and held.organization_id = ?
      and held.source_kind = ? and held.source_id = ?`,
    params: [of.projectId, of.live, of.organizationId, of.sourceKind, of.sourceId],
  });
}

/** The same for everybody who has, or should now have, some benefits: a plan brings others, or one is archived. */
export async function planGrantsOfBenefits(tx: Db, projectId: string, benefitIds: readonly string[]): Promise<void> {
  if (benefitIds.length === 0) return;
  const params = [projectId, `{${benefitIds.join(',')}}`];
  const wanted = 'entitlement.project_id = ? and part.benefit_id = any (?::text[])';
  await plan(tx, { wanted, held: 'held.project_id = ? and held.benefit_id = any (?::text[])', params });
}

async function plan(tx: Db, { wanted, held, params }: Filter): Promise<void> {
  await tx.execute(grantStatement(wanted), [...params], 'run');
  await tx.execute(revokeStatement(held), [...params], 'run');
}

const isEntitling = `entitlement.is_allowed and (entitlement.until is null or entitlement.until > now())`;

/** As `newId` makes them, for many rows at once. */
const newGrantId = `'grant_' || lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || '7' ||
  substr(replace(gen_random_uuid()::text, '-', ''), 14)`;

/** A provider gives it where the very product that was bought there brings it; everything else we give ourselves. */
const grantStatement = (filter: string) => `
  insert into benefit_grants (id, project_id, live, organization_id, benefit_id, source_kind, source_id, status, provider)
  select ${newGrantId}, entitlement.project_id, entitlement.live, entitlement.organization_id, part.benefit_id,
    entitlement.source_kind, entitlement.source_id, 'pending', product.provider
  from entitlements entitlement
  join plan_benefits part on part.project_id = entitlement.project_id and part.plan_id = entitlement.plan_id
  join benefits benefit on benefit.project_id = part.project_id and benefit.id = part.benefit_id and benefit.is_active
  left join subscriptions subscription on entitlement.source_kind = 'subscription'
    and subscription.id = entitlement.source_id and subscription.collection = 'provider'
  left join orders bought on entitlement.source_kind = 'order' and bought.id = entitlement.source_id
  left join provider_prices product on product.project_id = entitlement.project_id and product.live = entitlement.live
    and product.price_id = coalesce(subscription.price_id, bought.price_id)
    and product.provider = coalesce(subscription.provider, bought.provider)
    and part.benefit_id = any (product.pushed_benefits)
  where ${filter} and entitlement.source_kind in ('subscription', 'order') and ${isEntitling}
  order by entitlement.source_id, part.benefit_id
  on conflict (project_id, live, organization_id, benefit_id, source_kind, source_id) do update
    set status = 'pending', provider = excluded.provider, version = benefit_grants.version + 1, problem = null,
      revoked_at = null, updated_at = now()
    where benefit_grants.status in ('revoking', 'revoked')`;

/** What a benefit of ours allows ends at once; the rest is taken back by a workflow. */
const revokeStatement = (filter: string) => `
  with lost as (
    update benefit_grants held set status = 'revoking', version = held.version + 1, problem = null, updated_at = now()
    where ${filter} and held.status in ('pending', 'granted', 'failed')
      and case when held.source_kind = 'direct'
        then not exists (
          select 1 from benefits benefit
          where benefit.project_id = held.project_id and benefit.id = held.benefit_id and benefit.is_active)
        else not exists (
          select 1 from entitlements entitlement
          join plan_benefits part on part.project_id = entitlement.project_id and part.plan_id = entitlement.plan_id
          join benefits benefit
            on benefit.project_id = part.project_id and benefit.id = part.benefit_id and benefit.is_active
          where (entitlement.project_id, entitlement.live, entitlement.organization_id) =
              (held.project_id, held.live, held.organization_id)
            and (entitlement.source_kind, entitlement.source_id) = (held.source_kind, held.source_id)
            and part.benefit_id = held.benefit_id and ${isEntitling}) end
    returning held.project_id, held.live, held.organization_id, held.id)
  update entitlements given set is_allowed = false, reason = 'benefit_revoked', updated_at = now()
  from lost
  where (given.project_id, given.live, given.organization_id) = (lost.project_id, lost.live, lost.organization_id)
    and given.source_kind = 'grant' and given.source_id = lost.id`;
