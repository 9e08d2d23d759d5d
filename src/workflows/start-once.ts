import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, startChild, WorkflowIdReusePolicy, type ChildWorkflowOptions } from '@temporalio/workflow';

type Start<Input> = Pick<
  ChildWorkflowOptions,
  'workflowId' | 'taskQueue' | 'typedSearchAttributes' | 'staticSummary'
> & {
  readonly args: [Input];
  /** What the client starts it by; here the function itself says it. */
  readonly name?: string;
};

/** Starts a workflow that outlives the one that starts it. Already started is success. */
export async function startOnce<Input>(
  workflow: (input: Input) => Promise<unknown>,
  start: Start<Input>,
): Promise<void> {
  await startUnlessThere(workflow, start, WorkflowIdReusePolicy.REJECT_DUPLICATE);
}

/**
 * Starts a workflow though one of its id may have ended, or was lost: its row says that there must be one.
 *
 * @returns whether it was started; false: it runs after all.
 */
export function startAgain<Input>(workflow: (input: Input) => Promise<unknown>, start: Start<Input>): Promise<boolean> {
  return startUnlessThere(workflow, start, WorkflowIdReusePolicy.ALLOW_DUPLICATE);
}

async function startUnlessThere<Input>(
  workflow: (input: Input) => Promise<unknown>,
  start: Start<Input>,
  workflowIdReusePolicy: WorkflowIdReusePolicy,
): Promise<boolean> {
  const { name: _, ...options } = start;
  try {
    await startChild(workflow, { ...options, parentClosePolicy: ParentClosePolicy.ABANDON, workflowIdReusePolicy });
    return true;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return false;
  }
}
