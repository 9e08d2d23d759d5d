import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, startChild, WorkflowIdReusePolicy } from '@temporalio/workflow';
import { subscriptionWorkflowId, type SubscriptionInput } from './messages.ts';
import { startAttributes } from './search-attributes.ts';
import { subscription } from './subscription.ts';

/** Starts the subscription's own workflow, which outlives the one that starts it. Already started is success. */
export async function startSubscription(start: SubscriptionInput): Promise<void> {
  try {
    await startChild(subscription, {
      workflowId: subscriptionWorkflowId(start.subscriptionId),
      args: [start],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      typedSearchAttributes: startAttributes({ ...start, kind: 'subscription', status: 'active' }),
      staticSummary: `${start.organizationId}: subscription`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
