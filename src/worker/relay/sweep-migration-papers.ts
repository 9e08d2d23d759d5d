import { MigrationArchiveEntity, MigrationEntity, MigrationProofEntity } from '../../db/entities/migration.ts';
import { migrationArchiveStart, migrationProofStart } from '../../workflows/start-options.ts';
import type { RelayDeps } from './deliver-events.ts';
import { forgottenBefore } from './forgotten.ts';
import { startEach } from './start-each.ts';

/** A page of a proof and an account's archive are written within this time, or their workflow was lost. */
const quietMs = 13 * 3_600_000;

/**
 * Starts proofs and archives whose API process died between the row and the start, and those whose workflow was lost.
 *
 * @returns how many it started.
 */
export async function sweepMigrationPapers(deps: RelayDeps): Promise<number> {
  const forgotten = {
    $or: [
      { status: 'requested' as const, createdAt: { $lt: forgottenBefore() } },
      { status: 'running' as const, updatedAt: { $lt: new Date(Date.now() - quietMs) } },
    ],
  };
  const oldest = { limit: 100, orderBy: { createdAt: 'asc' as const } };
  const proofs = await deps.em().find(MigrationProofEntity, forgotten, oldest);
  const archives = await deps.em().find(MigrationArchiveEntity, forgotten, oldest);
  if (proofs.length + archives.length === 0) return 0;
  const ids = [...proofs, ...archives].map(({ migrationId }) => migrationId);
  const migrations = await deps.em().find(MigrationEntity, { id: { $in: ids } });
  const fromOf = new Map(migrations.map(({ id, fromProvider }) => [id, fromProvider]));
  return startEach(
    deps,
    [
      ...proofs.map((row) => migrationProofStart({ ...row, fromProvider: fromOf.get(row.migrationId) ?? '' })),
      ...archives.map((row) => migrationArchiveStart({ ...row, fromProvider: fromOf.get(row.migrationId) ?? '' })),
    ],
    { reuse: 'ALLOW_DUPLICATE', message: 'started forgotten proofs and archives' },
  );
}
