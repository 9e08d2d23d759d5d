import { randomUUID } from 'node:crypto';
import type pg from 'pg';

export const organizationCount = 2_000;

/**
 * Organizations with a subscription to `pro` each and two feature flags, written as the workers write them: what is
 * measured is reading.
 */
export async function makeOrganizations(database: pg.Client): Promise<readonly string[]> {
  const run = `bench_${randomUUID().slice(0, 8)}`;
  const ids = Array.from({ length: organizationCount }, (_, index) => `${run}_${index}`);
  await database.query(
    `insert into organizations (project_id, live, id) select 'default', false, id from unnest($1::text[]) as new (id)`,
    [ids],
  );
  await database.query(
    `insert into subscriptions (id, project_id, live, organization_id, plan_id, price_id, status, billing_interval,
       quantity, amount_minor, currency, collection, current_period_end)
     select 'sub_' || new.id, 'default', false, new.id, price.plan_id, price.id, 'active', 'monthly', 1, 2900, 'USD',
       'none', now() + interval '20 days'
     from unnest($1::text[]) as new (id)
     join plans plan on plan.project_id = 'default' and plan.key = 'pro'
     join prices price on price.plan_id = plan.id and price.billing_interval = 'monthly' and price.currency = 'USD'`,
    [ids],
  );
  await database.query(
    `insert into entitlements (project_id, live, organization_id, source_kind, source_id, plan_id, feature, is_allowed, reason)
     select project_id, live, organization_id, 'subscription', id, plan_id, null, true, 'subscription_active'
     from subscriptions where organization_id = any ($1::text[])
     union all
     select 'default', false, new.id, 'grant', 'grant_' || flag || '_' || new.id, null, flag, true, 'benefit_granted'
     from unnest($1::text[]) as new (id), unnest(array['beta', 'gamma']) as flags (flag)`,
    [ids],
  );
  await database.query('analyze entitlements, subscriptions');
  return ids;
}

/** Made up, and nobody's: gone with the run. */
export async function removeOrganizations(database: pg.Client, ids: readonly string[]): Promise<void> {
  for (const table of ['entitlements', 'subscriptions'])
    await database.query(`delete from ${table} where organization_id = any ($1::text[])`, [ids]);
  await database.query(`delete from organizations where project_id = 'default' and id = any ($1::text[])`, [ids]);
}
