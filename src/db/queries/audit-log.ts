import { AuditEntryEntity, type AuditEntry } from '../entities/records.ts';
import type { Db } from '../orm.ts';
import type { Scope } from './subscriptions.ts';

export interface AuditFilter {
  readonly entityKind?: string;
  readonly entityId?: string;
  readonly actor?: string;
  /** Of lower-case letters, dots and underscores. */
  readonly actionPrefix?: string;
  /** Included. */
  readonly since?: Date;
  /** Left out. */
  readonly until?: Date;
}

/** Newest first, one more than `limit`. */
export async function listAuditEntries(
  em: Db,
  scope: Scope,
  filter: AuditFilter,
  query: { readonly before: string | null; readonly limit: number },
): Promise<readonly AuditEntry[]> {
  const { actionPrefix, since, until, ...same } = filter;
  return em.find(
    AuditEntryEntity,
    {
      projectId: scope.projectId,
      live: scope.live,
      ...same,
      ...(actionPrefix !== undefined && { action: { $like: `${actionPrefix.replaceAll('_', '\\_')}%` } }),
      ...((since !== undefined || until !== undefined) && {
        at: { ...(since !== undefined && { $gte: since }), ...(until !== undefined && { $lt: until }) },
      }),
      ...(query.before !== null && { id: { $lt: query.before } }),
    },
    { orderBy: { id: 'desc' }, limit: query.limit + 1 },
  );
}
