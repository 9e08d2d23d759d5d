import { SubscriptionEntity, type Subscription } from '../db/entities/subscription.ts';
import { isOver, nextSubscriptionLook } from '../domain/subscription/transition.ts';
import type { SubscriptionStatus } from '../domain/subscription/truth.ts';
import { applySubscriptionTruth } from './apply-subscription-truth.ts';
import type { ActivityDeps } from './deps.ts';
import { keepInStep } from './keep-in-step.ts';
import { accountOf } from './provider-account.ts';
import { readMoneyBack } from './read-money-back.ts';

export interface SettledSubscription {
  readonly status: SubscriptionStatus;
  readonly isOver: boolean;
  readonly periodStart: string | null;
  /** When to look again if no webhook comes; null: only a webhook can bring news. */
  readonly lookAt: string | null;
  readonly because: string;
}

/** Reads the provider's truth of a subscription and brings row, invoices and payments in step with it. */
export function createSettleSubscription(deps: ActivityDeps) {
  return function settleSubscription(ref: {
    readonly projectId: string;
    readonly live: boolean;
    readonly subscriptionId: string;
    /** Disputes that webhooks named. */
    readonly disputeIds?: readonly string[];
  }): Promise<SettledSubscription> {
    return keepInStep(async () => {
      const em = deps.orm.em.fork();
      const row = await em.findOneOrFail(SubscriptionEntity, { id: ref.subscriptionId, projectId: ref.projectId });
      if (row.provider === null || row.providerSubscriptionId === null) return asSettled(row, 'it costs nothing');
      const { client } = await accountOf(deps, row.projectId, row.live, row.provider);
      const { subscriptions } = client;
      if (!subscriptions) return asSettled(row, `${row.provider} has no subscriptions to read`);
      const { providerSubscriptionId, providerCustomerId } = row;
      const truth = await subscriptions.get({ providerSubscriptionId, providerCustomerId });
      if (truth === null) return asSettled(row, `${row.provider} does not know it any more`);
      const { projectId, live, provider } = row;
      const owner = { projectId, live, provider };
      const back = await readMoneyBack(em.fork(), client, owner, truth.payments, ref.disputeIds ?? []);
      return asSettled(
        await applySubscriptionTruth(em.fork(), row, truth, { back }),
        `${provider} says ${truth.status}`,
      );
    });
  };
}

function asSettled(row: Subscription, because: string): SettledSubscription {
  const instants = {
    currentPeriodEnd: row.currentPeriodEnd?.toISOString() ?? null,
    trialEnd: row.trialEnd?.toISOString() ?? null,
    cancelAt: row.cancelAt?.toISOString() ?? null,
    resumesAt: row.resumesAt?.toISOString() ?? null,
  };
  return {
    status: row.status,
    isOver: isOver(row.status),
    periodStart: row.currentPeriodStart?.toISOString() ?? null,
    lookAt: row.provider === null ? null : nextSubscriptionLook(instants, Date.now()),
    because,
  };
}
