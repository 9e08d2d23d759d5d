import { SubscriptionChangeEntity, SubscriptionEntity, type SubscriptionChange } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { readChangeTarget, readOperationFacts, type OperationFacts } from '../db/queries/subscription-operations.ts';
import type { Subscription } from '../db/entities/subscription.ts';
import type { OperationStatus } from '../domain/subscription/operation.ts';
import { decideCancel, decideUndoCancel } from '../domain/subscription/cancel-plan.ts';
import { decideChange, decideUndoChange } from '../domain/subscription/change-plan.ts';
import {
  nextChance,
  meansOf,
  type Decision,
  type Means,
  type OperationPlan,
} from '../domain/subscription/operation-plan.ts';
import { decidePause, decideResume } from '../domain/subscription/pause-plan.ts';
import type { ActivityDeps, SubscriptionRef } from './deps.ts';
import { keepInStep } from './keep-in-step.ts';
import { carryOutCancel, scheduleCancel } from './operate/carry-out-cancel.ts';
import { carryOutChange, scheduleChange, settleConfirmation } from './operate/carry-out-change.ts';
import { carryOutPause, carryOutResume, schedulePause } from './operate/carry-out-pause.ts';
import { carryOutUndoCancel, carryOutUndoChange } from './operate/carry-out-undo.ts';
import { failed, type Operation, type Outcome } from './operate/operation.ts';
import { recordOutcome } from './operate/record-outcome.ts';
import { lookAtSubscription } from './settle-subscription.ts';
import { settleVoucherSubscription } from './settle-voucher-subscription.ts';
import { settledSubscription, type SettledSubscription } from './settled-subscription.ts';

export interface OperatedSubscription {
  readonly status: OperationStatus;
  readonly settled: SettledSubscription;
}

/**
 * Carries out something that was asked of a subscription, or schedules it and carries it out at its time. Safe to
 * repeat, and beside others: what was done is not done again, and an outcome that nobody knows is asked for.
 *
 * @throws {BillingError} `unavailable`, `rate_limited`: the provider does not answer; try again later
 */
export function createOperateSubscription(deps: ActivityDeps) {
  return function operateSubscription(
    ref: SubscriptionRef & { readonly changeId: string },
  ): Promise<OperatedSubscription> {
    return keepInStep(async () => {
      const em = deps.orm.em.fork();
      const { projectId, live, subscriptionId, changeId } = ref;
      const row = await em.findOneOrFail(SubscriptionEntity, { id: subscriptionId, projectId, live });
      const change = await em.findOneOrFail(SubscriptionChangeEntity, {
        id: changeId,
        projectId,
        live,
        subscriptionId,
      });
      const begun = await begin(deps, em, row, change);
      if (begun === null) return answer(deps, row, change, `${change.kind} ${change.status}`);
      const outcome = await begun();
      const { operation } = outcome;
      const written = await recordOutcome(operation, outcome.result);
      const now = await deps.orm.em.fork().findOneOrFail(SubscriptionChangeEntity, { id: change.id });
      return answer(deps, written, now, becauseOf(change, outcome.result));
    });
  };
}

type Begun = () => Promise<{ readonly operation: Operation; readonly result: Outcome }>;

/** @returns null: there is nothing to do, or nothing to do yet. */
async function begin(
  deps: ActivityDeps,
  em: Db,
  read: Subscription,
  change: SubscriptionChange,
): Promise<Begun | null> {
  if (change.status !== 'requested' && change.status !== 'scheduled') return null;
  const isWaiting = change.status === 'scheduled';
  if (isWaiting && (change.method === 'provider' || (change.effectiveAt?.getTime() ?? 0) > Date.now())) return null;
  // An hour ahead of a renewal that came all the same: what is known may be a period old.
  const row = isWaiting ? await freshRow(deps, read, change) : read;
  const facts = await readOperationFacts(em, row, change.id);
  const means = meansHere(deps, row);
  const decision = isWaiting ? waitedFor(change) : await decide(em, row, change, facts, means);
  const plan = 'plan' in decision ? decision.plan : noPlan(change);
  const operation: Operation = { deps, em, row, change, facts, means, plan };
  return async () => ({
    operation,
    result: 'plan' in decision ? await work(operation) : refused(decision.refusal),
  });
}

/**
 * In step with its provider, for what was scheduled long ago; but not in the middle of a replacement, where the old one
 * has ended and the row goes on.
 */
async function freshRow(deps: ActivityDeps, row: Subscription, { method }: SubscriptionChange): Promise<Subscription> {
  if (row.collection === 'none' || method === 'recreate') return row;
  const { projectId, live, id: subscriptionId } = row;
  return (await lookAtSubscription(deps, { projectId, live, subscriptionId })).row;
}

async function work(operation: Operation): Promise<Outcome> {
  const { change, facts, plan } = operation;
  const isWaiting = change.status === 'scheduled';
  if (isWaiting && change.kind === 'change' && plan.timing === 'now') return settleConfirmation(operation);
  if (isWaiting && change.effectiveAt !== null) {
    const { currentPeriodEnd: end } = facts.present;
    // A further period was paid by a voucher meanwhile: it is the customer's.
    const isPaidOn = change.kind === 'cancel' && operation.row.collection === 'voucher' && end !== null;
    if (isPaidOn && Date.parse(end) > Date.now()) return scheduleCancel(operation, end);
    const next = nextChance(facts.present, plan, change.effectiveAt.toISOString());
    if (next !== null) return schedule(operation, next);
  }
  const isLater = plan.effectiveAt !== null && Date.parse(plan.effectiveAt) > Date.now();
  if (!isWaiting && isLater && plan.method !== 'provider') return schedule(operation, plan.effectiveAt);
  switch (change.kind) {
    case 'change':
      return carryOutChange(operation);
    case 'undo_change':
      return carryOutUndoChange(operation);
    case 'cancel':
      return carryOutCancel(operation);
    case 'undo_cancel':
      return carryOutUndoCancel(operation);
    case 'pause':
      return carryOutPause(operation);
    case 'resume':
      return carryOutResume(operation);
  }
}

function schedule(operation: Operation, effectiveAt: string): Outcome {
  switch (operation.change.kind) {
    case 'change':
      return scheduleChange(operation, effectiveAt);
    case 'cancel':
      return scheduleCancel(operation, effectiveAt);
    case 'pause':
      return schedulePause(operation, effectiveAt);
    case 'undo_change':
    case 'undo_cancel':
    case 'resume':
      return failed('nothing_to_change', 'This is done at once or not at all.');
  }
}

/** As the API decided, from the row as it is by now. */
async function decide(
  em: Db,
  row: Subscription,
  change: SubscriptionChange,
  { present }: OperationFacts,
  means: Means,
): Promise<Decision> {
  switch (change.kind) {
    case 'change': {
      const { plan, price } = await readChangeTarget(em, row, change.priceId ?? row.priceId);
      const wish = {
        ...{ planId: plan.id, priceId: price.id, unitAmountMinor: price.amountMinor },
        billingInterval: price.billingInterval ?? row.billingInterval,
        ...{ quantity: change.quantity ?? row.quantity, when: change.timing, proration: change.proration },
      };
      return decideChange(present, wish, means);
    }
    case 'undo_change':
      return decideUndoChange(present, means);
    case 'cancel':
      return decideCancel(present, change.timing, means);
    case 'undo_cancel':
      return decideUndoCancel(present, means);
    case 'pause': {
      const resumesAt = change.resumesAt?.toISOString() ?? null;
      return decidePause(present, { when: change.timing, resumesAt }, means);
    }
    case 'resume':
      return decideResume(present, means);
  }
}

/** Decided when it was scheduled. */
function waitedFor({ timing, method, proration }: SubscriptionChange): Decision {
  return { plan: { timing, method: method ?? 'ours', effectiveAt: null, proration } };
}

function noPlan({ timing, proration }: SubscriptionChange): OperationPlan {
  return { timing, method: 'ours', effectiveAt: null, proration };
}

function refused({ code, message, possible }: Extract<Decision, { refusal: unknown }>['refusal']): Outcome {
  return failed(code, message, { detail: possible.length > 0 ? { possible } : {} });
}

function meansHere(deps: ActivityDeps, { provider }: Subscription): Means {
  if (provider === null) return meansOf(null, []);
  return meansOf(deps.providers.abilities(provider), deps.providers.operations(provider));
}

async function answer(
  deps: ActivityDeps,
  row: Subscription,
  change: SubscriptionChange,
  because: string,
): Promise<OperatedSubscription> {
  // What was changed decides which vouchers are wanted: of what ends, nobody shall pay one any more.
  const now = row.collection === 'voucher' ? await settleVoucherSubscription(deps, row) : row;
  return { status: change.status, settled: await settledSubscription(deps.orm.em.fork(), now, because) };
}

function becauseOf({ kind }: SubscriptionChange, outcome: Outcome): string {
  return outcome.kind === 'done' ? `${kind}: ${outcome.because}` : `${kind} failed: ${outcome.code}`;
}
