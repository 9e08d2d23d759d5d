import type { CleanupCounts } from '../../domain/migration/cleanup.ts';
import type { Migration } from '../entities/migration.ts';
import type { Db } from '../orm.ts';

/** What still leans on the old provider, by our rows, counted at once. */
export async function countLeft(em: Db, migration: Migration): Promise<CleanupCounts> {
  const { id, projectId, live, fromProvider } = migration;
  const [row] = await em.execute<CleanupCounts[]>(
    `select
       (select count(*)::integer from migration_items where migration_id = :id
          and state in ('found', 'planned', 'notified', 'opened', 'moved', 'canceling', 'watching')) as "openItems",
       (select count(*)::integer from migration_items where migration_id = :id and state = 'attention') as "attention",
       (select count(*)::integer from subscriptions where project_id = :project and live = :live
          and provider = :provider and status in ('trialing', 'active', 'past_due', 'paused')
          and not cancel_at_period_end) as "liveSubscriptions",
       (select count(*)::integer from subscriptions where project_id = :project and live = :live
          and provider = :provider and status in ('trialing', 'active', 'past_due', 'paused')
          and cancel_at_period_end) as "endingSubscriptions",
       (select count(*)::integer from checkouts where project_id = :project and live = :live
          and provider = :provider and status in ('creating', 'open', 'pending')) as "openCheckouts",
       (select count(*)::integer from migration_archives where migration_id = :id
          and status = 'succeeded') as "archives",
       (select (report::jsonb ->> 'is_clean')::boolean from migration_proofs where migration_id = :id
          and status = 'succeeded' order by id desc limit 1) as "isProvenClean",
       (select count(*)::integer from organizations where project_id = :project and live = :live
          and preferred_provider = :provider) as "preferring"`,
    { id, project: projectId, live, provider: fromProvider },
  );
  if (row === undefined) throw new Error('a query without a from clause answers one row');
  return row;
}

/** Our prices that are mapped to something of the old provider's, and what of its. */
export function findMappedPrices(
  em: Db,
  { projectId, live, fromProvider }: Migration,
): Promise<{ readonly priceId: string; readonly productId: string; readonly providerPriceId: string | null }[]> {
  return em.execute(
    `select price_id as "priceId", provider_product_id as "productId", provider_price_id as "providerPriceId"
     from provider_prices where project_id = ? and live = ? and provider = ? order by price_id limit 1000`,
    [projectId, live, fromProvider],
  );
}

/** Rollouts that still place customers and name the old provider. */
export function findRolloutsNaming(
  em: Db,
  { projectId, live, fromProvider }: Migration,
): Promise<{ readonly id: string; readonly name: string }[]> {
  return em.execute(
    `select id, name from rollouts where project_id = ? and live = ? and ? in (from_provider, to_provider)
       and status in ('running', 'paused', 'rolled_back') and superseded_at is null order by id`,
    [projectId, live, fromProvider],
  );
}
