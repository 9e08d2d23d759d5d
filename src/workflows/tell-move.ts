import { getExternalWorkflowHandle, isCancellation } from '@temporalio/workflow';
import { migrationItemNewsSignal } from './messages.ts';

/** Tells a customer's move to look. One that has ended, or never was, needs no telling: the rows say it all. */
export async function tellMove(workflowId: string): Promise<void> {
  try {
    await getExternalWorkflowHandle(workflowId).signal(migrationItemNewsSignal);
  } catch (error) {
    if (isCancellation(error)) throw error;
  }
}
