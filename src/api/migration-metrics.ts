import { Gauge, type Registry } from 'prom-client';
import { countOpenMigrations, type OpenItems } from '../db/queries/migration-summary.ts';
import type { Db } from '../db/orm.ts';
import type { Logger } from '../logger.ts';
import { createTtlCache } from './ttl-cache.ts';

/**
 * How far the migrations at work are, read from the database when somebody scrapes, at most every 15 s. Every API process
 * tells the same figures: take the maximum, not the sum. What could not be read is left out.
 */
export function addMigrationMetrics(deps: {
  readonly registry: Registry;
  readonly em: () => Db;
  readonly logger: Logger;
}): void {
  const cache = createTtlCache<readonly OpenItems[]>({ ttlMs: 15_000, maxEntries: 1 });
  const seen = () =>
    cache
      .get('migrations', () => countOpenMigrations(deps.em()))
      .catch((error: unknown): readonly OpenItems[] => {
        deps.logger.warn({ err: error }, 'migrations could not be counted');
        return [];
      });
  const items = new Gauge({
    name: 'billing_migration_items',
    help: 'Subscriptions of migrations that are at work, and of those with items that wait for a person, by state.',
    labelNames: ['project', 'mode', 'provider', 'migration', 'state'],
    registers: [],
    async collect() {
      this.reset();
      for (const { projectId, live, provider, migrationId, state, count } of await seen())
        this.set({ project: projectId, mode: live ? 'live' : 'test', provider, migration: migrationId, state }, count);
    },
  });
  deps.registry.registerMetric(items);
}
