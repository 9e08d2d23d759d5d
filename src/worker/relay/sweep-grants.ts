import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { takeWaitingGrants } from '../../db/queries/benefit-grants.ts';
import { grantStart } from '../../workflows/start-options.ts';
import type { RelayDeps } from './deliver-events.ts';

/** Its workflow has started, or looked again, by then. One that waits for its customer is asked about this often. */
const leftAfterMs = 60_000;

/**
 * Starts the workflow of grants that nobody carries out: planned for many at once, or by a process that died, or left by
 * a workflow that was ended by hand. @returns how many it started.
 */
export async function sweepGrants(deps: RelayDeps): Promise<number> {
  const before = new Date(Date.now() - leftAfterMs);
  let started = 0;
  for (const grant of await takeWaitingGrants(deps.em(), { before, limit: 200 })) {
    const { name, ...start } = grantStart(grant);
    try {
      await deps.temporal.workflow.start(name, { ...start, workflowIdReusePolicy: 'ALLOW_DUPLICATE' });
      started += 1;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }
  if (started > 0) deps.logger.info({ started }, 'started grants that were left behind');
  return started;
}
