import type { MigratingOrganization, MigratingPrice, MigrationSubject } from '../../domain/migration/plan.ts';
import type { Migration, MigrationItem } from '../entities/migration.ts';
import { MigrationItemEntity } from '../entities/migration.ts';
import type { BillingInterval } from '../../domain/catalogue.ts';
import type { Db } from '../orm.ts';
import { arrayOf } from './provider-objects.ts';
import type { Scope } from './subscriptions.ts';

/**
 * Items without a verdict, of whole organizations: all that one has, or none of it.
 *
 * @param limit How many at least, where there are as many.
 */
export async function listUnplanned(em: Db, migration: Migration, limit: number): Promise<readonly MigrationItem[]> {
  const { id: migrationId, projectId, live } = migration;
  const where = { projectId, live, migrationId, state: 'found' as const };
  const orderBy = [{ organizationId: 'asc nulls last' }, { id: 'asc' }] as const;
  const page = await em.find(MigrationItemEntity, where, { orderBy: [...orderBy], limit });
  const last = page.at(-1)?.organizationId ?? null;
  if (page.length < limit || last === null) return page;
  const ofLast = await em.find(MigrationItemEntity, { ...where, organizationId: last });
  return [...page.filter(({ organizationId }) => organizationId !== last), ...ofLast];
}

/** What decides about these items, by their rows. */
export async function readSubjects(
  em: Db,
  migration: Migration,
  items: readonly MigrationItem[],
): Promise<readonly MigrationSubject[]> {
  const organizations = await findOrganizations(em, migration, items);
  const prices = await findPrices(em, migration, items);
  const elsewhere = await findElsewhere(em, migration, items);
  const seconds = await findSeconds(em, migration, items);
  return items.map(({ id, legacy, organizationId, providerSubscriptionId }) => {
    const price = prices.get(legacy.offerId ?? '') ?? null;
    const organization = organizations.get(organizationId ?? '') ?? null;
    return {
      ...{ itemId: id, legacy, price, elsewhere: elsewhere.get(providerSubscriptionId) ?? null },
      organization: organization && {
        ...organization,
        hasEmail: organization.hasEmail || legacy.hasEmail === true,
      },
      second: (price && seconds.get(`${organizationId ?? ''}/${price.planId}`)) ?? null,
    };
  });
}

async function findOrganizations(
  em: Db,
  { projectId, live }: Scope,
  items: readonly MigrationItem[],
): Promise<ReadonlyMap<string, MigratingOrganization>> {
  const rows = await em.execute<MigratingOrganization[]>(
    `select id, coalesce(email, '') <> '' as "hasEmail", preferred_provider as "preferredProvider",
       coalesce(country, (select checkouts.country from checkouts
         where checkouts.project_id = organizations.project_id and checkouts.live = organizations.live
           and checkouts.organization_id = organizations.id and checkouts.country is not null
         order by checkouts.id desc limit 1)) as country
     from organizations where project_id = ? and live = ? and id = any (?::text[])`,
    [projectId, live, organizationsOf(items)],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

interface PriceFacts {
  readonly offerId: string;
  readonly planId: string;
  readonly priceId: string;
  readonly digital: boolean;
  readonly billingInterval: BillingInterval;
  readonly amountMinor: number;
  readonly currency: string;
  readonly pushedTo: readonly string[];
}

/** By the offer's id: what the migration's own settings name goes before the catalogue's mapping. */
async function findPrices(
  em: Db,
  migration: Migration,
  items: readonly MigrationItem[],
): Promise<ReadonlyMap<string, MigratingPrice>> {
  const { projectId, live, fromProvider, settings } = migration;
  const named = Object.entries(settings.prices);
  const offers = [...new Set(items.flatMap(({ legacy }) => legacy.offerId ?? []))];
  const rows = await em.execute<PriceFacts[]>(
    `with asked as (
       select provider_price_id as offer, price_id, 1 as rank from provider_prices
       where project_id = ? and live = ? and provider = ? and provider_price_id = any (?::text[])
       union all select offer, price_id, 2 from unnest(?::text[], ?::text[]) as named (offer, price_id))
     select asked.offer as "offerId", plans.id as "planId", prices.id as "priceId", plans.digital,
       prices.billing_interval as "billingInterval", prices.amount_minor::float8 as "amountMinor", prices.currency,
       array(select pushed.provider from provider_prices pushed
         where pushed.project_id = prices.project_id and pushed.live = ? and pushed.price_id = prices.id) as "pushedTo"
     from asked join prices on prices.id = asked.price_id and prices.project_id = ?
     join plans on plans.id = prices.plan_id and plans.project_id = prices.project_id
     where plans.kind = 'subscription' and prices.billing_interval is not null
     order by asked.rank`,
    [
      ...[projectId, live, fromProvider, arrayOf(offers)],
      ...[arrayOf(named.map(([offer]) => offer)), arrayOf(named.map(([, price]) => price)), live, projectId],
    ],
  );
  return new Map(
    rows.map(({ offerId, amountMinor, currency, ...price }) => [
      offerId,
      { ...price, unitAmount: { amountMinor, currency } },
    ]),
  );
}

/**
 * What other migrations, dry runs apart, have done with the same subscriptions. Whoever is past the point of no return
 * has moved; whoever was rolled back, stayed or left may be moved by this one.
 */
async function findElsewhere(
  em: Db,
  { id, projectId, live, fromProvider }: Migration,
  items: readonly MigrationItem[],
): Promise<ReadonlyMap<string, NonNullable<MigrationSubject['elsewhere']>>> {
  const rows = await em.execute<{ subscription: string; migrationId: string; hasMoved: boolean }[]>(
    `select distinct on (item.provider_subscription_id) item.provider_subscription_id as subscription,
       item.migration_id as "migrationId", item.canceling_at is not null as "hasMoved"
     from migration_items item join migrations other on other.id = item.migration_id
     where item.project_id = ? and item.live = ? and item.migration_id <> ? and other.from_provider = ?
       and not other.dry_run and item.provider_subscription_id = any (?::text[])
       and (item.state in ('notified', 'opened', 'moved', 'canceling', 'watching', 'done', 'attention')
         or (item.state = 'planned' and other.status not in ('aborted', 'failed', 'completed')))
     order by item.provider_subscription_id, item.canceling_at is null, item.id desc`,
    [projectId, live, id, fromProvider, arrayOf(items.map((item) => item.providerSubscriptionId))],
  );
  return new Map(
    rows.map(({ subscription, migrationId, hasMoved }) => [
      subscription,
      { code: hasMoved ? 'already_moved' : 'in_other_migration', migrationId },
    ]),
  );
}

/** Live subscriptions of theirs at other providers, by organization and plan: the customer was quicker than we. */
async function findSeconds(
  em: Db,
  { projectId, live, fromProvider }: Migration,
  items: readonly MigrationItem[],
): Promise<ReadonlyMap<string, { readonly id: string; readonly provider: string | null }>> {
  const rows = await em.execute<{ id: string; provider: string | null; organization: string; plan: string }[]>(
    `select id, provider, organization_id as organization, plan_id as plan from subscriptions
     where project_id = ? and live = ? and organization_id = any (?::text[])
       and provider is distinct from ? and status in ('trialing', 'active', 'past_due', 'paused')`,
    [projectId, live, organizationsOf(items), fromProvider],
  );
  return new Map(rows.map(({ id, provider, organization, plan }) => [`${organization}/${plan}`, { id, provider }]));
}

function organizationsOf(items: readonly MigrationItem[]): string {
  return arrayOf([...new Set(items.flatMap(({ organizationId }) => organizationId ?? []))]);
}
