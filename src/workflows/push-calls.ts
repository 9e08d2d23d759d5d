import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';

/** The calls of a push: each may be repeated until it is done. */
export function pushCallsOn(taskQueue: string, summary: string) {
  return proxyActivities<Activities>({
    ...{ taskQueue, summary, startToCloseTimeout: '30s' },
    retry: { initialInterval: '1s', maximumInterval: '1m' },
  });
}
