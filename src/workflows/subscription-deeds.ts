import { proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { SettledSubscription } from '../activities/settled-subscription.ts';
import type { AgendaItem } from '../domain/subscription/agenda.ts';
import { callQueue, disputeIds, type ProviderFact, type SubscriptionInput } from './messages.ts';
import { quickThenPatient } from './quick-then-patient.ts';

interface Ref {
  readonly projectId: string;
  readonly live: boolean;
  readonly subscriptionId: string;
}

/**
 * The activities of one subscription, with patience, on the queue of whoever collects for it.
 *
 * @param now How it stands; null: it has not begun.
 */
export function createDeeds(input: SubscriptionInput, now: () => SettledSubscription | null) {
  const { projectId, live, subscriptionId } = input;
  const ref: Ref = { projectId, live, subscriptionId };
  let opensAt: string | null | undefined;
  const collector = () => now()?.provider ?? opensAt ?? input.provider;
  const run = (summary: string, provider = collector()) =>
    proxyActivities<Activities>({
      taskQueue: callQueue(provider),
      startToCloseTimeout: '30s',
      retry: { initialInterval: '1s', maximumInterval: '5m' },
      summary,
    });

  /** A read changes nothing at the provider. */
  const look = async (facts: readonly ProviderFact[]) => {
    const summary = facts.length > 0 ? `${facts.length} webhooks: read the truth` : 'read the truth';
    const wanted = { ...ref, disputeIds: disputeIds(facts) };
    const settled = await quickThenPatient(summary, run(summary), (calls) => calls.settleSubscription(wanted));
    // A webhook may be of a provider that was thought to have nothing of it.
    return facts.length > 0 && settled.left !== undefined ? lookBack(settled.left) : settled;
  };
  const lookBack = (left: string | null) => run('look whether a provider that was left has it', left).lookBack(ref);
  const operate = (changeId: string) => run('carry out what was asked').operateSubscription({ ...ref, changeId });

  return {
    look,
    operate,
    /**
     * Asks one provider after the other, each on its own queue, until one has begun it or nobody will.
     *
     * @param tell Hears of each that did not.
     */
    async begin(tell: (settled: SettledSubscription) => void): Promise<SettledSubscription> {
      for (;;) {
        const opened = await run('begin it where it is paid').openSubscription(ref);
        if (opened.opensAt === undefined) return opened;
        opensAt = opened.opensAt;
        tell(opened);
      }
    },
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
        case 'look_back':
          return lookBack(now()?.left ?? collector());
        case 'operation':
          return item.changeId === null ? look([]) : (await operate(item.changeId)).settled;
      }
    },
  };
}
