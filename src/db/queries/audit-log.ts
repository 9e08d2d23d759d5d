import { AuditEntryEntity, type AuditEntry } from '../entities/records.ts';
import type { Db } from '../orm.ts';
import type { Scope } from './subscriptions.ts';

/** Newest first, one more than `limit`. */
export async function listAuditEntries(
  em: Db,
  scope: Scope,
  input: { readonly entityId?: string; readonly before: string | null; readonly limit: number },
): Promise<readonly AuditEntry[]> {
  return em.find(
    AuditEntryEntity,
    {
      projectId: scope.projectId,
      live: scope.live,
      ...(input.entityId !== undefined && { entityId: input.entityId }),
      ...(input.before !== null && { id: { $lt: input.before } }),
    },
    { orderBy: { id: 'desc' }, limit: input.limit + 1 },
  );
}
