import type { BillingInterval } from '../catalogue.ts';
import type { ProviderAbilities, SubscriptionAbilities } from '../routing/abilities.ts';
import type { ProrationMode } from './change.ts';
import type { Collection } from './customer-step.ts';
import type { OperationMethod, OperationTiming } from './operation.ts';
import type { SubscriptionStatus } from './truth.ts';

/** A subscription as whoever plans something for it must know it. Instants are ISO. */
export interface PresentSubscription {
  readonly status: SubscriptionStatus;
  readonly collection: Collection;
  readonly planId: string;
  readonly priceId: string;
  /** Of one, per interval. */
  readonly unitAmountMinor: number;
  readonly billingInterval: BillingInterval;
  readonly quantity: number;
  readonly currentPeriodEnd: string | null;
  readonly trialEnd: string | null;
  readonly cancelAtPeriodEnd: boolean;
  /** The next period's voucher is out, at today's price. */
  readonly hasOpenVoucher: boolean;
  /** How long before the period's end the next voucher is issued. */
  readonly voucherLeadDays: number;
  /** Who carries out what waits already; null: nothing of that kind does. */
  readonly waiting: {
    readonly cancel: OperationMethod | null;
    readonly pause: OperationMethod | null;
    /** `now`: it waits for the customer's confirmation. */
    readonly change: { readonly method: OperationMethod; readonly timing: OperationTiming } | null;
  };
}

/** What can be done with a subscription where it lives. */
export interface Means {
  /** null: no provider has it, or its provider has no such group. */
  readonly abilities: SubscriptionAbilities | null;
  /** Begins one without a hosted page. */
  readonly canCreate: boolean;
  readonly canResume: boolean;
  readonly canCancelChange: boolean;
}

/** @param operations What the provider's client has, as `group.operation`. */
export function meansOf(abilities: ProviderAbilities | null, operations: readonly string[]): Means {
  const has = (name: string) => operations.includes(`subscriptions.${name}`);
  return {
    abilities: abilities?.subscriptions ?? null,
    canCreate: has('create'),
    canResume: has('resume'),
    canCancelChange: has('cancelChange'),
  };
}

/** How something asked for is done; preview and execution read the same one. */
export interface OperationPlan {
  readonly timing: OperationTiming;
  readonly method: OperationMethod;
  /** ISO. For `ours` and `recreate`: when we do it. null: at once. */
  readonly effectiveAt: string | null;
  /** Of a change. */
  readonly proration: ProrationMode | null;
}

export type RefusalCode =
  | 'not_supported_by_provider'
  | 'nothing_to_change'
  | 'change_pending'
  | 'checkout_required'
  | 'subscription_ended'
  | 'subscription_ending'
  | 'subscription_incomplete'
  | 'subscription_paused'
  | 'voucher_issued';

export interface Refusal {
  readonly code: RefusalCode;
  /** Of the body; null: the whole. */
  readonly field:
    'plan_id' | 'billing_interval' | 'quantity' | 'proration' | 'proration_at' | 'when' | 'resumes_at' | null;
  readonly message: string;
  /** What would be possible instead, as `field=value`. */
  readonly possible: readonly string[];
}

export type Decision = { readonly plan: OperationPlan } | { readonly refusal: Refusal };

export function refuse(
  code: RefusalCode,
  message: string,
  more: Partial<Pick<Refusal, 'field' | 'possible'>> = {},
): { readonly refusal: Refusal } {
  return { refusal: { code, message, field: more.field ?? null, possible: more.possible ?? [] } };
}

const hourMs = 3_600_000;

/** Providers renew at the period's end: what must be done before is done an hour earlier. */
export const aheadOfRenewalMs = hourMs;

export function before(instant: string, ms: number): string {
  return new Date(Date.parse(instant) - ms).toISOString();
}

/** When the period that is paid for, or the trial, ends. */
export function periodEndOf(now: PresentSubscription): string | null {
  return now.currentPeriodEnd ?? now.trialEnd;
}

/** What is asked of every subscription before anything else: it must have begun, and not be over. */
export function refuseUnlessLiving(now: PresentSubscription): { readonly refusal: Refusal } | null {
  switch (now.status) {
    case 'canceled':
    case 'expired':
      return refuse('subscription_ended', 'The subscription has ended; start a new one.');
    case 'incomplete':
      return refuse('subscription_incomplete', 'The subscription has not begun: its first payment is still open.');
    case 'trialing':
    case 'active':
    case 'past_due':
    case 'paused':
      return null;
  }
}

export function noProvider(): { readonly refusal: Refusal } {
  return refuse('not_supported_by_provider', 'The provider cannot change a subscription at all.');
}

/**
 * Whether what waited for the hour before a renewal comes too late: the period has ended and the next one is paid. It
 * then waits for the end of that one, so that the customer has what was paid for.
 *
 * @param effectiveAt When it was to be done, ISO.
 * @returns when it is to be done instead; null: it is in time.
 */
export function nextChance(now: PresentSubscription, plan: OperationPlan, effectiveAt: string): string | null {
  const end = periodEndOf(now);
  if (plan.timing !== 'period_end' || now.collection !== 'provider' || end === null) return null;
  const isNextPeriod = Date.parse(end) - Date.parse(effectiveAt) > 2 * aheadOfRenewalMs;
  return isNextPeriod ? before(end, aheadOfRenewalMs) : null;
}
