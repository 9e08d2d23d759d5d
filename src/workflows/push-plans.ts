import { proxyActivities, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { PushStep } from '../domain/plan-push.ts';
import { billingQueue, providerQueue, pushQuery, type PushPlansInput, type PushReport } from './messages.ts';

/**
 * Brings every paid price of a project to the providers: one after the other at each provider, the providers side by
 * side. A dry run only reads and says what would be done.
 */
export async function pushPlans(input: PushPlansInput): Promise<PushReport> {
  const { projectId, live, dryRun } = input;
  const steps: PushStep[] = [];
  let expected = 0;
  let isDone = false;
  const report = (): PushReport => ({ isDone, expected, dryRun, steps });
  setHandler(pushQuery, report, { description: 'What was done so far' });
  const { listPrices } = callsOn(billingQueue, 'list prices');
  const priceIds = await listPrices({ projectId });
  expected = priceIds.length * input.providers.length;
  await Promise.all(
    input.providers.map(async (provider) => {
      const { pushPrice } = callsOn(providerQueue(provider), `push to ${provider}`);
      for (const priceId of priceIds) {
        steps.push(await pushPrice({ projectId, live, provider, priceId, dryRun }));
        setCurrentDetails(`${dryRun ? 'dry run, ' : ''}${steps.length} of ${expected}`);
      }
    }),
  );
  isDone = true;
  return report();
}

function callsOn(taskQueue: string, summary: string) {
  return proxyActivities<Activities>({
    ...{ taskQueue, summary, startToCloseTimeout: '30s' },
    retry: { initialInterval: '1s', maximumInterval: '1m' },
  });
}
