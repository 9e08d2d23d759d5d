import { WorkflowExecutionAlreadyStartedError, type WorkflowStartOptions } from '@temporalio/client';
import type { RelayDeps } from './deliver-events.ts';

/** A workflow and how it starts, as `start-options` says. */
export type NamedStart = { readonly name: string } & Omit<WorkflowStartOptions, 'workflowIdReusePolicy'>;

export interface StartEachOptions {
  /** Whether what has ended may be started again. */
  readonly reuse: 'REJECT_DUPLICATE' | 'ALLOW_DUPLICATE';
  /** What is logged if there were any. */
  readonly message: string;
}

/** Starts each workflow unless somebody has. @returns how many it started. */
export async function startEach(
  deps: RelayDeps,
  starts: readonly NamedStart[],
  { reuse, message }: StartEachOptions,
): Promise<number> {
  let started = 0;
  for (const { name, ...start } of starts) {
    try {
      await deps.temporal.workflow.start(name, { ...start, workflowIdReusePolicy: reuse });
      started += 1;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }
  if (started > 0) deps.logger.info({ started }, message);
  return started;
}
