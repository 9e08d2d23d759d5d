import { CustomerDataJobEntity } from '../../db/entities/customer-data.ts';
import { customerDataStart } from '../../workflows/start-options.ts';
import type { RelayDeps } from './deliver-events.ts';
import { forgottenBefore } from './forgotten.ts';
import { startEach } from './start-each.ts';

/** A job that waits for a provider may run for days; only young ones can be forgotten. */
const lookBackMs = 24 * 3_600_000;

/** Starts the workflow of jobs whose API process died between the row and the start. @returns how many it started. */
export async function sweepCustomerData(deps: RelayDeps): Promise<number> {
  const rows = await deps
    .em()
    .find(
      CustomerDataJobEntity,
      { status: 'running', createdAt: { $lt: forgottenBefore(), $gt: new Date(Date.now() - lookBackMs) } },
      { limit: 100, orderBy: { createdAt: 'asc' } },
    );
  return startEach(deps, rows.map(customerDataStart), {
    reuse: 'REJECT_DUPLICATE',
    message: 'started forgotten jobs on customer data',
  });
}
