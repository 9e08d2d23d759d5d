import { SubscriptionChangeEntity, type Subscription } from '../../db/entities/subscription.ts';
import { newId } from '../../db/new-id.ts';
import type { Db } from '../../db/orm.ts';
import { resumesWithUs } from '../../domain/subscription/pause-plan.ts';
import { bringAbout, sure } from './bring-about.ts';
import { nowIso, type Operation, type Outcome } from './operation.ts';
import { withdrawScheduled } from './withdraw.ts';

/** Pauses at the provider. A day to go on that the provider cannot keep is kept by us, as an operation that waits. */
export async function carryOutPause(operation: Operation): Promise<Outcome> {
  const { change, means, plan } = operation;
  const resumesAt = change.resumesAt?.toISOString() ?? null;
  const isOurs = resumesWithUs(resumesAt, means);
  const when = plan.method === 'ours' ? 'now' : plan.timing;
  const brought = await bringAbout(operation, {
    isThere: (truth) => truth.status === 'paused',
    send: (subscriptions, input) =>
      subscriptions.pause ? sure(subscriptions.pause({ ...input, when, resumesAt: isOurs ? null : resumesAt })) : null,
  });
  if ('failure' in brought) return brought.failure;
  const isPaused = brought.answered.truth.status === 'paused';
  const effectiveAt = isPaused ? nowIso() : (plan.effectiveAt ?? nowIso());
  return {
    ...{ kind: 'done', status: isPaused ? 'applied' : 'scheduled', effectiveAt, answered: brought.answered },
    because: isPaused ? 'paused' : 'pauses with its period at the provider',
    async within(tx, row) {
      if (change.status === 'requested') await keepResume(tx, row, operation);
      if (isPaused) return [];
      const detail = `pauses ${effectiveAt}`;
      return [{ type: 'subscription.updated', cause: change.id, actor: change.actor, detail }];
    },
  };
}

/** Kept by us until the hour comes, for the provider pauses at once only. */
export function schedulePause(operation: Operation, effectiveAt: string): Outcome {
  const { change } = operation;
  const detail = `pauses ${effectiveAt}, by us`;
  return {
    ...{ kind: 'done', status: 'scheduled', effectiveAt, answered: null, because: detail },
    async within(tx, row) {
      if (change.status === 'requested') await keepResume(tx, row, operation);
      return [{ type: 'subscription.updated', cause: change.id, actor: change.actor, detail }];
    },
  };
}

/** The end of a pause that the provider cannot keep is asked for with it, and waits for its day. */
async function keepResume(tx: Db, row: Subscription, { change, means }: Operation): Promise<void> {
  const at = change.resumesAt;
  if (at === null || !resumesWithUs(at.toISOString(), means)) return;
  if (row.status === 'paused') row.resumesAt = at;
  const { projectId, live, organizationId } = row;
  tx.create(
    SubscriptionChangeEntity,
    {
      ...{ id: newId('chg'), projectId, live, organizationId, subscriptionId: row.id, actor: change.actor },
      ...{ kind: 'resume', status: 'scheduled', timing: 'now', method: 'ours', effectiveAt: at, resumesAt: null },
      ...{ planId: null, priceId: null, billingInterval: null, quantity: null, proration: null, prorationAt: null },
      ...{ reason: null, comment: null, failureCode: null, failureDetail: null },
    },
    { persist: true },
  );
}

/** Ends a pause, or takes back one that waits. */
export async function carryOutResume(operation: Operation): Promise<Outcome> {
  const { change, facts, row } = operation;
  const by = { actor: change.actor, detail: 'goes on', except: change.id };
  const isOnlyWaiting = row.status !== 'paused' && facts.present.waiting.pause !== 'provider';
  const done: Outcome = {
    ...{ kind: 'done', status: 'applied', effectiveAt: nowIso(), answered: null, because: by.detail },
    async within(tx, fresh) {
      const paused = await withdrawScheduled(tx, fresh, 'pause', by);
      await withdrawScheduled(tx, fresh, 'resume', by);
      if (fresh.status !== 'paused') fresh.resumesAt = null;
      return paused.length > 0
        ? [{ type: 'subscription.updated', cause: change.id, actor: by.actor, detail: by.detail }]
        : [];
    },
  };
  if (isOnlyWaiting) return done;
  const brought = await bringAbout(operation, {
    isThere: (truth) => truth.status !== 'paused' && facts.present.waiting.pause === null,
    send: (subscriptions, input) => subscriptions.resume?.(input) ?? null,
  });
  if ('failure' in brought) return brought.failure;
  const { answered, nextStep } = brought;
  return { ...done, answered, ...(nextStep && { nextStep }) };
}
