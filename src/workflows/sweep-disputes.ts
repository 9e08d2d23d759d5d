import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { providerQueue } from './messages.ts';

/** By schedule: looks for disputes that no webhook has told of. */
export async function sweepDisputes(input: { readonly provider: string }): Promise<{ readonly recorded: number }> {
  const run = proxyActivities<Activities>({
    taskQueue: providerQueue(input.provider),
    startToCloseTimeout: '2m',
    scheduleToCloseTimeout: '10m',
    retry: { initialInterval: '5s', maximumInterval: '1m' },
    summary: `disputes at ${input.provider}`,
  });
  return run.sweepDisputes(input);
}
