import type { BillingInterval } from '../../domain/catalogue.ts';
import type { MigrationItemState } from '../../domain/migration/migration.ts';
import type { Db } from '../orm.ts';
import { countItemsOf, type ItemCounts } from './migration-items.ts';

/** What a migration's items come to. */
export interface MigrationSummary {
  readonly items: ItemCounts;
  readonly excluded: readonly { readonly code: string; readonly count: number }[];
  readonly money: readonly MigrationMoney[];
}

/** Of those planned to move: what they will pay per interval. */
export interface MigrationMoney {
  readonly currency: string;
  readonly billingInterval: BillingInterval;
  readonly customers: number;
  readonly amountMinor: number;
  /** Of those that can be compared with what they pay now. */
  readonly differenceMinor: number;
  readonly notComparable: number;
}

/** By migration; one without items is absent. */
export async function summarizeItems(
  em: Db,
  migrationIds: readonly string[],
): Promise<ReadonlyMap<string, MigrationSummary>> {
  if (migrationIds.length === 0) return new Map();
  const ids = [...migrationIds];
  const those = `migration_id in (${ids.map(() => '?').join(', ')})`;
  const counts = await countItemsOf(em, ids);
  const excluded = await em.execute<{ id: string; code: string; count: number }[]>(
    `select migration_id as id, coalesce(code, '') as code, count(*)::integer as count from migration_items
     where ${those} and state = 'excluded' group by migration_id, code order by migration_id, count(*) desc, code`,
    ids,
  );
  const money = await em.execute<({ id: string } & MigrationMoney)[]>(
    `select item.migration_id as id, item.plan->>'currency' as currency, prices.billing_interval as "billingInterval",
       count(*)::integer as customers, sum((item.plan->>'amountMinor')::bigint)::float8 as "amountMinor",
       coalesce(sum((item.plan->>'differenceMinor')::bigint), 0)::float8 as "differenceMinor",
       (count(*) filter (where item.plan->>'differenceMinor' is null))::integer as "notComparable"
     from migration_items item join prices on prices.id = item.plan->>'priceId'
     where item.${those} and item.plan->>'action' = 'move'
     group by item.migration_id, item.plan->>'currency', prices.billing_interval
     order by item.migration_id, item.plan->>'currency', prices.billing_interval`,
    ids,
  );
  const of = <Row extends { readonly id: string }>(rows: readonly Row[], id: string) =>
    rows.filter((row) => row.id === id).map(({ id: _, ...rest }) => rest);
  return new Map([...counts].map(([id, items]) => [id, { items, excluded: of(excluded, id), money: of(money, id) }]));
}

/** Items of one state in one migration. */
export interface OpenItems {
  readonly projectId: string;
  readonly live: boolean;
  readonly provider: string;
  readonly migrationId: string;
  readonly state: MigrationItemState;
  readonly count: number;
}

/** Of all projects: migrations that are not over, and those with items that wait for a person. Dry runs are none. */
export function countOpenMigrations(em: Db): Promise<readonly OpenItems[]> {
  return em.execute<OpenItems[]>(
    `select migration.project_id as "projectId", migration.live, migration.from_provider as provider,
       migration.id as "migrationId", item.state, count(*)::integer as count
     from migrations migration join migration_items item on item.migration_id = migration.id
     where not migration.dry_run and (
       migration.status in ('requested', 'inventory', 'planned', 'running', 'paused', 'aborting')
       or (item.state = 'attention' and migration.status in ('completed', 'aborted')))
     group by migration.project_id, migration.live, migration.from_provider, migration.id, item.state`,
  );
}
