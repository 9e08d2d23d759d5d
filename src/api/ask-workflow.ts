import { setTimeout as sleep } from 'node:timers/promises';
import {
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import type { Logger } from '../logger.ts';

/** How long a caller waits before the answer is "see later": 8 s with all that comes before and after. */
const patienceMs = 7_500;

/**
 * Asks a workflow and waits a while. Every outcome but an answer leaves the row to tell; only what should not happen is
 * logged.
 *
 * @param about For the log: the id of what is asked about.
 * @returns whether the workflow answered.
 */
export async function askWorkflow(
  logger: Logger,
  about: Readonly<Record<string, string>>,
  ask: (deadline: Date) => Promise<void>,
): Promise<boolean> {
  const patience = new AbortController();
  try {
    const asked = ask(new Date(Date.now() + patienceMs));
    // The client's own deadline may be late by its last retry's wait; the call then goes on unheard.
    const late = sleep(patienceMs, 'late', { signal: patience.signal });
    const outcome = await Promise.race([asked, late]);
    if (outcome === 'late') logger.warn(about, 'the outcome is not known yet');
    return outcome !== 'late';
  } catch (error) {
    if (hasEnded(error)) return false;
    const isPatience = error instanceof WorkflowUpdateRPCTimeoutOrCancelledError;
    const line = { err: error, ...about };
    if (isPatience || error instanceof ServiceError) logger.warn(line, 'the outcome is not known yet');
    else logger.error(line, 'Temporal answered something unexpected');
    return false;
  } finally {
    patience.abort();
  }
}

function hasEnded(error: unknown): boolean {
  return (
    error instanceof WorkflowExecutionAlreadyStartedError ||
    error instanceof WorkflowNotFoundError ||
    error instanceof WorkflowFailedError ||
    error instanceof WorkflowUpdateFailedError
  );
}
