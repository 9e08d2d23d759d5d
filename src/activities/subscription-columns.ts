import type { SubscriptionTruth } from '../domain/subscription/truth.ts';
import { dateOf } from './record-money.ts';

/** The columns a provider's truth decides, but for the status, whose change is guarded. */
export function subscriptionColumns(truth: SubscriptionTruth) {
  return {
    quantity: truth.quantity,
    providerCustomerId: truth.providerCustomerId,
    currentPeriodStart: dateOf(truth.currentPeriodStart),
    currentPeriodEnd: dateOf(truth.currentPeriodEnd),
    trialStart: dateOf(truth.trialStart),
    trialEnd: dateOf(truth.trialEnd),
    cancelAtPeriodEnd: truth.cancelAtPeriodEnd,
    cancelAt: dateOf(truth.cancelAt),
    canceledAt: dateOf(truth.canceledAt),
    endedAt: dateOf(truth.endedAt),
    pausedAt: dateOf(truth.pausedAt),
    resumesAt: dateOf(truth.resumesAt),
    ...(truth.amount === null ? {} : { amountMinor: truth.amount.amountMinor, currency: truth.amount.currency }),
  };
}
