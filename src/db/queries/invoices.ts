import { InvoiceEntity, type Invoice } from '../entities/payment.ts';
import type { Db } from '../orm.ts';
import type { Scope } from './subscriptions.ts';

export async function findInvoice(em: Db, scope: Scope, id: string): Promise<Invoice | null> {
  return em.findOne(InvoiceEntity, { projectId: scope.projectId, live: scope.live, id });
}

/** Of either mode, for whoever holds its link. */
export async function findInvoiceById(em: Db, projectId: string, id: string): Promise<Invoice | null> {
  return em.findOne(InvoiceEntity, { projectId, id });
}

/** Newest first, one more than `limit`. */
export async function listInvoices(
  em: Db,
  scope: Scope,
  input: {
    readonly organizationIds: readonly string[] | null;
    readonly subscriptionId?: string;
    readonly before: string | null;
    readonly limit: number;
  },
): Promise<readonly Invoice[]> {
  return em.find(
    InvoiceEntity,
    {
      projectId: scope.projectId,
      live: scope.live,
      ...(input.organizationIds && { organizationId: { $in: [...input.organizationIds] } }),
      ...(input.subscriptionId !== undefined && { subscriptionId: input.subscriptionId }),
      ...(input.before !== null && { id: { $lt: input.before } }),
    },
    { orderBy: { id: 'desc' }, limit: input.limit + 1 },
  );
}
