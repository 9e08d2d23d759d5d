import { MigrationArchiveEntity, type MigrationArchive } from '../entities/migration.ts';
import type { Db } from '../orm.ts';
import { recordAudit } from './audit.ts';
import type { Scope } from './subscriptions.ts';

/** Writes an archive that shall be made, audited. The same id again answers the row as it stands. */
export async function requestArchive(
  em: Db,
  request: Scope & {
    readonly id: string;
    readonly migrationId: string;
    readonly recipient: string;
    readonly actor: string;
  },
): Promise<MigrationArchive> {
  const { id, projectId, live, migrationId, recipient, actor } = request;
  return em.transactional(async (tx) => {
    const written = await tx.execute<{ affectedRows: number }>(
      `insert into migration_archives (id, project_id, live, migration_id, recipient, actor, status)
       values (?, ?, ?, ?, ?, ?, 'requested') on conflict do nothing`,
      [id, projectId, live, migrationId, recipient, actor],
      'run',
    );
    if (written.affectedRows > 0)
      recordAudit(tx, {
        ...{ projectId, live, actor, action: 'migration.archive_requested' },
        ...{ entityKind: 'migration', entityId: migrationId, detail: id },
        after: { archive_id: id, recipient },
      });
    return tx.findOneOrFail(MigrationArchiveEntity, { id, projectId, live });
  });
}

/** Newest first, without what is in them. */
export function listArchives(
  em: Db,
  { projectId, live }: Scope,
  migrationId: string,
): Promise<readonly MigrationArchive[]> {
  return em.find(MigrationArchiveEntity, { projectId, live, migrationId }, { orderBy: { id: 'desc' }, limit: 100 });
}

/** With its content, which may be megabytes. */
export function findArchive(
  em: Db,
  { projectId, live }: Scope,
  migrationId: string,
  id: string,
): Promise<MigrationArchive | null> {
  return em.findOne(MigrationArchiveEntity, { id, projectId, live, migrationId }, { populate: ['content'] });
}
