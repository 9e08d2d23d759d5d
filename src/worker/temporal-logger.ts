import { DefaultLogger } from '@temporalio/worker';
import type { Logger } from '../logger.ts';

/** Temporal's own log lines in ours: what failed, where and why, without the data it worked on. */
export function temporalLogger(logger: Logger): DefaultLogger {
  return new DefaultLogger('WARN', ({ level, message, meta }) => {
    const { workflowId, activityType, attempt, taskQueue, error } = meta ?? {};
    const line = {
      ...(workflowId === undefined ? {} : { workflow: String(workflowId) }),
      ...(activityType === undefined ? {} : { activity: String(activityType), attempt: Number(attempt) }),
      ...(taskQueue === undefined ? {} : { queue: String(taskQueue) }),
      ...(error === undefined ? {} : { err: error }),
    };
    logger[level === 'ERROR' ? 'error' : 'warn'](line, message);
  });
}
