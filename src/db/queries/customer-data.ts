import {
  CustomerDataJobEntity,
  CustomerDataSectionEntity,
  type CustomerDataJob,
  type ProviderPart,
} from '../entities/customer-data.ts';
import type { Db } from '../orm.ts';
import type { Scope } from './subscriptions.ts';

/** Whether anything is kept of the organization that came from buying, or from trying to. */
export async function isKnownCustomer(em: Db, { projectId, live }: Scope, organizationId: string): Promise<boolean> {
  const tables = ['provider_customers', 'subscriptions', 'orders', 'checkouts'];
  const finds = tables.map(
    (table) => `exists (select from ${table} where project_id = ? and live = ? and organization_id = ?)`,
  );
  const params = tables.flatMap(() => [projectId, live, organizationId]);
  const [row] = await em.execute<{ known: boolean }[]>(`select ${finds.join(' or ')} as known`, params);
  return row?.known ?? false;
}

/**
 * Writes the request for a job, unless one of its kind is already under way for the organization: then it is that one.
 * Safe to repeat with the same id.
 *
 * @returns the id of the job that runs, and whether it is new.
 */
export async function requestCustomerDataJob(
  em: Db,
  job: Scope & {
    readonly id: string;
    readonly organizationId: string;
    readonly kind: CustomerDataJob['kind'];
    readonly actor: string;
  },
): Promise<{ readonly id: string; readonly isNew: boolean }> {
  const inserted = await em.execute<{ id: string }[]>(
    `insert into customer_data_jobs (id, kind, status, actor, project_id, live, organization_id)
     values (?, ?, 'running', ?, ?, ?, ?) on conflict do nothing returning id`,
    [job.id, job.kind, job.actor, job.projectId, job.live, job.organizationId],
  );
  if (inserted.length > 0) return { id: job.id, isNew: true };
  const { projectId, live, organizationId, kind } = job;
  const running = await em.findOne(CustomerDataJobEntity, {
    ...{ projectId, live, organizationId, kind, status: 'running' },
  });
  return { id: running?.id ?? job.id, isNew: false };
}

/** With its result, which is large and sealed, only where asked for. */
export async function findCustomerDataJob(
  em: Db,
  { projectId, live }: Scope,
  id: string,
  { withResult }: { readonly withResult: boolean },
): Promise<CustomerDataJob | null> {
  return em.findOne(
    CustomerDataJobEntity,
    { projectId, live, id },
    { refresh: true, ...(withResult && { populate: ['result'] }) },
  );
}

/** Keeps what one provider told, as long as the job still gathers. A repeat replaces it. */
export async function storeSection(em: Db, jobId: string, provider: string, data: Buffer): Promise<void> {
  await em.execute(
    `insert into customer_data_sections (job_id, provider, data)
     select id, ?, ? from customer_data_jobs where id = ? and status = 'running'
     on conflict (job_id, provider) do update set data = excluded.data`,
    [provider, data, jobId],
    'run',
  );
}

/** The sealed sections of a job, by provider. */
export async function listSections(em: Db, jobId: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const rows = await em.find(CustomerDataSectionEntity, { jobId });
  return new Map(rows.map(({ provider, data }) => [provider, data]));
}

export async function deleteSections(em: Db, jobId: string): Promise<void> {
  await em.nativeDelete(CustomerDataSectionEntity, { jobId });
}

/** A provider that the organization has been with, and the customers it is there. */
export interface CustomerSource {
  readonly provider: string;
  readonly providerCustomerIds: readonly string[];
}

/** Every provider that ever served the organization, even where no customer was recorded. */
export async function listCustomerSources(
  em: Db,
  { projectId, live }: Scope,
  organizationId: string,
): Promise<readonly CustomerSource[]> {
  const sources = [
    'select provider, provider_customer_id as id from provider_customers',
    'select provider, provider_customer_id from subscriptions',
    'select provider, null from checkouts',
    'select provider, null from payments',
  ].map((select) => `${select} where project_id = ? and live = ? and organization_id = ?`);
  const rows = await em.execute<{ provider: string; ids: string[] }[]>(
    `select provider, coalesce(array_agg(distinct id order by id) filter (where id is not null), '{}') as ids
     from (${sources.join(' union ')}) source where provider is not null group by provider order by provider`,
    sources.flatMap(() => [projectId, live, organizationId]),
  );
  return rows.map(({ provider, ids }) => ({ provider, providerCustomerIds: ids }));
}

/** Notes what came of one provider, beside what other activities note at the same time. */
export async function noteProviderPart(em: Db, jobId: string, provider: string, part: ProviderPart): Promise<void> {
  await em.execute(
    `update customer_data_jobs set updated_at = now(), summary = jsonb_set(summary, '{providers}',
       coalesce(summary->'providers', '{}') || jsonb_build_object(?::text, ?::jsonb))
     where id = ?`,
    [provider, JSON.stringify(part), jobId],
    'run',
  );
}
