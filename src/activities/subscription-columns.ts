import type { SubscriptionTruth } from '../domain/subscription/truth.ts';
import { dateOf } from './record-money.ts';

/** The columns a provider's truth decides, but for the status, whose change is guarded. */
export function subscriptionColumns(truth: SubscriptionTruth) {
  return {
    quantity: truth.quantity,
    providerSubscriptionId: truth.providerSubscriptionId,
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

/** What a new row has before anything has happened to it. */
export const unwrittenLife = {
  providerSubscriptionId: null,
  providerCustomerId: null,
  voucherMethod: null,
  voucher: null,
  voucherDueAt: null,
  paymentMethodId: null,
  nextStep: null,
  anchorAt: null,
  currentPeriodStart: null,
  currentPeriodEnd: null,
  trialStart: null,
  trialEnd: null,
  cancelAtPeriodEnd: false,
  cancelAt: null,
  canceledAt: null,
  endedAt: null,
  pausedAt: null,
  resumesAt: null,
  pastDueAt: null,
  graceEndsAt: null,
  remindersSent: 0,
  trialNotifiedAt: null,
  observedAt: null,
  failureCode: null,
  failureDetail: null,
  routing: null,
  fallback: null,
  opening: null,
  requestFingerprint: null,
} as const;
