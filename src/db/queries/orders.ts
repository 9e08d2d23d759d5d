import { OrderEntity, type Order } from '../entities/payment.ts';
import type { Db } from '../orm.ts';
import type { Scope } from './subscriptions.ts';

export async function findPaidOrder(em: Db, { projectId, live }: Scope, id: string): Promise<Order | null> {
  return em.findOne(OrderEntity, { projectId, live, id });
}

/** Newest first, one more than `limit`. */
export async function listOrders(
  em: Db,
  { projectId, live }: Scope,
  input: { readonly organizationIds: readonly string[] | null; readonly before: string | null; readonly limit: number },
): Promise<readonly Order[]> {
  return em.find(
    OrderEntity,
    {
      ...{ projectId, live },
      ...(input.organizationIds && { organizationId: { $in: [...input.organizationIds] } }),
      ...(input.before !== null && { id: { $lt: input.before } }),
    },
    { orderBy: { id: 'desc' }, limit: input.limit + 1 },
  );
}
