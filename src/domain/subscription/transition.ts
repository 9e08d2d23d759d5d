import { transitions, type Transition } from './states.ts';
import type { SubscriptionStatus } from './truth.ts';

/** Over for good: nothing reopens it. */
export function isOver(status: SubscriptionStatus): boolean {
  return status === 'canceled' || status === 'expired';
}

/** What follows when the provider shows `seen` of a subscription that stood at `status`. */
export function transitionOf(status: SubscriptionStatus, seen: SubscriptionStatus): Transition {
  return transitions[status][seen];
}
