import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, startChild, WorkflowIdReusePolicy } from '@temporalio/workflow';
import type { GrantWork } from '../domain/benefit.ts';
import { carryOutGrant } from './carry-out-grant.ts';
import { grantStart } from './start-options.ts';

interface Owner {
  readonly projectId: string;
  readonly live: boolean;
  readonly organizationId: string;
}

/**
 * Starts the workflows of planned grants, each once; they outlive the one that starts them. Without any it does nothing,
 * and so leaves histories as they are.
 */
export function createStartGrants(owner: Owner): (grants: readonly GrantWork[] | undefined) => Promise<void> {
  const started = new Set<string>();
  return async (grants = []) => {
    for (const grant of grants) {
      const start = grantStart({ ...owner, ...grant });
      if (started.has(start.workflowId)) continue;
      started.add(start.workflowId);
      await startOnce(start);
    }
  };
}

async function startOnce(options: ReturnType<typeof grantStart>): Promise<void> {
  const { name: _, ...start } = options; // the function itself says it
  try {
    await startChild(carryOutGrant, {
      ...start,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
