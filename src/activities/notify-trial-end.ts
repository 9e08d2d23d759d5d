import { changeSubscription } from './change-subscription.ts';
import type { ActivityDeps, SubscriptionRef } from './deps.ts';
import { keepInStep } from './keep-in-step.ts';
import { lookAtSubscription } from './settle-subscription.ts';
import { settledSubscription, type SettledSubscription } from './settled-subscription.ts';

/** Tells the app, once per end of a trial, that it comes; whoever is not on trial any more is not told. */
export function createNotifyTrialEnd(deps: ActivityDeps) {
  return async function notifyTrialEnd(ref: SubscriptionRef): Promise<SettledSubscription> {
    return keepInStep(async () => {
      const { row, because } = await lookAtSubscription(deps, ref);
      const em = deps.orm.em.fork();
      const trialEnd = row.trialEnd?.toISOString() ?? null;
      if (row.status !== 'trialing' || trialEnd === null || row.trialNotifiedAt !== null)
        return settledSubscription(em, row, because);
      const told = await changeSubscription(em, row, async (_tx, fresh) => {
        fresh.trialNotifiedAt = new Date();
        const detail = `the trial ends ${trialEnd}`;
        const actor = `subscription/${fresh.id}`;
        return { detail, news: [{ type: 'subscription.trial_ending', cause: trialEnd, actor, detail }] };
      });
      return settledSubscription(deps.orm.em.fork(), told, `the app was told that the trial ends ${trialEnd}`);
    });
  };
}
