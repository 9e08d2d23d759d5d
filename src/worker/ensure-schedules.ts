import { ScheduleAlreadyRunning, type Client } from '@temporalio/client';
import { billingQueue, disputeSweepId } from '../workflows/messages.ts';
import { searchAttributes } from '../workflows/search-attributes.ts';

/**
 * What runs by the clock. Schedules that exist are left alone, so that an operator may pause or change one.
 *
 * @param providers Those that tell of disputes at all.
 */
export async function ensureSchedules(client: Client, providers: readonly string[]): Promise<void> {
  for (const provider of providers) {
    const id = disputeSweepId(provider);
    try {
      await client.schedule.create({
        scheduleId: id,
        spec: { intervals: [{ every: '15m' }], jitter: '2m' },
        policies: { overlap: 'SKIP', catchupWindow: '1h' },
        action: {
          type: 'startWorkflow',
          workflowType: 'sweepDisputes',
          workflowId: id,
          taskQueue: billingQueue,
          args: [{ provider }],
          typedSearchAttributes: [
            { key: searchAttributes.kind, value: 'dispute-sweep' },
            { key: searchAttributes.provider, value: provider },
          ],
        },
      });
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    }
  }
}
