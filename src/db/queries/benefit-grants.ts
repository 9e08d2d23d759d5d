import type { GrantWork } from '../../domain/benefit.ts';
import { BenefitGrantEntity, type BenefitGrant } from '../entities/benefit.ts';
import type { Db } from '../orm.ts';
import type { Scope } from './subscriptions.ts';

/** Grants of a subscription, or of a checkout's order, that wait to be carried out. */
export async function listGrantWork(
  em: Db,
  projectId: string,
  source: { readonly subscriptionId: string } | { readonly checkoutId: string },
): Promise<readonly GrantWork[]> {
  const isSubscription = 'subscriptionId' in source;
  return em.execute<GrantWork[]>(
    `select id as "grantId", version, provider from benefit_grants
     where project_id = ? and status in ('pending', 'revoking')
       and source_id ${isSubscription ? '= ?' : 'in (select id from orders where checkout_id = ?)'}
     order by id`,
    [projectId, isSubscription ? source.subscriptionId : source.checkoutId],
  );
}

export interface WaitingGrant extends GrantWork {
  readonly projectId: string;
  readonly live: boolean;
  readonly organizationId: string;
}

/**
 * Takes grants that have waited since `before`, longest first, and marks them as looked at. What waits for somebody, as
 * its problem tells, has a workflow that looks: it is taken seldom.
 */
export async function takeWaitingGrants(
  em: Db,
  input: { readonly before: Date; readonly limit: number },
): Promise<readonly WaitingGrant[]> {
  return em.execute<WaitingGrant[]>(
    `update benefit_grants set updated_at = now()
     where id in (
       select id from benefit_grants where status in ('pending', 'revoking') and updated_at < ?
         and (problem is null or updated_at < now() - interval '10 minutes')
       order by updated_at limit ? for update skip locked)
     returning id as "grantId", version, provider, project_id as "projectId", live, organization_id as "organizationId"`,
    [input.before.toISOString(), input.limit],
  );
}

export async function findGrant(em: Db, scope: Scope, id: string): Promise<BenefitGrant | null> {
  return em.findOne(BenefitGrantEntity, { projectId: scope.projectId, live: scope.live, id }, { refresh: true });
}

/** Newest first, one more than `limit`. */
export async function listGrants(
  em: Db,
  scope: Scope,
  input: {
    readonly organizationIds: readonly string[] | null;
    readonly benefitId?: string;
    readonly before: string | null;
    readonly limit: number;
  },
): Promise<readonly BenefitGrant[]> {
  return em.find(
    BenefitGrantEntity,
    {
      projectId: scope.projectId,
      live: scope.live,
      ...(input.organizationIds && { organizationId: { $in: [...input.organizationIds] } }),
      ...(input.benefitId !== undefined && { benefitId: input.benefitId }),
      ...(input.before !== null && { id: { $lt: input.before } }),
    },
    { orderBy: { id: 'desc' }, limit: input.limit + 1 },
  );
}
