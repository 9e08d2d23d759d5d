import { getExternalWorkflowHandle, isCancellation } from '@temporalio/workflow';
import type { Nudge, RowWorkflow } from '../activities/row-workflow.ts';
import { applyLateFact } from './apply-late-fact.ts';
import { checkout } from './checkout.ts';
import { checkoutWorkflowId, providerFactsSignal, subscriptionWorkflowId, type ProviderFact } from './messages.ts';
import { refundPayment } from './refund-payment.ts';
import { startAgain, startOnce } from './start-once.ts';
import { checkoutStart, lateFactStart, refundStart, subscriptionStart } from './start-options.ts';
import { subscription } from './subscription.ts';

/** Has what a difference is about looked at by the workflow it belongs to; one that has ended looks once more. */
export async function nudge({ target, fact, mustRun }: Nudge): Promise<void> {
  const workflowId = target.kind === 'checkout' ? checkoutWorkflowId(target.id) : subscriptionWorkflowId(target.id);
  if (await hears(workflowId, fact)) return;
  if (mustRun !== null) {
    await startLost(mustRun, fact.id);
    return;
  }
  const { kind, id, ...owner } = target;
  const late = { ...owner, target: { kind, id }, facts: [fact] };
  await startOnce(applyLateFact, lateFactStart(late, fact.id, `a difference, after ${workflowId} had ended`));
}

/**
 * Starts a workflow that must run, by its row alone.
 *
 * @param cause Why: the part of what it hears that makes it one of its own.
 * @returns false: it runs after all.
 */
export async function startLost(lost: RowWorkflow, cause: string): Promise<boolean> {
  switch (lost.kind) {
    case 'checkout': {
      const isStarted = await startAgain(checkout, checkoutStart(lost.row));
      // It waits for word of what happened while nobody listened: let it look at once.
      const fact = { id: `${cause}/${lost.row.id}`, type: 'reconciliation', kind: 'checkout', objectId: lost.row.id };
      await hears(checkoutWorkflowId(lost.row.id), fact);
      return isStarted;
    }
    case 'subscription': {
      const { id: subscriptionId, ...row } = lost.row;
      return startAgain(subscription, subscriptionStart({ ...row, subscriptionId }));
    }
    case 'refund':
      return startAgain(refundPayment, refundStart(lost.row));
  }
}

/** @returns false: no such workflow runs. */
async function hears(workflowId: string, fact: ProviderFact): Promise<boolean> {
  try {
    await getExternalWorkflowHandle(workflowId).signal(providerFactsSignal, [fact]);
    return true;
  } catch (error) {
    if (isCancellation(error)) throw error;
    return false;
  }
}
