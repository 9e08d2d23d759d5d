import type { SubscriptionStatus } from '../../domain/subscription/truth.ts';
import { SubscriptionEntity, type Subscription } from '../entities/subscription.ts';
import type { Db } from '../orm.ts';

export interface Scope {
  readonly projectId: string;
  readonly live: boolean;
}

/** A second one to the same plan would charge twice. */
export const liveStatuses: readonly SubscriptionStatus[] = ['trialing', 'active', 'past_due', 'paused'];

/** The organization's live subscriptions, newest first. */
export async function listLiveSubscriptions(
  em: Db,
  scope: Scope,
  organizationId: string,
): Promise<readonly Subscription[]> {
  return em.find(
    SubscriptionEntity,
    { projectId: scope.projectId, live: scope.live, organizationId, status: { $in: [...liveStatuses] } },
    { orderBy: { createdAt: 'desc', id: 'desc' } },
  );
}

export async function findSubscription(em: Db, scope: Scope, id: string): Promise<Subscription | null> {
  return em.findOne(SubscriptionEntity, { projectId: scope.projectId, live: scope.live, id });
}

/** Newest first, one more than `limit`. */
export async function listSubscriptions(
  em: Db,
  scope: Scope,
  input: {
    readonly organizationIds: readonly string[] | null;
    readonly planId?: string;
    readonly status?: SubscriptionStatus;
    readonly before: string | null;
    readonly limit: number;
  },
): Promise<readonly Subscription[]> {
  return em.find(
    SubscriptionEntity,
    {
      projectId: scope.projectId,
      live: scope.live,
      ...(input.organizationIds && { organizationId: { $in: [...input.organizationIds] } }),
      ...(input.planId !== undefined && { planId: input.planId }),
      ...(input.status !== undefined && { status: input.status }),
      ...(input.before !== null && { id: { $lt: input.before } }),
    },
    { orderBy: { id: 'desc' }, limit: input.limit + 1 },
  );
}
