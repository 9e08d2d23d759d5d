import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, DefaultLogger, Runtime } from '@temporalio/worker';
import type { Activities } from '../../src/activities/index.ts';
import { addSearchAttributes } from '../../src/worker/ensure-search-attributes.ts';
import { workflowBundle as bundleOnce } from '../../src/worker/workflow-bundle.ts';
import { resolveTimeSkippingServer } from '../../src/local/temporal-test-server.ts';
import { billingQueue, providerQueue, subscriptionQueue, type CheckoutInput } from '../../src/workflows/messages.ts';

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
});

export type FakeActivities = Partial<Activities>;

/** What a subscription's workflow has done for it. */
export type SubscriptionActivities = Pick<
  Activities,
  | 'settleSubscription'
  | 'openSubscription'
  | 'operateSubscription'
  | 'issueVoucher'
  | 'notifyTrialEnd'
  | 'remindPayment'
  | 'endGrace'
  | 'lookBack'
>;

/** A time-skipping server with our workflows on it; activities are fakes that the test brings. */
export async function startWorkflowWorld() {
  const { path } = await resolveTimeSkippingServer();
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
  });
  await addSearchAttributes(env.connection, env.namespace ?? 'default');
  const workflowBundle = await bundleOnce(undefined);
  return {
    env,
    workflowBundle,
    /** Runs `work` with workers on the billing queue and the queue of the provider `acme`. */
    async withActivities<T>(activities: FakeActivities, work: () => Promise<T>): Promise<T> {
      return withWorkers(env, workflowBundle, activities, work);
    },
    /** As long as `work` takes, another provider's queue is served too. */
    async withQueue<T>(provider: string, activities: FakeActivities, work: () => Promise<T>): Promise<T> {
      const worker = await Worker.create({
        connection: env.nativeConnection,
        activities,
        taskQueue: providerQueue(provider),
      });
      return worker.runUntil(work);
    },
    end: () => env.teardown(),
  };
}

async function withWorkers<T>(
  env: TestWorkflowEnvironment,
  workflowBundle: Awaited<ReturnType<typeof bundleOnce>>,
  activities: FakeActivities,
  work: () => Promise<T>,
): Promise<T> {
  // Workflow code in this thread: starting threads for two workers takes ten times as long as most tests.
  const shared = { connection: env.nativeConnection, activities, debugMode: true };
  const provider = await Worker.create({ ...shared, taskQueue: providerQueue('acme') });
  const billing = await Worker.create({ ...shared, taskQueue: billingQueue, workflowBundle });
  const subscriptions = await Worker.create({ ...shared, taskQueue: subscriptionQueue, workflowBundle });
  return provider.runUntil(() => subscriptions.runUntil(() => billing.runUntil(work)));
}

let count = 0;

/** A checkout for `acme`, each with an id of its own. */
export function aCheckout(changes: Partial<CheckoutInput> = {}): CheckoutInput {
  count += 1;
  return {
    projectId: 'default',
    live: false,
    organizationId: 'org_1',
    checkoutId: `chk_${count}`,
    mode: 'payment',
    attempts: ['acme'],
    rule: 'everywhere',
    country: 'US',
    ...changes,
  };
}

/** What one look for a stray session came to. */
export function aLook(
  changes: Partial<Awaited<ReturnType<Activities['resolveStray']>>> = {},
): Awaited<ReturnType<Activities['resolveStray']>> {
  return {
    ...{ status: 'unknown', because: 'looked', lookAgainMs: null, hasMoved: false, subscriptionId: null },
    ...{ servedBy: 'acme', refundId: null, others: [], ...changes },
  };
}
