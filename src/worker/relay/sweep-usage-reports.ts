import { UsageReportEntity } from '../../db/entities/usage.ts';
import { usageReportStart } from '../../workflows/start-options.ts';
import type { RelayDeps } from './deliver-events.ts';
import { forgottenBefore } from './forgotten.ts';
import { startEach } from './start-each.ts';

/** While a provider is being told, only the items are written: one that runs is asked for in vain, and that is all. */
const quietMs = 600_000;

/**
 * Starts reports of usage whose API process died between the row and the start, and those whose workflow was lost: the
 * rows have where to go on.
 *
 * @returns how many it started.
 */
export async function sweepUsageReports(deps: RelayDeps): Promise<number> {
  const quietSince = new Date(Date.now() - quietMs);
  const rows = await deps.em().find(
    UsageReportEntity,
    {
      $or: [
        { status: 'requested', updatedAt: { $lt: forgottenBefore() } },
        { status: 'running', updatedAt: { $lt: quietSince } },
      ],
    },
    { limit: 100, orderBy: { createdAt: 'asc' } },
  );
  return startEach(
    deps,
    rows.map((row) => ({ name: 'usageReport', ...usageReportStart(row) })),
    { reuse: 'ALLOW_DUPLICATE', message: 'started forgotten reports of usage' },
  );
}
