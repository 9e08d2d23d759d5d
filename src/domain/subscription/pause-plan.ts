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

export interface PauseWish {
  /** null: as the provider likes it best. */
  readonly when: OperationTiming | null;
  /** ISO; null: until somebody resumes it. */
  readonly resumesAt: string | null;
}

/** How a subscription is paused. Where a pause cannot name its end, we end it: see `resumesWithUs`. */
export function decidePause(now: PresentSubscription, wish: PauseWish, means: Means): Decision {
  const unfit = refuseUnlessLiving(now) ?? refusePause(now);
  if (unfit) return unfit;
  const { abilities } = means;
  if (now.collection !== 'provider')
    return refuse('not_supported_by_provider', 'What no provider renews is not paused: cancel it, or let it lapse.');
  if (abilities === null) return noProvider();
  const [first] = abilities.pause;
  if (first === undefined) return refuse('not_supported_by_provider', 'The provider cannot pause a subscription.');
  if (wish.resumesAt !== null && !abilities.pauseUntil && !means.canResume)
    return refuse('not_supported_by_provider', 'The provider cannot end a pause on a date.', { field: 'resumes_at' });
  const timing = wish.when ?? first;
  const end = periodEndOf(now);
  if (abilities.pause.includes(timing)) {
    const effectiveAt = timing === 'now' ? null : end;
    return { plan: { timing, method: 'provider', effectiveAt, proration: null } };
  }
  if (timing === 'now' || end === null)
    return refuse('not_supported_by_provider', 'The provider cannot pause a subscription at this time.', {
      ...{ field: 'when', possible: abilities.pause.map((when) => `when=${when}`) },
    });
  return { plan: { timing, method: 'ours', effectiveAt: before(end, aheadOfRenewalMs), proration: null } };
}

function refusePause(now: PresentSubscription) {
  if (now.status === 'paused' || now.waiting.pause !== null)
    return refuse('nothing_to_change', 'The subscription is paused, or going to be.');
  if (now.cancelAtPeriodEnd || now.waiting.cancel !== null)
    return refuse('subscription_ending', 'The subscription is going to end; undo that first, with resume.');
  return null;
}

/** Whether the day that a pause ends on is ours to keep. */
export function resumesWithUs(resumesAt: string | null, means: Means): boolean {
  return resumesAt !== null && means.abilities?.pauseUntil !== true;
}

/** How a pause is ended, or one that waits is taken back. */
export function decideResume(now: PresentSubscription, means: Means): Decision {
  const unfit = refuseUnlessLiving(now);
  if (unfit) return unfit;
  if (now.status !== 'paused' && now.waiting.pause === null)
    return refuse('nothing_to_change', 'The subscription is neither paused nor going to end.');
  if (now.status !== 'paused' && now.waiting.pause !== 'provider')
    return { plan: { timing: 'now', method: 'ours', effectiveAt: null, proration: null } };
  if (!means.canResume)
    return refuse('not_supported_by_provider', 'The provider ends a pause only on the day that was named for it.');
  return { plan: { timing: 'now', method: 'provider', effectiveAt: null, proration: null } };
}
