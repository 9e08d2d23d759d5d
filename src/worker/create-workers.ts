import { Worker, type NativeConnection } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import type { ActivityDeps } from '../activities/deps.ts';
import { billingQueue, providerQueue, subscriptionQueue } from '../workflows/messages.ts';

export interface WorkerOptions {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly workflowBundle: { readonly codePath: string } | { readonly code: string };
  readonly deps: ActivityDeps;
}

/** Opening calls run in local activities and hold workflow-task slots while a provider hangs: there must be plenty. */
const answerPathSlots = 200;

const lookSlots = 16;

/**
 * One worker for workflow tasks and database work, one for subscriptions, and one per provider with slots of its own, so that a provider's
 * outage stays in its queue.
 */
export async function createWorkers(options: WorkerOptions): Promise<readonly Worker[]> {
  const { connection, namespace, workflowBundle, deps } = options;
  // Local activities run where workflow tasks do, for every provider; those of a provider's queue have slots of their own.
  const activities = createActivities({ ...deps, sharesSlots: true });
  const patient = createActivities(deps);
  const shared = { connection, namespace, activities, shutdownGraceTime: '15s', shutdownForceTime: '25s' } as const;
  const billing = Worker.create({
    ...shared,
    taskQueue: billingQueue,
    workflowBundle,
    maxConcurrentWorkflowTaskExecutions: answerPathSlots,
    // Most tasks are a new checkout's first, which a sticky poller never gets.
    nonStickyToStickyPollRatio: 0.5,
    maxConcurrentLocalActivityExecutions: answerPathSlots,
    maxCachedWorkflows: 2_000,
  });
  const subscriptions = Worker.create({
    ...shared,
    taskQueue: subscriptionQueue,
    workflowBundle,
    // Each may be looking at its provider: as many at once as one core can feed.
    maxConcurrentWorkflowTaskExecutions: lookSlots,
    maxConcurrentLocalActivityExecutions: lookSlots,
    maxCachedWorkflows: 2_000,
  });
  const perProvider = deps.providers.ids().map((provider) =>
    Worker.create({
      ...{ ...shared, activities: patient, taskQueue: providerQueue(provider) },
      maxConcurrentActivityTaskExecutions: 50,
    }),
  );
  return Promise.all([billing, subscriptions, ...perProvider]);
}
