import { Gauge, type Registry } from 'prom-client';
import { measureRollupLag, type RollupLag } from '../db/queries/usage-rollup.ts';
import type { Db } from '../db/orm.ts';
import type { Logger } from '../logger.ts';
import { createTtlCache } from './ttl-cache.ts';

/**
 * How far the rollups are behind the events, read from the database when somebody scrapes, at most every 15 s. Readings
 * are right however far that is, and slower the farther. While the database is away the last figures stay.
 */
export function addRollupMetrics(deps: {
  readonly registry: Registry;
  readonly em: () => Db;
  readonly logger: Logger;
}): void {
  const cache = createTtlCache<RollupLag>({ ttlMs: 15_000, maxEntries: 1 });
  const gauge = (name: string, help: string, valueOf: (lag: RollupLag) => number) =>
    deps.registry.registerMetric(
      new Gauge({
        ...{ name, help, registers: [] },
        async collect() {
          try {
            this.set(valueOf(await cache.get('lag', () => measureRollupLag(deps.em()))));
          } catch (error) {
            deps.logger.warn({ err: error }, 'the lag of the rollups could not be measured');
          }
        },
      }),
    );
  gauge(
    'billing_usage_unrolled_events',
    'Accepted events that are not in the rollups yet; a million stands for more.',
    ({ events }) => events,
  );
  gauge(
    'billing_usage_rollup_lag_seconds',
    'How long ago the oldest event was accepted that is not in the rollups yet.',
    ({ seconds }) => seconds,
  );
}
