import type { Assignment } from '../../domain/usage/biller.ts';
import type { Aggregation } from '../../domain/usage/meter.ts';
import type { Db } from '../orm.ts';
import type { Scope } from './subscriptions.ts';

/** An item nobody has been told of, as far as it matters who will be. Times in ms since 1970. */
export interface UntoldItem {
  readonly id: string;
  readonly organizationId: string;
  readonly aggregation: Aggregation;
  readonly bucketMs: number;
  readonly occurredAtMs: number;
  /** Of a correction: who was told last of what it corrects; null: nobody. */
  readonly told: { readonly provider: string; readonly providerCustomerId: string } | null;
}

/**
 * Items of which nobody has been told, in order of their ids. A correction that has begun to take something's place stays
 * where that is.
 */
export function listUntoldItems(
  em: Db,
  { projectId, live }: Scope,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly UntoldItem[]> {
  return em.execute<UntoldItem[]>(
    `select item.id, item.organization_id as "organizationId", meter.aggregation,
       (extract(epoch from item.bucket) * 1000)::float8 as "bucketMs",
       (extract(epoch from item.occurred_at) * 1000)::float8 as "occurredAtMs",
       case when item.quantity < 0 and meter.aggregation in ('sum', 'count') then (
         select jsonb_build_object('provider', other.provider, 'providerCustomerId', other.provider_customer_id)
         from usage_report_items other
         where other.meter_id = item.meter_id and other.organization_id = item.organization_id
           and other.bucket = item.bucket and other.status = 'reported' and other.provider_customer_id is not null
         order by other.reported_at desc limit 1) end as told
     from usage_report_items item join meters meter on meter.id = item.meter_id
     where item.project_id = ? and item.live = ? and item.status = 'pending' and item.replaces is null and item.id > ?
     order by item.id limit ?`,
    [projectId, live, page.after, page.limit],
  );
}

/** Writes whom each item is told to, or why nobody. */
export async function assignItems(em: Db, assigned: readonly (Assignment & { readonly id: string })[]): Promise<void> {
  await em.execute(
    `update usage_report_items item set status = given.status, provider = given.provider,
       provider_customer_id = given."providerCustomerId", code = given.code, version = item.version + 1, updated_at = now()
     from jsonb_to_recordset(?::jsonb)
       as given (id text, status text, provider text, "providerCustomerId" text, code text)
     where item.id = given.id and item.status = 'pending'
       and (item.status, item.provider, item.provider_customer_id, item.code)
         is distinct from (given.status, given.provider, given."providerCustomerId", given.code)`,
    [JSON.stringify(assigned)],
    'run',
  );
}

/** Providers that are still to be told something. */
export async function listWaitingProviders(em: Db, { projectId, live }: Scope): Promise<readonly string[]> {
  const rows = await em.execute<{ readonly provider: string }[]>(
    `select distinct provider from usage_report_items
     where project_id = ? and live = ? and provider is not null and status in ('pending', 'sending', 'unknown')
     order by provider`,
    [projectId, live],
  );
  return rows.map(({ provider }) => provider);
}
