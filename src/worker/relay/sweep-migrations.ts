import { MigrationEntity } from '../../db/entities/migration.ts';
import { migrationStart } from '../../workflows/start-options.ts';
import type { RelayDeps } from './deliver-events.ts';
import { forgottenBefore } from './forgotten.ts';
import { startEach } from './start-each.ts';

/** Its row is quiet while its customers are waited for: one that runs is asked for in vain, and that is all. */
const quietMs = 600_000;

/**
 * Starts migrations whose API process died between the row and the start, and those whose workflow was lost: the rows
 * have where to go on. Workflows of customers that were lost are found by their migration's.
 *
 * @returns how many it started.
 */
export async function sweepMigrations(deps: RelayDeps): Promise<number> {
  const quietSince = new Date(Date.now() - quietMs);
  const rows = await deps.em().find(
    MigrationEntity,
    {
      $or: [
        { status: 'requested', createdAt: { $lt: forgottenBefore() } },
        { status: { $in: ['inventory', 'running', 'paused', 'aborting'] }, updatedAt: { $lt: quietSince } },
        { status: 'planned', dryRun: false, updatedAt: { $lt: quietSince } },
      ],
    },
    { limit: 100, orderBy: { createdAt: 'asc' } },
  );
  return startEach(
    deps,
    rows.map((row) => ({ name: 'migrate', ...migrationStart(row) })),
    { reuse: 'ALLOW_DUPLICATE', message: 'started forgotten migrations' },
  );
}
