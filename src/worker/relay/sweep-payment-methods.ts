import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { PaymentMethodEntity } from '../../db/entities/payment-method.ts';
import { attachStart } from '../../workflows/start-options.ts';
import type { RelayDeps } from './deliver-events.ts';
import { forgottenBefore } from './forgotten.ts';

/** Starts the attaching of payment methods whose API process died between the row and the start. @returns how many. */
export async function sweepPaymentMethods(deps: RelayDeps): Promise<number> {
  const rows = await deps
    .em()
    .find(
      PaymentMethodEntity,
      { status: 'attaching', providerCustomerId: null, createdAt: { $lt: forgottenBefore() } },
      { limit: 100, orderBy: { createdAt: 'asc' } },
    );
  let started = 0;
  for (const row of rows) {
    const { name, ...start } = attachStart(row);
    try {
      await deps.temporal.workflow.start(name, { ...start, workflowIdReusePolicy: 'REJECT_DUPLICATE' });
      started += 1;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }
  if (started > 0) deps.logger.info({ started }, 'started forgotten payment methods');
  return started;
}
