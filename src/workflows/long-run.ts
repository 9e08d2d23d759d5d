import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import { workflowInfo } from '@temporalio/workflow';

/** Events: whoever takes over from a killed worker reads no more than these. */
const longHistory = 1_000;

/** Whether a run shall go on with a new history, from its rows. */
export function isLong(): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  return historyLength > longHistory || continueAsNewSuggested;
}

export interface RunFailure {
  readonly code: string;
  readonly message: string;
}

/** What a run failed by, for its row. @throws what is no activity's failure */
export function runFailureOf(error: unknown): RunFailure {
  if (!(error instanceof ActivityFailure)) throw error;
  const { cause } = error;
  const code = cause instanceof ApplicationFailure ? cause.type : null;
  const away = cause instanceof TimeoutFailure ? 'provider_timeout' : 'internal_error';
  return { code: code ?? away, message: cause?.message ?? error.message };
}
