import type { ProviderId } from '../core/types.ts';
import type { Delivery } from './deliveries.ts';

/**
 * How many of an endpoint's latest finished events have to fail, all of them, for the provider to disable it. Polar
 * says 10. Stripe disables after days of failures and tells by e-mail first, Conekta and Fungies publish nothing: those
 * are left alone.
 */
const FAILURES_TO_DISABLE: Partial<Record<ProviderId, number>> = { polar: 10 };

/** @param finished The endpoint's finished deliveries, the latest first. */
export function isGivenUp(provider: ProviderId, finished: readonly Delivery[]): boolean {
  const limit = FAILURES_TO_DISABLE[provider];
  if (limit === undefined) return false;
  // Copies that a fault made are one event.
  const events = new Map(finished.map((delivery) => [delivery.event_id, delivery] as const).reverse());
  const latest = [...events.values()].reverse().slice(0, limit);
  return latest.length === limit && latest.every((delivery) => delivery.status === 'failed');
}
