import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { RefundEntity } from '../../db/entities/payment.ts';
import { refundStart } from '../../workflows/start-options.ts';
import type { RelayDeps } from './deliver-events.ts';
import { forgottenBefore } from './forgotten.ts';

/** Starts the workflow of refunds whose API process died between the row and the start. @returns how many it started. */
export async function sweepRefunds(deps: RelayDeps): Promise<number> {
  const rows = await deps
    .em()
    .find(
      RefundEntity,
      { status: { $in: ['requested', 'unknown'] }, createdAt: { $lt: forgottenBefore() } },
      { limit: 100, orderBy: { createdAt: 'asc' } },
    );
  let started = 0;
  for (const row of rows) {
    const { name, ...start } = refundStart(row);
    try {
      await deps.temporal.workflow.start(name, {
        ...start,
        workflowIdReusePolicy: 'ALLOW_DUPLICATE', // a row that still waits needs somebody, whatever became of the last
      });
      started += 1;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }
  if (started > 0) deps.logger.info({ started }, 'started forgotten refunds');
  return started;
}
