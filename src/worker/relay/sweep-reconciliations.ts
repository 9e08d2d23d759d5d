import { ReconciliationRunEntity } from '../../db/entities/reconciliation.ts';
import { reconciliationStart } from '../../workflows/start-options.ts';
import type { RelayDeps } from './deliver-events.ts';
import { forgottenOrQuiet } from './forgotten.ts';
import { startEach } from './start-each.ts';

/** Starts comparisons that nobody started, or that were lost. @returns how many it started. */
export async function sweepReconciliations(deps: RelayDeps): Promise<number> {
  const rows = await deps
    .em()
    .find(ReconciliationRunEntity, forgottenOrQuiet(), { limit: 100, orderBy: { createdAt: 'asc' } });
  return startEach(
    deps,
    rows.map((row) => ({ name: 'reconcile', ...reconciliationStart(row) })),
    { reuse: 'ALLOW_DUPLICATE', message: 'started forgotten reconciliations' },
  );
}
