import type { CustomerDataJob } from '../db/entities/customer-data.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { findCustomerDataJob, listCustomerSources } from '../db/queries/customer-data.ts';
import type { Db } from '../db/orm.ts';
import { BillingError } from '../domain/errors.ts';
import type { ProviderClient } from '../providers/port.ts';
import type { ActivityDeps } from './deps.ts';

/** A job on an organization's data, as a workflow names it. */
export interface CustomerDataJobRef {
  readonly projectId: string;
  readonly live: boolean;
  readonly organizationId: string;
  readonly jobId: string;
}

/** @returns null: it is over already. */
export async function findRunningJob(em: Db, ref: CustomerDataJobRef): Promise<CustomerDataJob | null> {
  const job = await findCustomerDataJob(em, ref, ref.jobId, { withResult: false });
  if (job) return job.status === 'running' ? job : null;
  throw new BillingError({ code: 'job_not_found', kind: 'not_found', message: `There is no job ${ref.jobId}.` });
}

/** Written when `em` is flushed. */
export function auditJob(
  em: Db,
  ref: CustomerDataJobRef,
  input: { readonly action: string; readonly detail: string; readonly after?: unknown },
): void {
  recordAudit(em, {
    projectId: ref.projectId,
    live: ref.live,
    actor: `customer-data/${ref.jobId}`,
    entityKind: 'organization',
    entityId: ref.organizationId,
    ...input,
  });
}

/**
 * The customers that the organization is at a provider: those we recorded, else the one that carries our id there.
 *
 * @returns ids of the provider; empty: it knows nobody.
 */
export async function customersAt(
  em: Db,
  ref: CustomerDataJobRef,
  provider: string,
  client: ProviderClient,
): Promise<readonly string[]> {
  const sources = await listCustomerSources(em, ref, ref.organizationId);
  const known = sources.find((source) => source.provider === provider)?.providerCustomerIds ?? [];
  if (known.length > 0) return known;
  const found = await client.customers.find(ref.organizationId);
  return found ? [found.providerCustomerId] : [];
}

/** The job ends without its work: somebody reads the reason in its row. Changes nothing when it is over already. */
export function createFailCustomerDataJob(deps: ActivityDeps) {
  return async function failCustomerDataJob(ref: CustomerDataJobRef & { readonly code: string }): Promise<void> {
    await deps.orm.em.fork().transactional(async (tx) => {
      const job = await findRunningJob(tx, ref);
      if (!job) return;
      tx.assign(job, { status: 'failed', failureCode: ref.code, finishedAt: new Date() });
      auditJob(tx, ref, { action: `customer_data.${job.kind}_failed`, detail: ref.code, after: { status: 'failed' } });
    });
  };
}
