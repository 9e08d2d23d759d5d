import { remindersDue } from '../domain/subscription/dunning.ts';
import { changeSubscription } from './change-subscription.ts';
import type { ActivityDeps, SubscriptionRef } from './deps.ts';
import { keepInStep } from './keep-in-step.ts';
import { lifecyclePolicyOf } from './note-subscription.ts';
import { lookAtSubscription } from './settle-subscription.ts';
import { settledSubscription, type SettledSubscription } from './settled-subscription.ts';

/** Has the app remind a late payer, once per day of the policy. Who has paid meanwhile is not reminded. */
export function createRemindPayment(deps: ActivityDeps) {
  return async function remindPayment(ref: SubscriptionRef): Promise<SettledSubscription> {
    return keepInStep(async () => {
      const { row, because } = await lookAtSubscription(deps, ref);
      const em = deps.orm.em.fork();
      const { status, pastDueAt, graceEndsAt } = row;
      if (status !== 'past_due' || pastDueAt === null || graceEndsAt === null)
        return settledSubscription(em, row, because);
      const grace = { pastDueAt: pastDueAt.toISOString(), graceEndsAt: graceEndsAt.toISOString() };
      const due = remindersDue(grace, await lifecyclePolicyOf(em, row.projectId), Date.now());
      if (due <= row.remindersSent) return settledSubscription(em, row, because);
      const detail = `reminder ${due}; the grace ends ${grace.graceEndsAt}`;
      const reminded = await changeSubscription(em, row, async (_tx, fresh) => {
        fresh.remindersSent = due;
        const cause = `${grace.pastDueAt}/${due}`;
        const actor = `subscription/${fresh.id}`;
        return { detail, news: [{ type: 'subscription.payment_reminder', cause, actor, detail }] };
      });
      return settledSubscription(deps.orm.em.fork(), reminded, detail);
    });
  };
}
