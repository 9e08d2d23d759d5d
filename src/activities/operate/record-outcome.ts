import {
  SubscriptionChangeEntity,
  type Subscription,
  type SubscriptionChange,
} from '../../db/entities/subscription.ts';
import type { Db } from '../../db/orm.ts';
import { recordAudit } from '../../db/queries/audit.ts';
import { applySubscriptionTruth } from '../apply-subscription-truth.ts';
import { changeSubscription } from '../change-subscription.ts';
import { RowMoved } from '../keep-in-step.ts';
import type { SubscriptionNews } from '../note-subscription.ts';
import type { Operation, Outcome } from './operation.ts';

/**
 * Writes what came of an operation, in one transaction with the subscription that it changed: the provider's truth where
 * one was asked, the operation's own row, audit and events.
 *
 * @throws {RowMoved} somebody else was faster: read again, decide again
 */
export async function recordOutcome(operation: Operation, outcome: Outcome): Promise<Subscription> {
  const { change, deps, row } = operation;
  const em = deps.orm.em.fork();
  const within = async (tx: Db, fresh: Subscription): Promise<readonly SubscriptionNews[]> => {
    const own = await tx.findOneOrFail(SubscriptionChangeEntity, { id: change.id }, { refresh: true });
    if (own.version !== change.version) throw new RowMoved();
    const news = (await outcome.within?.(tx, fresh)) ?? [];
    const before = { status: own.status };
    if (outcome.kind === 'done') done(fresh, own, operation, outcome);
    else fail(own, operation, outcome);
    auditOutcome(tx, own, before);
    return news;
  };
  if (outcome.answered !== null) {
    const { truth, askedAt } = outcome.answered;
    return applySubscriptionTruth(em, row, truth, { actor: change.actor, askedAt, within });
  }
  const detail = outcome.kind === 'done' ? outcome.because : outcome.message;
  return changeSubscription(em, row, async (tx, fresh) => ({ detail, news: await within(tx, fresh) }), change.actor);
}

function done(
  row: Subscription,
  own: SubscriptionChange,
  { plan }: Operation,
  outcome: Extract<Outcome, { kind: 'done' }>,
): void {
  const { status, effectiveAt, nextStep } = outcome;
  Object.assign(own, { status, method: plan.method, timing: plan.timing, effectiveAt: new Date(effectiveAt) });
  // Until the customer has come we look: nobody tells of one who does not.
  if (status === 'scheduled' && nextStep) own.method = 'ours';
  if (nextStep) row.nextStep = nextStep;
}

function fail(own: SubscriptionChange, { plan }: Operation, outcome: Extract<Outcome, { kind: 'failed' }>): void {
  const { code, message, detail } = outcome;
  Object.assign(own, {
    status: 'failed',
    method: plan.method,
    failureCode: code,
    failureDetail: { ...detail, message },
  });
}

/** A failure stands in the subscription's own story too; what was done, its news tell. */
function auditOutcome(
  tx: Db,
  own: SubscriptionChange,
  before: { readonly status: SubscriptionChange['status'] },
): void {
  const { id, projectId, live, actor, kind, status, subscriptionId, failureCode } = own;
  const by = { projectId, live, actor };
  if (before.status !== status)
    recordAudit(tx, {
      ...{ ...by, action: `subscription_change.${status}`, entityKind: 'subscription_change', entityId: id, before },
      ...{
        detail: `${kind} of ${subscriptionId}`,
        after: { status, effective_at: own.effectiveAt, method: own.method },
      },
    });
  if (status === 'failed')
    recordAudit(tx, {
      ...{ ...by, action: `subscription.${kind}_failed`, entityKind: 'subscription', entityId: subscriptionId },
      ...{ detail: failureCode ?? 'failed', before: { change: id, ...before } },
      after: { change: id, status, failure_code: failureCode },
    });
}
