import { ReconciliationRunEntity } from '../../db/entities/reconciliation.ts';
import { reconciliationStart } from '../../workflows/start-options.ts';
import type { RelayDeps } from './deliver-events.ts';
import { forgottenBefore } from './forgotten.ts';
import { startEach } from './start-each.ts';

/** A run writes its row with every page; one that is quiet for so long waits for its provider, is held, or was lost. */
const quietMs = 600_000;

/**
 * Starts comparisons whose API process died between the row and the start, and those whose workflow was lost: the row
 * has where to go on.
 *
 * @returns how many it started.
 */
export async function sweepReconciliations(deps: RelayDeps): Promise<number> {
  const quietSince = new Date(Date.now() - quietMs);
  const rows = await deps.em().find(
    ReconciliationRunEntity,
    {
      $or: [
        { status: 'requested', createdAt: { $lt: forgottenBefore() } },
        { status: 'running', updatedAt: { $lt: quietSince } },
      ],
    },
    { limit: 100, orderBy: { createdAt: 'asc' } },
  );
  return startEach(
    deps,
    rows.map((row) => ({ name: 'reconcile', ...reconciliationStart(row) })),
    { reuse: 'ALLOW_DUPLICATE', message: 'started forgotten reconciliations' },
  );
}
