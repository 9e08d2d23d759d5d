import { MikroORM } from '@mikro-orm/postgresql';
import { Migrator } from '@mikro-orm/migrations';
import { Foundation } from '../../migrations/20261121000000_foundation.ts';
import { MoneyBack } from '../../migrations/20261121130000_money-back.ts';
import { ProviderAccounts } from '../../migrations/20261121120000_provider-accounts.ts';
import { SubscriptionLife } from '../../migrations/20261121150000_subscription-life.ts';
import { OutboundAndCustomerData } from '../../migrations/20261121160000_outbound-and-customer-data.ts';
import { RoutingAndReconciliation } from '../../migrations/20261121170000_routing-and-reconciliation.ts';
import { Usage } from '../../migrations/20261122000000_usage.ts';
import { RolloutsAndMigrations } from '../../migrations/20261123000000_rollouts-and-migrations.ts';
import { entities } from './orm.ts';

/** Newest last. A released migration is never edited. */
const migrations = [
  { name: '20261121000000_foundation', class: Foundation },
  { name: '20261121120000_provider-accounts', class: ProviderAccounts },
  { name: '20261121130000_money-back', class: MoneyBack },
  { name: '20261121150000_subscription-life', class: SubscriptionLife },
  { name: '20261121160000_outbound-and-customer-data', class: OutboundAndCustomerData },
  { name: '20261121170000_routing-and-reconciliation', class: RoutingAndReconciliation },
  { name: '20261122000000_usage', class: Usage },
  { name: '20261123000000_rollouts-and-migrations', class: RolloutsAndMigrations },
];

/** Brings the schema to the newest version; safe to run at every start. @returns the names that were applied. */
export async function migrateUp(databaseUrl: string): Promise<string[]> {
  return withMigrator(databaseUrl, async (migrator) => (await migrator.up()).map((done) => done.name));
}

/** Takes back the newest migration, or all of them. */
export async function migrateDown(databaseUrl: string, options: { readonly all?: boolean } = {}): Promise<string[]> {
  return withMigrator(databaseUrl, async (migrator) =>
    (await migrator.down(options.all ? { to: 0 } : {})).map((done) => done.name),
  );
}

async function withMigrator<T>(databaseUrl: string, work: (migrator: Migrator) => Promise<T>): Promise<T> {
  const orm = await MikroORM.init({
    clientUrl: databaseUrl,
    entities,
    extensions: [Migrator],
    logger: () => undefined, // the caller says what was done
    migrations: { migrationsList: migrations, snapshot: false, tableName: 'schema_migrations' },
  });
  try {
    return await work(orm.config.getExtension<Migrator>('@mikro-orm/migrator') ?? new Migrator(orm.em));
  } finally {
    await orm.close();
  }
}
