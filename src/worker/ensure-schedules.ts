import { ScheduleAlreadyRunning, type Client } from '@temporalio/client';
import {
  billingQueue,
  disputeSweepId,
  reconciliationScheduleId,
  usageReportScheduleId,
} from '../workflows/messages.ts';
import { searchAttributes } from '../workflows/search-attributes.ts';

/** Something that runs by the clock. */
interface ByTheClock {
  readonly id: string;
  readonly workflowType: string;
  readonly kind: string;
  /** Once for each; null: once for all. */
  readonly provider: string | null;
  readonly every: '15m' | '1h';
  readonly jitter: '2m' | '10m';
  readonly catchupWindow: '1h' | '6h';
}

/**
 * What runs by the clock. Schedules that exist are left alone, so that an operator may pause or change one.
 *
 * @param providers.withDisputes Those that tell of disputes at all.
 * @param providers.withChanges Those that tell what has changed there.
 */
export async function ensureSchedules(
  client: Client,
  providers: { readonly withDisputes: readonly string[]; readonly withChanges: readonly string[] },
): Promise<void> {
  for (const provider of providers.withDisputes)
    await ensure(client, {
      ...{ id: disputeSweepId(provider), workflowType: 'sweepDisputes', kind: 'dispute-sweep', provider },
      ...{ every: '15m', jitter: '2m', catchupWindow: '1h' },
    });
  for (const provider of providers.withChanges)
    await ensure(client, {
      ...{
        id: reconciliationScheduleId(provider),
        workflowType: 'reconcileAccounts',
        kind: 'reconciliations',
        provider,
      },
      ...{ every: '1h', jitter: '10m', catchupWindow: '6h' },
    });
  await ensure(client, {
    ...{ id: usageReportScheduleId, workflowType: 'reportUsage', kind: 'usage-reports', provider: null },
    ...{ every: '15m', jitter: '2m', catchupWindow: '1h' },
  });
}

async function ensure(client: Client, wanted: ByTheClock): Promise<void> {
  const { id, workflowType, kind, provider, every, jitter, catchupWindow } = wanted;
  try {
    await client.schedule.create({
      scheduleId: id,
      spec: { intervals: [{ every }], jitter },
      policies: { overlap: 'SKIP', catchupWindow },
      action: {
        type: 'startWorkflow',
        workflowType,
        workflowId: id,
        taskQueue: billingQueue,
        args: provider === null ? [] : [{ provider }],
        typedSearchAttributes: [
          { key: searchAttributes.kind, value: kind },
          ...(provider === null ? [] : [{ key: searchAttributes.provider, value: provider }]),
        ],
      },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
