import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { CheckoutEntity } from '../../db/entities/checkout.ts';
import { checkoutStart } from '../../workflows/start-options.ts';
import type { RelayDeps } from './deliver-events.ts';
import { forgottenBefore } from './forgotten.ts';

/** Starts the workflow of checkouts whose API process died between the row and the start. @returns how many it started. */
export async function sweepCheckouts(deps: RelayDeps): Promise<number> {
  const rows = await deps
    .em()
    .find(
      CheckoutEntity,
      { status: 'creating', createdAt: { $lt: forgottenBefore() } },
      { limit: 100, orderBy: { createdAt: 'asc' } },
    );
  let started = 0;
  for (const row of rows) {
    try {
      await deps.temporal.workflow.start('checkout', {
        ...checkoutStart(row),
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
      });
      started += 1;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }
  if (started > 0) deps.logger.info({ started }, 'started forgotten checkouts');
  return started;
}
