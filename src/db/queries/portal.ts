import { PortalLinkEntity, type PortalLink } from '../entities/portal-link.ts';
import { insertStatement } from '../insert-statement.ts';
import type { Db } from '../orm.ts';
import { executePrepared } from '../prepared.ts';
import type { Scope } from './subscriptions.ts';

/** Whose portal to open; null where nothing is known there: then it is our own page. */
export interface PortalTarget {
  readonly provider: string | null;
  readonly providerCustomerId: string | null;
  readonly providerSubscriptionId: string | null;
}

/**
 * Where an organization manages what it has: at the provider of its live subscription (the newest that entitles, else the
 * newest), else where it became a customer last.
 *
 * @param preferred Goes before all others where the organization is a customer of it.
 * @returns null: it never was a customer.
 */
export async function findPortalTarget(
  em: Db,
  { projectId, live }: Scope,
  organizationId: string,
  preferred: string | null,
): Promise<PortalTarget | null> {
  const owner = [projectId, live, organizationId];
  const [row] = await executePrepared<{
    provider: string | null;
    customer_id: string | null;
    subscription_id: string | null;
  }>(em, { sql: targetSql, params: [...owner, ...owner, ...owner, ...owner, preferred] });
  return row
    ? {
        provider: row.provider,
        providerCustomerId: row.customer_id,
        providerSubscriptionId: row.subscription_id,
      }
    : null;
}

const targetSql = `
  select target.provider, coalesce(target.customer_id, customer.provider_customer_id) as customer_id,
    target.subscription_id
  from (
    select provider, provider_customer_id as customer_id, provider_subscription_id as subscription_id, created_at,
      case when status in ('trialing', 'active', 'past_due') then 1 when status = 'paused' then 2 else 4 end as rank
    from subscriptions where project_id = ? and live = ? and organization_id = ?
    union all
    select provider, provider_customer_id, null, created_at, 3
    from provider_customers where project_id = ? and live = ? and organization_id = ?
    union all
    (select null, null, null, created_at, 5 from orders
     where project_id = ? and live = ? and organization_id = ? limit 1)
  ) target
  left join provider_customers customer on customer.project_id = ? and customer.live = ?
    and customer.organization_id = ? and customer.provider = target.provider
  order by (target.provider is not distinct from ?::text) desc, target.rank, target.created_at desc
  limit 1`;

/** One statement, one commit: somebody waits for the link. */
export async function addPortalLink(em: Db, link: Omit<PortalLink, 'createdAt' | 'updatedAt'>): Promise<void> {
  await executePrepared(em, insertStatement(em, PortalLinkEntity, link));
}

/** The link with this hash, as long as it lasts. */
export async function findPortalLink(em: Db, tokenHash: string): Promise<PortalLink | null> {
  return em.findOne(PortalLinkEntity, { tokenHash, expiresAt: { $gt: new Date() } });
}
