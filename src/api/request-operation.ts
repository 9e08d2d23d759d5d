import { UniqueConstraintViolationException } from '@mikro-orm/core';
import { SubscriptionChangeEntity, type Subscription, type SubscriptionChange } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { listPlanKeys } from '../db/queries/plans.ts';
import { listPendingChanges, listScheduledPauses } from '../db/queries/subscription-changes.ts';
import { findOperation } from '../db/queries/subscription-operations.ts';
import { findSubscription } from '../db/queries/subscriptions.ts';
import type { ChangeWish } from '../domain/subscription/change-plan.ts';
import type { OperationKind } from '../domain/subscription/operation.ts';
import type { OperationPlan } from '../domain/subscription/operation-plan.ts';
import { presentSubscription } from '../present/subscription.ts';
import { askWorkflow } from './ask-workflow.ts';
import type { Caller } from './caller.ts';
import type { ApiDeps } from './deps.ts';
import { refusal } from './error-codes.ts';
import type { Answer } from './idempotency.ts';
import { explainOperation } from './refuse-operation.ts';

/** Something asked of a subscription that can be done, as far as its row tells. */
export interface AskedOperation {
  readonly kind: OperationKind;
  readonly plan: OperationPlan;
  /** Of a change. */
  readonly wish?: ChangeWish;
  readonly prorationAt?: string | null;
  readonly resumesAt?: string | null;
  readonly reason?: string | null;
  readonly comment?: string | null;
}

interface Asking {
  readonly em: Db;
  readonly caller: Caller;
  readonly row: Subscription;
  readonly changeId: string;
}

/**
 * Writes down what is asked, for the subscription's workflow to carry out.
 *
 * @throws {BillingError} `change_pending`: one change at a time
 */
export async function requestOperation(asking: Asking, asked: AskedOperation): Promise<SubscriptionChange> {
  const { em, caller, row, changeId } = asking;
  const { wish, plan } = asked;
  if (wish) await refuseSecond(em, row);
  const tx = em.fork();
  const change = tx.create(
    SubscriptionChangeEntity,
    {
      id: changeId,
      projectId: row.projectId,
      live: row.live,
      organizationId: row.organizationId,
      subscriptionId: row.id,
      kind: asked.kind,
      status: 'requested',
      timing: plan.timing,
      method: null,
      planId: wish && wish.planId !== row.planId ? wish.planId : null,
      priceId: wish && wish.priceId !== row.priceId ? wish.priceId : null,
      billingInterval: wish && wish.billingInterval !== row.billingInterval ? wish.billingInterval : null,
      quantity: wish && wish.quantity !== row.quantity ? wish.quantity : null,
      proration: plan.proration,
      prorationAt: dateOrNull(asked.prorationAt),
      resumesAt: dateOrNull(asked.resumesAt),
      reason: asked.reason ?? null,
      comment: asked.comment ?? null,
      effectiveAt: null,
      failureCode: null,
      failureDetail: null,
      actor: caller.actor,
    },
    { persist: true },
  );
  const { id: entityId, projectId, live, kind, timing, planId, priceId, billingInterval, quantity } = change;
  recordAudit(tx, {
    ...{ projectId, live, actor: caller.actor, action: 'subscription_change.requested' },
    ...{ entityKind: 'subscription_change', entityId, detail: `${kind} of ${row.id}` },
    after: {
      ...{ status: 'requested', kind, timing, plan_id: planId, price_id: priceId },
      ...{ billing_interval: billingInterval, quantity, resumes_at: asked.resumesAt ?? null },
    },
  });
  try {
    await tx.flush();
  } catch (error) {
    // Asked twice in the same moment: the index let one through.
    if (!(error instanceof UniqueConstraintViolationException)) throw error;
    await refuseSecond(em.fork(), row);
    throw error;
  }
  return change;
}

/** @throws {BillingError} `change_pending`, with the one that waits. */
async function refuseSecond(em: Db, row: Subscription): Promise<void> {
  const pending = (await listPendingChanges(em, [row.id])).get(row.id);
  if (!pending) return;
  const planIds = [row.planId, pending.planId].filter((id) => id !== null);
  const { pending_change } = presentSubscription(row, await listPlanKeys(em, row.projectId, planIds), pending, null);
  throw refusal('change_pending', 'Another change of this subscription is not carried out yet.', {
    details: { subscription_id: row.id, pending_change },
  });
}

/**
 * Has the subscription's workflow carry it out, once however often this is called, and answers the subscription as it
 * then stands: 200, or 202 while nobody knows what came of it.
 *
 * @throws {BillingError} what the activity left on the row
 */
export async function answerOperation(
  deps: Pick<ApiDeps, 'temporal' | 'logger'>,
  { em, caller, row }: Asking,
  change: SubscriptionChange,
): Promise<Answer> {
  if (change.status === 'requested')
    await askWorkflow(deps.logger, { subscription_id: row.id, change_id: change.id }, (deadline) =>
      deps.temporal.operateSubscription(row.id, change.id, deadline),
    );
  const fresh = em.fork();
  const settled = (await findOperation(fresh, caller, change.id)) ?? change;
  if (settled.status === 'failed') throw explainOperation(settled);
  const status = settled.status === 'requested' ? 202 : 200;
  return { status, body: await presentNow(fresh, caller, row) };
}

/** The subscription as `GET` shows it. */
export async function presentNow(em: Db, caller: Caller, row: Subscription) {
  const now = (await findSubscription(em, caller, row.id)) ?? row;
  const pending = (await listPendingChanges(em, [row.id])).get(row.id) ?? null;
  const pause = (await listScheduledPauses(em, [row.id])).get(row.id) ?? null;
  const planIds = [now.planId, pending?.planId].filter((id) => id != null);
  return presentSubscription(now, await listPlanKeys(em, row.projectId, [...new Set(planIds)]), pending, pause);
}

function dateOrNull(iso: string | null | undefined): Date | null {
  return iso == null ? null : new Date(iso);
}
