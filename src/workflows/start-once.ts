import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, startChild, WorkflowIdReusePolicy, type ChildWorkflowOptions } from '@temporalio/workflow';

type Start<Input> = Pick<
  ChildWorkflowOptions,
  'workflowId' | 'taskQueue' | 'typedSearchAttributes' | 'staticSummary'
> & {
  readonly args: [Input];
};

/** Starts a workflow that outlives the one that starts it. Already started is success. */
export async function startOnce<Input>(
  workflow: (input: Input) => Promise<unknown>,
  start: Start<Input>,
): Promise<void> {
  try {
    await startChild(workflow, {
      ...start,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
