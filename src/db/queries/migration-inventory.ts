import { namedOnly } from '../../domain/migration/legacy.ts';
import type { LegacySubscription, MigrationPlan } from '../../domain/migration/migration.ts';
import type { Migration } from '../entities/migration.ts';
import { newId } from '../new-id.ts';
import type { Db } from '../orm.ts';
import type { NamedItem } from './migrations.ts';
import { arrayOf } from './provider-objects.ts';

/** A subscription of the old provider, and whose we take it to be. */
export interface FoundItem {
  readonly organizationId: string | null;
  readonly subscriptionId: string | null;
  readonly legacy: LegacySubscription;
}

/**
 * Writes what was found, each subscription once: one that is there already is only told anew, and one that was planned
 * stays as it is. An organization that a CSV named stays where nothing else names one.
 */
export async function putFoundItems(
  tx: Db,
  migration: Pick<Migration, 'id' | 'projectId' | 'live'>,
  items: readonly FoundItem[],
): Promise<void> {
  if (items.length === 0) return;
  const rows = items.map(({ organizationId, subscriptionId, legacy }) => ({
    ...{ id: newId('mi'), organization_id: organizationId, subscription_id: subscriptionId, legacy },
    ...{ provider_subscription_id: legacy.providerSubscriptionId, provider_customer_id: legacy.providerCustomerId },
  }));
  await tx.execute(
    `insert into migration_items (id, migration_id, project_id, live, state, organization_id, subscription_id,
       provider_subscription_id, provider_customer_id, legacy)
     select row.id, ?, ?, ?, 'found', row.organization_id, row.subscription_id, row.provider_subscription_id,
       row.provider_customer_id, row.legacy
     from jsonb_to_recordset(?::jsonb) as row (id text, organization_id text, subscription_id text,
       provider_subscription_id text, provider_customer_id text, legacy jsonb)
     on conflict (migration_id, provider_subscription_id) do update
       set organization_id = coalesce(excluded.organization_id, migration_items.organization_id),
         subscription_id = excluded.subscription_id, provider_customer_id = excluded.provider_customer_id,
         legacy = excluded.legacy, version = migration_items.version + 1, updated_at = now()
       where migration_items.state = 'found'`,
    [migration.id, migration.projectId, migration.live, JSON.stringify(rows)],
    'run',
  );
}

/** What a CSV names, before the provider was asked; an organization that we do not know is nobody's. */
export async function putNamedItems(
  tx: Db,
  migration: Pick<Migration, 'id' | 'projectId' | 'live'>,
  named: readonly NamedItem[],
): Promise<void> {
  const rows = named.map(({ organizationId, ...ids }) => ({
    ...{ id: newId('mi'), organization: organizationId, legacy: namedOnly(ids) },
    ...{ subscription: ids.providerSubscriptionId, customer: ids.providerCustomerId },
  }));
  await tx.execute(
    `insert into migration_items (id, migration_id, project_id, live, state, organization_id,
       provider_subscription_id, provider_customer_id, legacy)
     select row.id, ?, ?, ?, 'found', organizations.id, row.subscription, row.customer, row.legacy
     from jsonb_to_recordset(?::jsonb) as row (id text, organization text, subscription text, customer text, legacy jsonb)
     left join organizations on organizations.id = row.organization
       and organizations.project_id = ? and organizations.live = ?`,
    [
      ...[migration.id, migration.projectId, migration.live, JSON.stringify(rows)],
      ...[migration.projectId, migration.live],
    ],
    'run',
  );
}

/** Of a CSV: those that are of none of the organizations asked for. */
export async function dropOthers(
  tx: Db,
  migration: Pick<Migration, 'id' | 'organizations'>,
  providerSubscriptionIds: readonly string[],
): Promise<void> {
  if (migration.organizations === null) return;
  await tx.execute(
    `delete from migration_items where migration_id = ? and state = 'found'
       and provider_subscription_id = any (?::text[])
       and (organization_id is null or not organization_id = any (?::text[]))`,
    [migration.id, arrayOf(providerSubscriptionIds), arrayOf(migration.organizations)],
    'run',
  );
}

/** Writes verdicts: who moves is `planned`, the rest `excluded`. What has its verdict keeps it. */
export async function putPlans(
  tx: Db,
  migration: Pick<Migration, 'id'>,
  plans: ReadonlyMap<string, MigrationPlan>,
): Promise<void> {
  const rows = [...plans].map(([id, plan]) => ({
    ...{ id, plan },
    ...(plan.action === 'move'
      ? { state: 'planned', code: null, because: null, paid_through: plan.firstChargeAt }
      : { state: 'excluded', code: plan.code, because: plan.because, paid_through: null }),
  }));
  await tx.execute(
    `update migration_items item set state = row.state, plan = row.plan, code = row.code, because = row.because,
       paid_through = row.paid_through, finished_at = case when row.state = 'excluded' then now() end,
       version = item.version + 1, updated_at = now()
     from jsonb_to_recordset(?::jsonb) as row (id text, plan jsonb, state text, code text, because text,
       paid_through timestamptz)
     where item.id = row.id and item.migration_id = ? and item.state = 'found'`,
    [JSON.stringify(rows), migration.id],
    'run',
  );
}
