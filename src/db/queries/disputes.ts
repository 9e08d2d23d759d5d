import { DisputeEntity, type Dispute } from '../entities/payment.ts';
import type { Db } from '../orm.ts';
import type { Scope } from './subscriptions.ts';

export async function findDispute(em: Db, { projectId, live }: Scope, id: string): Promise<Dispute | null> {
  return em.findOne(DisputeEntity, { projectId, live, id });
}

/** Newest first, one more than `limit`. */
export async function listDisputes(
  em: Db,
  { projectId, live }: Scope,
  input: {
    readonly organizationIds: readonly string[] | null;
    readonly status?: Dispute['status'];
    readonly before: string | null;
    readonly limit: number;
  },
): Promise<readonly Dispute[]> {
  return em.find(
    DisputeEntity,
    {
      ...{ projectId, live },
      ...(input.organizationIds && { organizationId: { $in: [...input.organizationIds] } }),
      ...(input.status !== undefined && { status: input.status }),
      ...(input.before !== null && { id: { $lt: input.before } }),
    },
    { orderBy: { id: 'desc' }, limit: input.limit + 1 },
  );
}
