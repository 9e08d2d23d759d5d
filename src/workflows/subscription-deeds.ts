import { isCancellation, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { SettledSubscription } from '../activities/settled-subscription.ts';
import type { AgendaItem } from '../domain/subscription/agenda.ts';
import { billingQueue, disputeIds, providerQueue, type ProviderFact, type SubscriptionInput } from './messages.ts';

interface Ref {
  readonly projectId: string;
  readonly live: boolean;
  readonly subscriptionId: string;
}

/** What a subscription's workflow has done for it. All are safe to repeat and answer how it then stands. */
export type SubscriptionActivities = Pick<
  Activities,
  | 'settleSubscription'
  | 'openSubscription'
  | 'operateSubscription'
  | 'issueVoucher'
  | 'notifyTrialEnd'
  | 'remindPayment'
  | 'endGrace'
>;

const quick = { startToCloseTimeout: '9s', retry: { maximumAttempts: 1 } } as const;

/** The activities of one subscription, with patience, on the queue of whoever collects for it. */
export function createDeeds(input: SubscriptionInput) {
  const { projectId, live, subscriptionId, provider } = input;
  const ref: Ref = { projectId, live, subscriptionId };
  const run = (summary: string) =>
    proxyActivities<SubscriptionActivities>({
      taskQueue: provider === null ? billingQueue : providerQueue(provider),
      startToCloseTimeout: '30s',
      retry: { initialInterval: '1s', maximumInterval: '5m' },
      summary,
    });

  /** Quickly inside the workflow task, for a read changes nothing at the provider; if that fails, with patience. */
  const look = async (facts: readonly ProviderFact[]) => {
    const summary = facts.length > 0 ? `${facts.length} webhooks: read the truth` : 'read the truth';
    const wanted = { ...ref, disputeIds: disputeIds(facts) };
    try {
      return await proxyLocalActivities<SubscriptionActivities>({ ...quick, summary }).settleSubscription(wanted);
    } catch (error) {
      if (isCancellation(error)) throw error;
      return run(summary).settleSubscription(wanted);
    }
  };
  const operate = (changeId: string) => run('carry out what was asked').operateSubscription({ ...ref, changeId });

  return {
    look,
    operate,
    begin: () => run('begin it where it is paid').openSubscription(ref),
    /** What the agenda says is due. */
    async item(item: AgendaItem): Promise<SettledSubscription> {
      switch (item.kind) {
        case 'look':
          return look([]);
        case 'notify_trial_end':
          return run('tell that the trial ends').notifyTrialEnd(ref);
        case 'remind_payment':
          return run('remind the late payer').remindPayment(ref);
        case 'end_grace':
          return run('end the grace').endGrace(ref);
        case 'issue_voucher':
          return run("issue the next period's voucher").issueVoucher(ref);
        case 'operation':
          return item.changeId === null ? look([]) : (await operate(item.changeId)).settled;
      }
    },
  };
}
