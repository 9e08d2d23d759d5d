import type { Subscription, SubscriptionChange } from '../db/entities/subscription.ts';
import type { SubscriptionAnswer } from '../api/schemas/subscription.ts';
import { presentFallback } from './checkout.ts';
import { isoOrNull, presentVoucher, toMoney } from './values.ts';

/**
 * @param planKeys Plan id → key, of the row's plan and the change's.
 * @param pause One that waits for its day.
 */
export function presentSubscription(
  row: Subscription,
  planKeys: ReadonlyMap<string, string>,
  pending: SubscriptionChange | null,
  pause: SubscriptionChange | null,
): SubscriptionAnswer {
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
    pause_at: isoOrNull(pause?.effectiveAt ?? null),
    paused_at: isoOrNull(row.pausedAt),
    resumes_at: isoOrNull(row.resumesAt),
    grace_ends_at: isoOrNull(row.graceEndsAt),
    collection: row.collection,
    payment_method_id: row.paymentMethodId,
    fallback: presentFallback(row.fallback),
    failure_code: row.failureCode,
    next_action: nextActionOf(row, pause),
    entitled: Boolean(row.isEntitled),
    pending_change: pending && presentPendingChange(pending, planKeys),
    metadata: row.metadata,
    created_at: row.createdAt.toISOString(),
  };
}

function presentPendingChange(
  change: SubscriptionChange,
  planKeys: ReadonlyMap<string, string>,
): SubscriptionAnswer['pending_change'] {
  return {
    id: change.id,
    status: change.status === 'scheduled' ? 'scheduled' : 'requested',
    plan: change.planId === null ? null : (planKeys.get(change.planId) ?? change.planId),
    plan_id: change.planId,
    billing_interval: change.billingInterval,
    quantity: change.quantity,
    when: change.timing,
    effective_at: isoOrNull(change.effectiveAt),
    requested_at: change.createdAt.toISOString(),
  };
}

type NextAction = NonNullable<SubscriptionAnswer['next_action']>;

/** A pause that waits goes before whatever would come then, or later. */
function nextActionOf(row: Subscription, pause: SubscriptionChange | null): NextAction | null {
  const next = actionOfRow(row);
  const at = pause?.effectiveAt ?? null;
  const isLive = row.status === 'active' || row.status === 'trialing';
  if (at === null || !isLive || row.nextStep !== null || row.voucher !== null) return next;
  if (next !== null && next.at !== null && Date.parse(next.at) < at.getTime()) return next;
  const by = pause?.method === 'provider' ? 'provider' : 'plinto';
  return { kind: 'pause', by, at: at.toISOString(), url: null, client_secret: null, voucher: null };
}

function actionOfRow(row: Subscription): NextAction | null {
  const action = (kind: NextAction['kind'], by: NextAction['by'], at: Date | null): NextAction => ({
    ...{ kind, by, at: isoOrNull(at), url: null, client_secret: null, voucher: null },
  });
  const step = row.nextStep;
  if (step !== null)
    return {
      ...action('confirm_payment', 'customer', null),
      url: step.kind === 'redirect' ? step.url : null,
      client_secret: step.kind === 'confirm' ? step.clientSecret : null,
    };
  if (row.voucher !== null)
    return {
      ...action('pay_voucher', 'customer', new Date(row.voucher.expiresAt)),
      voucher: presentVoucher(row.voucher),
    };
  switch (row.status) {
    case 'past_due':
      return action('update_payment_method', 'customer', row.graceEndsAt);
    case 'trialing':
    case 'active':
      if (row.cancelAt !== null) return action('end', row.provider === null ? 'plinto' : 'provider', row.cancelAt);
      if (row.status === 'trialing') return action('begin_charging', 'provider', row.trialEnd);
      if (row.currentPeriodEnd === null) return null;
      return action('renew', row.collection === 'voucher' ? 'plinto' : 'provider', row.currentPeriodEnd);
    case 'paused':
      return row.resumesAt === null ? null : action('resume', 'provider', row.resumesAt);
    case 'incomplete':
    case 'canceled':
    case 'expired':
      return null;
  }
}
