import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, startChild, WorkflowIdReusePolicy, type ChildWorkflowOptions } from '@temporalio/workflow';

type Start<Input> = Pick<
  ChildWorkflowOptions,
  'workflowId' | 'taskQueue' | 'typedSearchAttributes' | 'staticSummary'
> & {
  readonly args: [Input];
};

/**
 * Starts a workflow that outlives the one that starts it. Already started is success.
 *
 * @param isRepeatable Whether one that has ended may run again: it works from its row, which may have changed.
 */
export async function startOnce<Input>(
  workflow: (input: Input) => Promise<unknown>,
  start: Start<Input>,
  isRepeatable = false,
): Promise<void> {
  try {
    await startChild(workflow, {
      ...start,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: isRepeatable
        ? WorkflowIdReusePolicy.ALLOW_DUPLICATE
        : WorkflowIdReusePolicy.REJECT_DUPLICATE,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
