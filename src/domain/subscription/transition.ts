import { transitions, type Transition } from './states.ts';
import type { SubscriptionStatus, SubscriptionTruth } from './truth.ts';

/** Over for good: nothing reopens it. */
export function isOver(status: SubscriptionStatus): boolean {
  return status === 'canceled' || status === 'expired';
}

/** The next status after reading the provider's truth; an ended subscription never comes back to life. */
export function nextSubscriptionStatus(
  status: SubscriptionStatus,
  truth: Pick<SubscriptionTruth, 'status'> | null,
): SubscriptionStatus {
  return truth === null ? status : transitionOf(status, truth.status).to;
}

/** What follows when the provider shows `seen` of a subscription that stood at `status`. */
export function transitionOf(status: SubscriptionStatus, seen: SubscriptionStatus): Transition {
  return transitions[status][seen];
}
