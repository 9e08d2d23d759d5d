import { DefaultLogger } from '@temporalio/worker';
import type { Logger } from '../logger.ts';

/** Temporal's own log lines in ours: what failed, where and why, without the data it worked on. */
export function temporalLogger(logger: Logger): DefaultLogger {
  return new DefaultLogger('WARN', ({ level, message, meta }) => {
    if (message.startsWith('No workflows registered')) return; // a provider's queue has activities alone
    const { workflowId, activityType, attempt, taskQueue, error }: Record<string, unknown> = meta ?? {};
    const line = {
      ...(workflowId === undefined ? {} : { workflow: workflowId }),
      ...(activityType === undefined ? {} : { activity: activityType, attempt }),
      ...(taskQueue === undefined ? {} : { queue: taskQueue }),
      ...(error === undefined ? {} : { err: error }),
    };
    logger[level === 'ERROR' ? 'error' : 'warn'](line, message);
  });
}
