import { SubscriptionEntity } from '../db/entities/subscription.ts';
import { applySubscriptionTruth } from './apply-subscription-truth.ts';
import type { ActivityDeps } from './deps.ts';
import { keepInStep } from './keep-in-step.ts';
import { accountOf } from './provider-account.ts';
import { readInvoiceLines } from './read-invoice-lines.ts';
import { readMoneyBack } from './read-money-back.ts';
import { settledSubscription, type SettledSubscription } from './settled-subscription.ts';

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
      if (row.provider === null || row.providerSubscriptionId === null)
        return settledSubscription(row, 'it costs nothing');
      const { client } = await accountOf(deps, row.projectId, row.live, row.provider);
      const { subscriptions } = client;
      if (!subscriptions) return settledSubscription(row, `${row.provider} has no subscriptions to read`);
      const { providerSubscriptionId, providerCustomerId } = row;
      const truth = await subscriptions.get({ providerSubscriptionId, providerCustomerId });
      if (truth === null) return settledSubscription(row, `${row.provider} does not know it any more`);
      const { projectId, live, provider } = row;
      const owner = { projectId, live, provider };
      const back = await readMoneyBack(em.fork(), client, owner, truth.payments, ref.disputeIds ?? []);
      const invoices = await readInvoiceLines(em.fork(), client, owner, truth.invoices);
      return settledSubscription(
        await applySubscriptionTruth(em.fork(), row, { ...truth, invoices }, { back }),
        `${provider} says ${truth.status}`,
      );
    });
  };
}
