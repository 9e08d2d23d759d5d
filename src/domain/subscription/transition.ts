import type { SubscriptionStatus, SubscriptionTruth } from './truth.ts';

/** Over for good: nothing reopens it. */
export function isOver(status: SubscriptionStatus): boolean {
  return status === 'canceled' || status === 'expired';
}

/** The next status after reading the provider's truth; an ended subscription never comes back to life. */
export function nextSubscriptionStatus(
  status: SubscriptionStatus,
  truth: SubscriptionTruth | null,
): SubscriptionStatus {
  return truth === null || isOver(status) ? status : truth.status;
}
