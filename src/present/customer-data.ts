import type { CustomerDataJob } from '../db/entities/customer-data.ts';
import type { CustomerDataAnswer, CustomerDataJobAnswer } from '../api/schemas/customer.ts';
import { isoOrNull } from './values.ts';

/** @param result Of an export that is done and has not expired. */
export function presentCustomerDataJob(job: CustomerDataJob, result: CustomerDataAnswer | null): CustomerDataJobAnswer {
  const { rows = {}, providers = {}, kept = [] } = job.summary;
  return {
    id: job.id,
    kind: job.kind,
    organization_id: job.organizationId,
    status: job.status,
    failure_code: job.failureCode,
    summary: {
      rows: { ...rows },
      providers: Object.fromEntries(
        Object.entries(providers).map(([id, { outcome, retained }]) => [id, { outcome, retained: [...retained] }]),
      ),
      kept: [...kept],
    },
    created_at: job.createdAt.toISOString(),
    finished_at: isoOrNull(job.finishedAt),
    expires_at: isoOrNull(job.expiresAt),
    result,
  };
}
