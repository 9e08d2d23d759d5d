import type { SubscriptionInput } from './messages.ts';
import { startOnce } from './start-once.ts';
import { subscriptionStart } from './start-options.ts';
import { subscription } from './subscription.ts';

/** Starts the subscription's own workflow. */
export function startSubscription(start: SubscriptionInput): Promise<void> {
  return startOnce(subscription, subscriptionStart({ ...start, status: 'active' }));
}
