import type { Statement } from '../insert-statement.ts';
import type { Db } from '../orm.ts';

interface Owner {
  readonly projectId: string;
  readonly live: boolean;
}

/** A customer has many checkouts and subscriptions: its id says nothing about which. */
const shared = new Set(['customer']);

/** Remembers which of our entities a provider's ids belong to; the newest entity wins. */
export async function linkProviderObjects(em: Db, ...link: Parameters<typeof providerObjectsStatement>): Promise<void> {
  const { sql, params } = providerObjectsStatement(...link);
  await em.execute(sql, [...params], 'run');
}

/** Remembers under which id a provider knows an organization; the newest wins. */
export async function linkProviderCustomer(
  em: Db,
  ...link: Parameters<typeof providerCustomerStatement>
): Promise<void> {
  const { sql, params } = providerCustomerStatement(...link);
  await em.execute(sql, [...params], 'run');
}

export function providerObjectsStatement(
  owner: Owner,
  provider: string,
  entity: { readonly kind: 'checkout' | 'subscription'; readonly id: string },
  objects: readonly { readonly kind: string; readonly id: string }[],
): Statement {
  const own = objects.filter(({ kind }) => !shared.has(kind));
  return {
    sql: `insert into provider_objects (project_id, live, provider, entity_kind, entity_id, kind, provider_object_id)
      select distinct ?, ?::boolean, ?, ?, ?, kind, id from unnest(?::text[], ?::text[]) as named (kind, id)
      on conflict (project_id, live, provider, kind, provider_object_id) do update
        set entity_kind = excluded.entity_kind, entity_id = excluded.entity_id, updated_at = now()
        where (provider_objects.entity_kind, provider_objects.entity_id) <> (excluded.entity_kind, excluded.entity_id)`,
    params: [
      owner.projectId,
      owner.live,
      provider,
      entity.kind,
      entity.id,
      arrayOf(own.map(({ kind }) => kind)),
      arrayOf(own.map(({ id }) => id)),
    ],
  };
}

export function providerCustomerStatement(
  owner: Owner & { readonly organizationId: string },
  provider: string,
  providerCustomerId: string,
): Statement {
  return {
    sql: `insert into provider_customers (project_id, live, organization_id, provider, provider_customer_id)
      values (?, ?, ?, ?, ?)
      on conflict (project_id, live, organization_id, provider) do update
        set provider_customer_id = excluded.provider_customer_id, updated_at = now()
        where provider_customers.provider_customer_id <> excluded.provider_customer_id`,
    params: [owner.projectId, owner.live, owner.organizationId, provider, providerCustomerId],
  };
}

/** PostgreSQL's text form of an array; the query builder would spread a real one into several parameters. */
export function arrayOf(texts: readonly string[]): string {
  return `{${texts.map((text) => JSON.stringify(text)).join(',')}}`;
}
