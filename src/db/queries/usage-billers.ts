import type { BillingCandidate } from '../../domain/usage/biller.ts';
import type { Db } from '../orm.ts';
import type { Scope } from './subscriptions.ts';

type CandidateRow = BillingCandidate & { readonly organizationId: string };

/**
 * The subscriptions that may bill what each organization uses: those that live, and those that have ended within
 * `openBillMs`.
 */
export async function listBillingCandidates(
  em: Db,
  { projectId, live }: Scope,
  input: { readonly organizationIds: readonly string[]; readonly openBillMs: number },
): Promise<ReadonlyMap<string, readonly BillingCandidate[]>> {
  const { organizationIds, openBillMs } = input;
  if (organizationIds.length === 0) return new Map();
  const rows = await em.execute<CandidateRow[]>(
    `select one.organization_id as "organizationId", one.provider,
       coalesce(one.provider_customer_id, customer.provider_customer_id) as "providerCustomerId",
       coalesce(entitlement.is_allowed and (entitlement.until is null or entitlement.until > now()), false) as "isEntitling",
       case when one.status in ('canceled', 'expired')
         then (extract(epoch from coalesce(one.ended_at, one.updated_at)) * 1000)::float8 end as "endedAtMs",
       (extract(epoch from one.current_period_start) * 1000)::float8 as "periodStartMs",
       (extract(epoch from one.created_at) * 1000)::float8 as "createdAtMs"
     from subscriptions one
     left join provider_customers customer on customer.project_id = one.project_id and customer.live = one.live
       and customer.organization_id = one.organization_id and customer.provider = one.provider
     left join entitlements entitlement on entitlement.project_id = one.project_id and entitlement.live = one.live
       and entitlement.organization_id = one.organization_id
       and entitlement.source_kind = 'subscription' and entitlement.source_id = one.id
     where one.project_id = ? and one.live = ?
       and one.organization_id in (select jsonb_array_elements_text(?::jsonb))
       and one.provider is not null
       and (one.status in ('trialing', 'active', 'past_due', 'paused')
         or (one.status in ('canceled', 'expired')
           and coalesce(one.ended_at, one.updated_at) > now() - make_interval(secs => ?)))`,
    [projectId, live, JSON.stringify(organizationIds), openBillMs / 1_000],
  );
  return Map.groupBy(rows, ({ organizationId }) => organizationId);
}
