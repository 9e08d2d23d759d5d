import type { MigrationSettings, MigrationStatus } from '../../domain/migration/migration.ts';
import { MigrationEntity, type Migration } from '../entities/migration.ts';
import type { Db } from '../orm.ts';
import type { Scope } from './subscriptions.ts';

export interface MigrationRequest extends Scope {
  readonly id: string;
  readonly name: string;
  readonly fromProvider: string;
  readonly toProvider: string | null;
  readonly dryRun: boolean;
  readonly source: 'provider' | 'csv';
  readonly organizations: readonly string[] | null;
  readonly settings: MigrationSettings;
  readonly actor: string;
}

/** In these a migration is at work or will be; the rest are over. */
export const openMigrationStatuses: readonly MigrationStatus[] = [
  'requested',
  'inventory',
  'planned',
  'running',
  'paused',
  'aborting',
];

export function findMigration(em: Db, { projectId, live }: Scope, id: string): Promise<Migration | null> {
  return em.findOne(MigrationEntity, { id, projectId, live }, { refresh: true });
}

/** Newest first, one more than `limit`. */
export function listMigrations(
  em: Db,
  { projectId, live }: Scope,
  query: { readonly status?: MigrationStatus; readonly before: string | null; readonly limit: number },
): Promise<readonly Migration[]> {
  const { status, before, limit } = query;
  return em.find(
    MigrationEntity,
    {
      ...{ projectId, live },
      ...(status !== undefined && { status }),
      ...(before !== null && { id: { $lt: before } }),
    },
    { orderBy: { id: 'desc' }, limit: limit + 1 },
  );
}

/** The one that is at work with a provider's customers; dry runs are none. */
export function findOpenMigration(em: Db, { projectId, live }: Scope, fromProvider: string): Promise<Migration | null> {
  return em.findOne(MigrationEntity, {
    ...{ projectId, live, fromProvider, dryRun: false },
    status: { $in: [...openMigrationStatuses] },
  });
}

/**
 * Moves a migration on from the status and version that was read: compare and set.
 *
 * @returns the row as it is then; null: somebody was quicker, and nothing of this is written.
 */
export async function moveMigration(
  tx: Db,
  migration: Pick<Migration, 'id' | 'projectId' | 'live' | 'status' | 'version'>,
  to: MigrationStatus,
  change: Partial<
    Pick<Migration, 'cursor' | 'why' | 'startedAt' | 'finishedAt' | 'failureCode' | 'failureDetail'>
  > = {},
): Promise<Migration | null> {
  const { id, projectId, live, status, version } = migration;
  const moved = await tx.nativeUpdate(
    MigrationEntity,
    { id, projectId, live, status, version },
    { ...change, status: to, version: version + 1, updatedAt: new Date() },
  );
  return moved === 0 ? null : findMigration(tx, { projectId, live }, id);
}
