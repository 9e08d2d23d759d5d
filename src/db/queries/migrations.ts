import type { MigrationSettings, MigrationStatus } from '../../domain/migration/migration.ts';
import { MigrationEntity, type Migration } from '../entities/migration.ts';
import type { Db } from '../orm.ts';
import { recordAudit } from './audit.ts';
import { putNamedItems } from './migration-inventory.ts';
import { arrayOf } from './provider-objects.ts';
import type { Scope } from './subscriptions.ts';

export interface MigrationRequest extends Scope {
  readonly id: string;
  readonly name: string;
  readonly fromProvider: string;
  readonly toProvider: string | null;
  readonly dryRun: boolean;
  readonly organizations: readonly string[] | null;
  readonly settings: MigrationSettings;
  /** What a CSV names; null: the provider is asked for its list. */
  readonly named: readonly NamedItem[] | null;
  readonly actor: string;
}

export interface NamedItem {
  readonly providerSubscriptionId: string;
  readonly providerCustomerId: string;
  readonly organizationId: string | null;
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

/**
 * Writes a migration that shall begin, audited, with what its CSV names.
 *
 * @returns null: another one is at work with the provider's customers, and nothing is written.
 */
export async function requestMigration(em: Db, request: MigrationRequest): Promise<Migration | null> {
  const { id, projectId, live, actor, fromProvider, toProvider, dryRun, named } = request;
  return em.transactional(async (tx) => {
    const written = await tx.execute<{ affectedRows: number }>(
      `insert into migrations (id, project_id, live, name, from_provider, to_provider, dry_run, source, organizations,
         settings, status, why, actor)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?::text[], ?::jsonb, 'requested', 'it was asked for', ?)
       on conflict (project_id, live, from_provider) where not dry_run and status in
         ('requested', 'inventory', 'planned', 'running', 'paused', 'aborting') do nothing`,
      [
        ...[id, projectId, live, request.name, fromProvider, toProvider, dryRun, named === null ? 'provider' : 'csv'],
        ...[request.organizations && arrayOf(request.organizations), JSON.stringify(request.settings), actor],
      ],
      'run',
    );
    if (written.affectedRows === 0) return null;
    if (named !== null) await putNamedItems(tx, request, named);
    recordAudit(tx, {
      ...{ projectId, live, actor, action: 'migration.requested', entityKind: 'migration', entityId: id },
      detail: `${dryRun ? 'dry run' : 'for real'}: off ${fromProvider} to ${toProvider ?? 'whom routing names'}`,
      after: { from: fromProvider, to: toProvider, dry_run: dryRun, named: named?.length ?? null },
    });
    return findMigration(tx, request, id);
  });
}

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
