import { countOpenMigrations } from '../db/queries/migration-summary.ts';
import { createDatabaseGauges, owner, ownerLabels, type GaugeDeps } from './database-gauges.ts';

/** How far the migrations at work are. */
export function addMigrationMetrics(deps: GaugeDeps): void {
  const gauges = createDatabaseGauges(deps, {
    ...{ what: 'migrations', ttlMs: 15_000, whenAway: 'none' },
    read: countOpenMigrations,
  });
  gauges.add(
    {
      name: 'billing_migration_items',
      help: 'Subscriptions of migrations that are at work, and of those with items that wait for a person, by state.',
      labelNames: [...owner, 'provider', 'migration', 'state'],
    },
    (items) =>
      items.map(({ provider, migrationId, state, count, ...whose }) => [
        count,
        { ...ownerLabels(whose), provider, migration: migrationId, state },
      ]),
  );
}
