import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { callQueue, type EntityInput } from './messages.ts';

/** Calls about stored payment methods, on the queue of the provider that has them. They charge nobody. */
export function paymentMethodCalls({ provider }: EntityInput): Activities {
  return proxyActivities<Activities>({
    taskQueue: callQueue(provider),
    startToCloseTimeout: '30s',
    retry: { initialInterval: '1s', maximumInterval: '5m' },
    summary: `stored payment method at ${provider ?? 'nobody'}`,
  });
}

/** The row, as activities are told of it. */
export function refOf({ projectId, live, id }: EntityInput) {
  return { projectId, live, id };
}
