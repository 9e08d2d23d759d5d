import { setTimeout as sleep } from 'node:timers/promises';
import {
  WithStartWorkflowOperation,
  WorkflowNotFoundError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client';
import type { QueryDefinition } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { AccountKey } from '../domain/provider-account.ts';
import type { RolloutAct } from '../domain/rollout/steer.ts';
import type { checkProviderAccount, connectProviderWebhook } from '../workflows/check-provider-account.ts';
import {
  abortMigrationUpdate,
  begunUpdate,
  billingQueue,
  cancelUpdate,
  expireUpdate,
  meterPushQuery,
  meterPushWorkflowId,
  migrationItemWorkflowId,
  migrationWorkflowId,
  openedUpdate,
  operateUpdate,
  pauseMigrationUpdate,
  pauseRolloutUpdate,
  pauseUpdate,
  promoteRolloutUpdate,
  providerAccountWorkflowId,
  pushQuery,
  pushWorkflowId,
  reconciliationWorkflowId,
  refundAskedUpdate,
  remindItemUpdate,
  resumeMigrationUpdate,
  resumeUpdate,
  rollBackItemUpdate,
  resumeRolloutUpdate,
  rollBackRolloutUpdate,
  rolloutWorkflowId,
  setRolloutStageUpdate,
  subscriptionWorkflowId,
  type ArchiveMigrationInput,
  type EntityInput,
  type MeterPushReport,
  type ProveMigrationInput,
  type PushMetersInput,
  type PushPlansInput,
  type PushReport,
  type RolloutState,
} from '../workflows/messages.ts';
import { accountAttributes, searchAttributes } from '../workflows/search-attributes.ts';
import type {
  checkoutStart,
  entityStart,
  migrationArchiveStart,
  migrationProofStart,
  migrationStart,
  reconciliationStart,
  rolloutStart,
  subscriptionStart,
  usageReportStart,
} from '../workflows/start-options.ts';

/** The little that the API asks of Temporal. Errors are Temporal's own; the callers know what each means. */
export interface TemporalGateway {
  /** Starts the checkout's workflow, or joins it, and waits until it is opened, done without a payment, or failed. */
  openCheckout(start: ReturnType<typeof checkoutStart>, deadline: Date): Promise<void>;
  /** Asks a running checkout to end, and waits until it has. */
  expireCheckout(workflowId: string, deadline: Date): Promise<void>;
  /** Starts a direct subscription's workflow, or joins it, and waits until it has begun, waits for its customer, or failed. */
  beginSubscription(start: ReturnType<typeof subscriptionStart>, deadline: Date): Promise<void>;
  /** Asks a subscription's workflow to carry out a change, once however often it is asked, and waits until it has. */
  operateSubscription(subscriptionId: string, changeId: string, deadline: Date): Promise<void>;
  /** Starts a refund's workflow, or joins it, and waits until the provider has been asked. The row tells what it said. */
  refundPayment(start: ReturnType<typeof entityStart>, deadline: Date): Promise<void>;
  /** Starts a workflow about one row, or joins it, and waits for its end. The row tells what came of it. */
  runToEnd(start: ReturnType<typeof entityStart>, deadline: Date): Promise<void>;
  /** Has a worker ask the provider whose account it is. */
  checkProviderAccount: typeof checkProviderAccount;
  /** Has a worker register our address at the provider. */
  connectProviderWebhook: typeof connectProviderWebhook;
  /** Starts a push of the catalogue and waits a while for its end; what is not done then goes on. */
  pushPlans(id: string, input: PushPlansInput): Promise<PushReport>;
  /** How far a push is; null: there is none with this id in that project and mode. */
  readPush(id: string, projectId: string, live: boolean): Promise<PushReport | null>;
  /** Starts a push of the meters and waits a while for its end; what is not done then goes on. */
  pushMeters(id: string, input: PushMetersInput): Promise<MeterPushReport>;
  /** How far a push of meters is; null: there is none with this id in that project and mode. */
  readMeterPush(id: string, projectId: string, live: boolean): Promise<MeterPushReport | null>;
  /** Starts a comparison with a provider's account. */
  startReconciliation(start: ReturnType<typeof reconciliationStart>): Promise<void>;
  /** Asks a running comparison to hold, go on or end, and waits until it has. */
  steerReconciliation(runId: string, act: 'pause' | 'resume' | 'cancel', deadline: Date): Promise<void>;
  /** Starts the watch over a rollout. */
  startRollout(start: ReturnType<typeof rolloutStart>): Promise<void>;
  /** Asks a rollout's workflow to do what an operator wants, and waits until it has. */
  steerRollout(rolloutId: string, act: RolloutAct, actor: string, deadline: Date): Promise<void>;
  /** Starts a report of usage, or starts it anew where it has ended and something of it is sent again. */
  startUsageReport(start: ReturnType<typeof usageReportStart>): Promise<void>;
  /** Starts the making of a proof or an archive, or joins it. */
  startMigrationPaper(
    start: ReturnType<typeof migrationProofStart> | ReturnType<typeof migrationArchiveStart>,
  ): Promise<void>;
  /** Starts a migration off a provider. */
  startMigration(start: ReturnType<typeof migrationStart>): Promise<void>;
  /** Asks a running migration to hold, go on or end, and waits until its row says so. */
  steerMigration(migrationId: string, act: 'pause' | 'resume' | 'abort', deadline: Date): Promise<void>;
  /** Asks one customer's workflow to lead them back or to tell them again, and waits until it has. */
  steerMigrationItem(migrationId: string, itemId: string, act: 'rollBack' | 'remind', deadline: Date): Promise<void>;
  /** What is away, in words; empty: all is there. */
  missing(): Promise<readonly string[]>;
}

/** A queue that nobody has polled for this long has no worker. */
const pollerFreshMs = 120_000;

const steering = { pause: pauseUpdate, resume: resumeUpdate, cancel: cancelUpdate } as const;

const steeringMigration = {
  pause: pauseMigrationUpdate,
  resume: resumeMigrationUpdate,
  abort: abortMigrationUpdate,
} as const;
const steeringItem = { rollBack: rollBackItemUpdate, remind: remindItemUpdate } as const;

/** How long a person waits for a short workflow. */
const shortMs = 20_000;

export function createTemporalGateway(client: Client): TemporalGateway {
  return {
    async openCheckout(start, deadline) {
      const startWorkflowOperation = new WithStartWorkflowOperation('checkout', {
        ...start,
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
      });
      await client.withDeadline(deadline, () =>
        client.workflow.executeUpdateWithStart(openedUpdate, { updateId: 'opened', startWorkflowOperation }),
      );
    },
    async expireCheckout(workflowId, deadline) {
      await client.withDeadline(deadline, () => client.workflow.getHandle(workflowId).executeUpdate(expireUpdate));
    },
    async beginSubscription(start, deadline) {
      const startWorkflowOperation = new WithStartWorkflowOperation('subscription', {
        ...start,
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
      });
      await client.withDeadline(deadline, () =>
        client.workflow.executeUpdateWithStart(begunUpdate, { updateId: 'begun', startWorkflowOperation }),
      );
    },
    async operateSubscription(subscriptionId, changeId, deadline) {
      const handle = client.workflow.getHandle(subscriptionWorkflowId(subscriptionId));
      await client.withDeadline(deadline, () =>
        handle.executeUpdate(operateUpdate, { updateId: changeId, args: [{ changeId }] }),
      );
    },
    async refundPayment({ name, ...start }, deadline) {
      const startWorkflowOperation = new WithStartWorkflowOperation(name, {
        ...start,
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
      });
      await client.withDeadline(deadline, () =>
        client.workflow.executeUpdateWithStart(refundAskedUpdate, { updateId: 'asked', startWorkflowOperation }),
      );
    },
    async runToEnd({ name, ...start }, deadline) {
      await client.withDeadline(deadline, () =>
        client.workflow.execute<(input: EntityInput) => Promise<void>>(name, {
          ...start,
          workflowIdConflictPolicy: 'USE_EXISTING',
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
        }),
      );
    },
    checkProviderAccount: (input) => runShort(client, 'checkProviderAccount', input),
    connectProviderWebhook: (input) => runShort(client, 'connectProviderWebhook', input),
    pushPlans(id, input) {
      const workflowId = pushWorkflowId(input.projectId, input.live, id);
      return startPush(client, { name: 'pushPlans', workflowId, input, what: 'plans' }, pushQuery);
    },
    readPush: (id, projectId, live) => ask(client, pushWorkflowId(projectId, live, id), pushQuery),
    pushMeters(id, input) {
      const workflowId = meterPushWorkflowId(input.projectId, input.live, id);
      return startPush(client, { name: 'pushMeters', workflowId, input, what: 'meters' }, meterPushQuery);
    },
    readMeterPush: (id, projectId, live) => ask(client, meterPushWorkflowId(projectId, live, id), meterPushQuery),
    async startReconciliation(start) {
      await client.workflow.start('reconcile', { ...start, workflowIdReusePolicy: 'REJECT_DUPLICATE' });
    },
    async steerReconciliation(runId, act, deadline) {
      const handle = client.workflow.getHandle(reconciliationWorkflowId(runId));
      await client.withDeadline(deadline, () => handle.executeUpdate(steering[act]));
    },
    async startRollout(start) {
      await client.workflow.start('rollout', { ...start, workflowIdReusePolicy: 'REJECT_DUPLICATE' });
    },
    async steerRollout(rolloutId, act, actor, deadline) {
      const handle = client.workflow.getHandle(rolloutWorkflowId(rolloutId));
      await client.withDeadline(deadline, () => steerRollout(handle, act, actor));
    },
    async startUsageReport(start) {
      await client.workflow.start('usageReport', { ...start, workflowIdReusePolicy: 'ALLOW_DUPLICATE' });
    },
    async startMigrationPaper({ name, ...start }) {
      await client.workflow.start<(input: ProveMigrationInput | ArchiveMigrationInput) => Promise<unknown>>(name, {
        ...{ ...start, args: [...start.args], workflowIdReusePolicy: 'REJECT_DUPLICATE' },
      });
    },
    async startMigration(start) {
      await client.workflow.start('migrate', { ...start, workflowIdReusePolicy: 'REJECT_DUPLICATE' });
    },
    async steerMigration(migrationId, act, deadline) {
      const handle = client.workflow.getHandle(migrationWorkflowId(migrationId));
      await client.withDeadline(deadline, () => handle.executeUpdate(steeringMigration[act]));
    },
    async steerMigrationItem(migrationId, itemId, act, deadline) {
      const handle = client.workflow.getHandle(migrationItemWorkflowId(migrationId, itemId));
      await client.withDeadline(deadline, () => handle.executeUpdate(steeringItem[act]));
    },
    async missing() {
      try {
        return await client.withDeadline(Date.now() + 2_000, () => missingPollers(client));
      } catch {
        return ['temporal'];
      }
    },
  };
}

function steerRollout(handle: WorkflowHandle, act: RolloutAct, actor: string): Promise<RolloutState> {
  switch (act.kind) {
    case 'pause':
      return handle.executeUpdate(pauseRolloutUpdate, { args: [{ actor }] });
    case 'resume':
      return handle.executeUpdate(resumeRolloutUpdate, { args: [{ actor }] });
    case 'promote':
      return handle.executeUpdate(promoteRolloutUpdate, { args: [{ actor, from: act.from }] });
    case 'rollback':
      return handle.executeUpdate(rollBackRolloutUpdate, { args: [{ actor }] });
    case 'stage':
      return handle.executeUpdate(setRolloutStageUpdate, { args: [{ actor, stage: act.stage }] });
  }
}

interface Push {
  readonly name: string;
  readonly workflowId: string;
  readonly input: PushPlansInput | PushMetersInput;
  readonly what: string;
}

/** Starts a push and waits a while for its end; then its query tells how far it is. */
async function startPush<Report>(client: Client, push: Push, query: QueryDefinition<Report>): Promise<Report> {
  const { name, workflowId, input, what } = push;
  const handle = await client.workflow.start<(input: Push['input']) => Promise<Report>>(name, {
    ...{ workflowId, taskQueue: billingQueue, args: [input] },
    staticSummary: `${input.projectId}: ${input.dryRun ? `what a push of ${what} would do` : `push ${what}`}`,
    typedSearchAttributes: [{ key: searchAttributes.project, value: input.projectId }],
  });
  const patience = new AbortController();
  try {
    const late = sleep(shortMs, undefined, { signal: patience.signal }).then(() => handle.query(query));
    return await Promise.race([handle.result(), late]);
  } finally {
    patience.abort();
  }
}

/** null: there is no such workflow. */
async function ask<Report>(client: Client, workflowId: string, query: QueryDefinition<Report>): Promise<Report | null> {
  try {
    return await client.workflow.getHandle(workflowId).query(query);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

/** Runs a short workflow for a person who waits; a second one for the same account joins the first. */
async function runShort<Output>(client: Client, name: string, input: AccountKey): Promise<Output> {
  const { projectId, provider } = input;
  return client.withDeadline(Date.now() + shortMs, () =>
    client.workflow.execute<(input: AccountKey) => Promise<Output>>(name, {
      workflowId: `${providerAccountWorkflowId(input)}/${name}`,
      workflowIdConflictPolicy: 'USE_EXISTING',
      taskQueue: billingQueue,
      args: [input],
      workflowExecutionTimeout: '2m',
      staticSummary: `${projectId}: ${name} at ${provider}`,
      typedSearchAttributes: accountAttributes({ projectId, provider }),
    }),
  );
}

async function missingPollers(client: Client): Promise<readonly string[]> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: billingQueue },
    taskQueueType: proto.temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
  });
  const fresh = (pollers ?? []).some(
    (poller) => Number(poller.lastAccessTime?.seconds ?? 0) * 1_000 > Date.now() - pollerFreshMs,
  );
  return fresh ? [] : ['worker'];
}
