import type { Subscription } from '../db/entities/subscription.ts';
import { isOver } from '../domain/subscription/transition.ts';
import { applySubscriptionTruth } from './apply-subscription-truth.ts';
import { callKey } from './call-key.ts';
import { changeSubscription, enterStatus } from './change-subscription.ts';
import type { ActivityDeps, SubscriptionRef } from './deps.ts';
import { keepInStep } from './keep-in-step.ts';
import type { SubscriptionNews } from './note-subscription.ts';
import { accountOf } from './provider-account.ts';
import { lookAtSubscription } from './settle-subscription.ts';
import { settledSubscription, type SettledSubscription } from './settled-subscription.ts';

/**
 * Ends a subscription whose payer's grace is over: looks first, for who has paid meanwhile stays; then ends it at the
 * provider and reads back. Safe to repeat: the provider's call has the grace's own key.
 */
export function createEndGrace(deps: ActivityDeps) {
  return function endGrace(ref: SubscriptionRef): Promise<SettledSubscription> {
    return keepInStep(async () => {
      const { row, because } = await lookAtSubscription(deps, ref);
      if (!isGraceOver(row)) return settledSubscription(deps.orm.em.fork(), row, because);
      const ended = row.providerSubscriptionId === null ? await endOurs(deps, row) : await endAtProvider(deps, row);
      const what = isOver(ended.status) ? 'ended' : 'the provider was asked to end it';
      return settledSubscription(deps.orm.em.fork(), ended, `the grace was over: ${what}`);
    });
  };
}

function isGraceOver({ status, graceEndsAt }: Subscription): boolean {
  return status === 'past_due' && graceEndsAt !== null && graceEndsAt.getTime() <= Date.now();
}

async function endAtProvider(deps: ActivityDeps, row: Subscription): Promise<Subscription> {
  const { projectId, live, provider, providerSubscriptionId, providerCustomerId } = row;
  if (provider === null || providerSubscriptionId === null) return row;
  const { subscriptions } = (await accountOf(deps, projectId, live, provider)).client;
  if (!subscriptions) return row;
  const ref = { providerSubscriptionId, providerCustomerId };
  if ((await subscriptions.get(ref)) === null) return endOurs(deps, row);
  const businessId = `${row.id}/grace/${row.graceEndsAt?.toISOString()}`;
  const idempotencyKey = callKey({ projectId, operation: 'subscriptions.cancel', businessId, provider });
  await subscriptions.cancel({ ...ref, idempotencyKey, when: 'now', reason: null, comment: null });
  const askedAt = new Date();
  const truth = await subscriptions.get(ref);
  if (truth === null) return row;
  const within = async (_tx: unknown, fresh: Subscription) => (isOver(fresh.status) ? [graceEnded(row)] : []);
  return applySubscriptionTruth(deps.orm.em.fork(), row, truth, { askedAt, within });
}

/** No provider has it: it is paid by voucher, or its provider has lost it. */
function endOurs(deps: ActivityDeps, row: Subscription): Promise<Subscription> {
  return changeSubscription(deps.orm.em.fork(), row, async (_tx, fresh, policy) => {
    const news = [graceEnded(row)];
    enterStatus(fresh, 'canceled', policy);
    Object.assign(fresh, { canceledAt: new Date(), endedAt: new Date(), voucher: null });
    return { detail: 'nobody paid', news };
  });
}

function graceEnded(row: Subscription): SubscriptionNews {
  const cause = row.graceEndsAt?.toISOString() ?? row.version.toString();
  return {
    type: 'subscription.grace_ended',
    cause,
    actor: `subscription/${row.id}`,
    detail: `the grace ended ${cause}`,
  };
}
