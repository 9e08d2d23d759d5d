import type { OperationTiming } from './operation.ts';
import {
  aheadOfRenewalMs,
  before,
  noProvider,
  periodEndOf,
  refuse,
  refuseUnlessLiving,
  type Decision,
  type Means,
  type PresentSubscription,
} from './operation-plan.ts';

/**
 * How a subscription is ended. What no provider renews ends by itself; a provider that cannot wait for the period's end
 * is told an hour before it renews.
 */
export function decideCancel(now: PresentSubscription, when: OperationTiming, means: Means): Decision {
  const unfit = refuseUnlessLiving(now);
  if (unfit) return unfit;
  const end = periodEndOf(now);
  if (now.collection !== 'provider') {
    const isNow = when === 'now' || end === null;
    return {
      plan: { timing: isNow ? 'now' : when, method: 'ours', effectiveAt: isNow ? null : end, proration: null },
    };
  }
  const { abilities } = means;
  if (abilities === null) return noProvider();
  if (abilities.cancel.includes(when)) {
    const effectiveAt = when === 'now' ? null : end;
    return { plan: { timing: when, method: 'provider', effectiveAt, proration: null } };
  }
  if (when === 'now' || !abilities.cancel.includes('now') || end === null)
    return refuse('not_supported_by_provider', 'The provider cannot end a subscription at this time.', {
      possible: abilities.cancel.map((each) => `cancel_immediately=${each === 'now'}`),
    });
  return {
    plan: { timing: when, method: 'ours', effectiveAt: before(end, aheadOfRenewalMs), proration: null },
  };
}

/** How an end that waits is taken back. */
export function decideUndoCancel(now: PresentSubscription, means: Means): Decision {
  const unfit = refuseUnlessLiving(now);
  if (unfit) return unfit;
  if (!now.cancelAtPeriodEnd && now.waiting.cancel === null)
    return refuse('nothing_to_change', 'The subscription is not going to end.');
  const method = now.collection !== 'provider' || now.waiting.cancel === 'ours' ? 'ours' : 'provider';
  if (method === 'provider' && means.abilities?.undoCancel !== true)
    return refuse('not_supported_by_provider', 'The provider does not take back an end once it is scheduled.');
  return { plan: { timing: 'now', method, effectiveAt: null, proration: null } };
}
