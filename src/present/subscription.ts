import type { Subscription } from '../db/entities/subscription.ts';
import type { SubscriptionStatus } from '../domain/subscription/truth.ts';
import type { SubscriptionAnswer } from '../api/schemas/subscription.ts';
import { isoOrNull, toMoney } from './values.ts';

/** Statuses in which the organization has what it pays for; a late payer keeps it while the provider retries. */
export function isEntitled(status: SubscriptionStatus): boolean {
  return status === 'trialing' || status === 'active' || status === 'past_due';
}

/** @param planKeys Plan id → key. */
export function presentSubscription(row: Subscription, planKeys: ReadonlyMap<string, string>): SubscriptionAnswer {
  return {
    id: row.id,
    organization_id: row.organizationId,
    plan: planKeys.get(row.planId) ?? row.planId,
    plan_id: row.planId,
    status: row.status,
    billing_interval: row.billingInterval,
    quantity: row.quantity,
    provider: row.provider,
    provider_subscription_id: row.providerSubscriptionId,
    provider_customer_id: row.providerCustomerId,
    user_id: row.userId,
    amount: toMoney(row.amountMinor, row.currency),
    current_period_start: isoOrNull(row.currentPeriodStart),
    current_period_end: isoOrNull(row.currentPeriodEnd),
    trial_start: isoOrNull(row.trialStart),
    trial_end: isoOrNull(row.trialEnd),
    cancel_at_period_end: row.cancelAtPeriodEnd,
    cancel_at: isoOrNull(row.cancelAt),
    canceled_at: isoOrNull(row.canceledAt),
    ended_at: isoOrNull(row.endedAt),
    paused_at: isoOrNull(row.pausedAt),
    resumes_at: isoOrNull(row.resumesAt),
    grace_ends_at: null,
    next_action: row.status === 'past_due' ? 'update_payment_method' : null,
    entitled: isEntitled(row.status),
    pending_change: null,
    metadata: row.metadata,
    created_at: row.createdAt.toISOString(),
  };
}
