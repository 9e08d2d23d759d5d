import { RefundEntity } from '../../db/entities/payment.ts';
import { refundStart } from '../../workflows/start-options.ts';
import type { RelayDeps } from './deliver-events.ts';
import { forgottenBefore } from './forgotten.ts';
import { startEach } from './start-each.ts';

/** Starts the workflow of refunds whose API process died between the row and the start. @returns how many it started. */
export async function sweepRefunds(deps: RelayDeps): Promise<number> {
  const rows = await deps
    .em()
    .find(
      RefundEntity,
      { status: { $in: ['requested', 'unknown'] }, createdAt: { $lt: forgottenBefore() } },
      { limit: 100, orderBy: { createdAt: 'asc' } },
    );
  // A row that still waits needs somebody, whatever became of the last.
  return startEach(deps, rows.map(refundStart), { reuse: 'ALLOW_DUPLICATE', message: 'started forgotten refunds' });
}
