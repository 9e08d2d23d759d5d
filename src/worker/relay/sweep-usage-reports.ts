import { UsageReportEntity } from '../../db/entities/usage.ts';
import { usageReportStart } from '../../workflows/start-options.ts';
import type { RelayDeps } from './deliver-events.ts';
import { forgottenOrQuiet } from './forgotten.ts';
import { startEach } from './start-each.ts';

/** Starts reports of usage that nobody started, or that were lost. @returns how many it started. */
export async function sweepUsageReports(deps: RelayDeps): Promise<number> {
  const rows = await deps
    .em()
    .find(UsageReportEntity, forgottenOrQuiet(), { limit: 100, orderBy: { createdAt: 'asc' } });
  return startEach(
    deps,
    rows.map((row) => ({ name: 'usageReport', ...usageReportStart(row) })),
    { reuse: 'ALLOW_DUPLICATE', message: 'started forgotten reports of usage' },
  );
}
