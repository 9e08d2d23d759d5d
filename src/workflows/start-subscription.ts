import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, startChild, WorkflowIdReusePolicy } from '@temporalio/workflow';
import type { SubscriptionInput } from './messages.ts';
import { subscriptionStart } from './start-options.ts';
import { subscription } from './subscription.ts';

/** Starts the subscription's own workflow, which outlives the one that starts it. Already started is success. */
export async function startSubscription(start: SubscriptionInput): Promise<void> {
  try {
    await startChild(subscription, {
      ...subscriptionStart({ ...start, status: 'active' }),
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
