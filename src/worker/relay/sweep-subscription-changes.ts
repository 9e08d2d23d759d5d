import {
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowUpdateStage,
} from '@temporalio/client';
import {
  SubscriptionChangeEntity,
  SubscriptionEntity,
  type SubscriptionChange,
} from '../../db/entities/subscription.ts';
import { isOver } from '../../domain/subscription/transition.ts';
import { operateUpdate } from '../../workflows/messages.ts';
import { subscriptionStart } from '../../workflows/start-options.ts';
import type { RelayDeps } from './deliver-events.ts';
import { forgottenBefore } from './forgotten.ts';

/** A worker that is away must not hold up the other sweeps. */
const patienceMs = 5_000;

/**
 * Tells the workflow of what was asked of its subscription by an API process that died before it could. What was asked
 * of one that has ended meanwhile is closed: nobody can carry it out.
 *
 * @returns how many workflows were told.
 */
export async function sweepSubscriptionChanges(deps: RelayDeps): Promise<number> {
  const rows = await deps
    .em()
    .find(
      SubscriptionChangeEntity,
      { status: 'requested', createdAt: { $lt: forgottenBefore() } },
      { limit: 100, orderBy: { createdAt: 'asc' } },
    );
  let told = 0;
  for (const row of rows) {
    try {
      await tell(deps, row);
      told += 1;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      await close(deps, row);
    }
  }
  if (told > 0) deps.logger.info({ told }, 'told workflows of forgotten changes');
  return told;
}

/** Waits until the workflow has heard it, not until it is done. */
async function tell(deps: RelayDeps, change: SubscriptionChange): Promise<void> {
  const { projectId, live } = change;
  const row = await deps.em().findOneOrFail(SubscriptionEntity, { id: change.subscriptionId, projectId, live });
  const { organizationId, provider, country, status } = row;
  const startWorkflowOperation = new WithStartWorkflowOperation('subscription', {
    ...subscriptionStart({ projectId, live, organizationId, provider, country, status, subscriptionId: row.id }),
    workflowIdConflictPolicy: 'USE_EXISTING',
    // One that lives needs its workflow, whatever became of the last.
    workflowIdReusePolicy: isOver(status) ? 'REJECT_DUPLICATE' : 'ALLOW_DUPLICATE',
  });
  await deps.temporal.withDeadline(Date.now() + patienceMs, () =>
    deps.temporal.workflow.startUpdateWithStart(operateUpdate, {
      args: [{ changeId: change.id }],
      updateId: change.id,
      waitForStage: WorkflowUpdateStage.ACCEPTED,
      startWorkflowOperation,
    }),
  );
}

/** Its workflow has ended, and with it the subscription. */
async function close(deps: RelayDeps, { id }: SubscriptionChange): Promise<void> {
  await deps.em().execute(
    `update subscription_changes set status = 'failed', failure_code = 'subscription_ended', version = version + 1,
       failure_detail = '{"message": "The subscription has ended."}', updated_at = now()
     where id = ? and status = 'requested'`,
    [id],
    'run',
  );
}
