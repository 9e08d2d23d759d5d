import type { SubscriptionTruth } from '../subscription/truth.ts';
import type { LegacySubscription, MigrationPlan } from './migration.ts';

/**
 * A subscription of the old provider as a migration keeps it.
 *
 * @param hasEmail Whether the provider knows an e-mail of its customer; null: not asked.
 */
export function legacyOf(truth: SubscriptionTruth, hasEmail: boolean | null): LegacySubscription {
  const { status, currentPeriodStart, currentPeriodEnd, trialEnd, amount, price } = truth;
  const newest = truth.payments.at(-1);
  const isRefunded =
    newest?.status === 'succeeded' &&
    newest.amount.amountMinor > 0 &&
    newest.refundedMinor >= newest.amount.amountMinor;
  return {
    ...{ providerSubscriptionId: truth.providerSubscriptionId, providerCustomerId: truth.providerCustomerId ?? '' },
    ...{ status, offerId: price?.providerPriceId ?? price?.providerProductId ?? null, quantity: truth.quantity },
    ...{ amountMinor: amount?.amountMinor ?? null, currency: amount?.currency ?? null },
    interval: intervalOf({ status, start: currentPeriodStart, end: currentPeriodEnd }),
    periodStart: currentPeriodStart,
    paidThrough: status === 'trialing' ? (trialEnd ?? currentPeriodEnd) : currentPeriodEnd,
    cancelAtPeriodEnd: truth.cancelAtPeriodEnd,
    isRefunded,
    ...(hasEmail !== null && { hasEmail }),
  };
}

/** What a CSV names, before the provider has been asked. */
export function namedOnly(row: {
  readonly providerSubscriptionId: string;
  readonly providerCustomerId: string;
}): LegacySubscription {
  return {
    ...{ ...row, status: 'incomplete', offerId: null, quantity: 1, amountMinor: null, currency: null, interval: null },
    ...{ periodStart: null, paidThrough: null, cancelAtPeriodEnd: false },
  };
}

/** How often a subscription is paid, by its running period; null: it is in trial, or the period is of another length. */
export function intervalOf(period: {
  readonly status: string;
  readonly start: string | null;
  readonly end: string | null;
}): 'month' | 'year' | null {
  const { status, start, end } = period;
  if (status === 'trialing' || start === null || end === null) return null;
  const days = (Date.parse(end) - Date.parse(start)) / 86_400_000;
  if (days >= 27 && days <= 32) return 'month';
  return days >= 364 && days <= 367 ? 'year' : null;
}

/** How often an item's old subscription is paid; one that was in trial by the price that its customer is to pay. */
export function rhythmOf(item: {
  readonly legacy: Pick<LegacySubscription, 'interval'>;
  readonly plan: MigrationPlan | null;
}): 'month' | 'year' | null {
  const { legacy, plan } = item;
  return legacy.interval ?? (plan?.action === 'move' ? plan.interval : null);
}
