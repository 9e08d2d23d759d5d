import { measureRollupLag } from '../db/queries/usage-rollup.ts';
import { createDatabaseGauges, type GaugeDeps } from './database-gauges.ts';

/** How far the rollups are behind the events. Readings are right however far that is, and slower the farther. */
export function addRollupMetrics(deps: GaugeDeps): void {
  const gauges = createDatabaseGauges(deps, {
    ...{ what: 'the lag of the rollups', ttlMs: 15_000, whenAway: 'stay', read: measureRollupLag },
  });
  gauges.add(
    {
      name: 'billing_usage_unrolled_events',
      help: 'Accepted events that are not in the rollups yet; a million stands for more.',
      labelNames: [],
    },
    ({ events }) => [[events]],
  );
  gauges.add(
    {
      name: 'billing_usage_rollup_lag_seconds',
      help: 'How long ago the oldest event was accepted that is not in the rollups yet.',
      labelNames: [],
    },
    ({ seconds }) => [[seconds]],
  );
}
