import { setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { MeterStep } from '../domain/usage/meter-push.ts';
import { billingQueue, meterPushQuery, providerQueue, type MeterPushReport, type PushMetersInput } from './messages.ts';
import { pushCallsOn } from './push-calls.ts';

/**
 * Brings every active meter of a project and mode to the providers: one after the other at each, the providers side by
 * side. A dry run only reads and says what would be done.
 */
export async function pushMeters(input: PushMetersInput): Promise<MeterPushReport> {
  const { projectId, live, providers, dryRun } = input;
  const steps: MeterStep[] = [];
  let expected = 0;
  let isDone = false;
  const report = (): MeterPushReport => ({ isDone, expected, dryRun, steps });
  setHandler(meterPushQuery, report, { description: 'What was done so far' });
  const meterIds = await pushCallsOn(billingQueue, 'list meters').listMeters({ projectId, live });
  expected = meterIds.length * providers.length;
  await Promise.all(
    providers.map(async (provider) => {
      const run = pushCallsOn(providerQueue(provider), `push meters to ${provider}`);
      for (const meterId of meterIds) {
        steps.push(await run.pushMeter({ projectId, live, provider, meterId, dryRun }));
        setCurrentDetails(`${dryRun ? 'dry run, ' : ''}${steps.length} of ${expected}`);
      }
    }),
  );
  isDone = true;
  return report();
}
