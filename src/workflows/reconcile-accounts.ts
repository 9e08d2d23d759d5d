import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { billingQueue } from './messages.ts';
import { reconcile } from './reconcile.ts';
import { startOnce } from './start-once.ts';
import { reconciliationStart } from './start-options.ts';

/** By schedule: begins a comparison for every project and mode that has an account at the provider, and none running. */
export async function reconcileAccounts(input: { readonly provider: string }): Promise<{ readonly begun: number }> {
  const own = proxyActivities<Activities>({
    taskQueue: billingQueue,
    startToCloseTimeout: '2m',
    scheduleToCloseTimeout: '30m',
    retry: { initialInterval: '5s', maximumInterval: '1m' },
    summary: `which accounts at ${input.provider}`,
  });
  const { runs } = await own.requestReconciliations(input);
  for (const run of runs) await startOnce(reconcile, reconciliationStart(run));
  return { begun: runs.length };
}
