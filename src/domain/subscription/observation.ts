import { subscriptionStatuses } from './states.ts';
import { isOver } from './transition.ts';
import type { SubscriptionStatus } from './truth.ts';

/** A status, and when the provider was asked for it. */
export interface Observation {
  readonly at: string;
  readonly status: SubscriptionStatus;
}

/**
 * Which of two observations holds. Commutative, associative and idempotent, so that any order and repetition of the
 * same observations ends in the same one: an end beats everything, of two ends the first holds, of two others the newest,
 * and at the same instant a fixed rank decides.
 */
export function join(a: Observation, b: Observation): Observation {
  if (isOver(a.status) !== isOver(b.status)) return isOver(a.status) ? a : b;
  const age = Date.parse(a.at) - Date.parse(b.at);
  if (age !== 0) return age > 0 === isOver(a.status) ? b : a;
  return rank(a.status) >= rank(b.status) ? a : b;
}

function rank(status: SubscriptionStatus): number {
  return subscriptionStatuses.indexOf(status);
}

/** Whether what is known already is newer: whoever brings this must ask the provider again. */
export function isLate(known: Observation, brought: Observation): boolean {
  return !isOver(known.status) && Date.parse(brought.at) < Date.parse(known.at) && join(known, brought) === known;
}
