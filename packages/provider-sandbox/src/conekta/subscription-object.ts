import type { Subscription } from './objects.ts';

/** A subscription as the API and its events show it. */
export function showSubscription(subscription: Subscription): object {
  const { attempts: _attempts, cycles: _cycles, canceled_reason: reason, ...shown } = subscription;
  // The reason appears with the cancellation.
  return reason == null ? shown : { ...shown, canceled_reason: reason };
}
