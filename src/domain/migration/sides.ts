import type { CheckoutStatus } from '../checkout/transition.ts';
import type { SubscriptionStatus, SubscriptionTruth } from '../subscription/truth.ts';
import type { MigrationItemState } from './migration.ts';

/** What a provider said of one side. `gone`: it knows no such subscription. `unknown`: it does not answer now. */
export type Told<Side> = Side | 'gone' | 'unknown';

/** The subscription that is left. Times ISO 8601 UTC, by its provider's clock. */
export interface OldSide {
  readonly status: SubscriptionStatus;
  readonly periodStart: string | null;
  /** Until when it is paid, or in trial. */
  readonly paidThrough: string | null;
  /** It has ended, or ends with its period: it will not charge again. */
  readonly isEnding: boolean;
  readonly hasEnded: boolean;
  /** The newest charge of it that took money. */
  readonly lastPaymentId: string | null;
}

/** The subscription that takes its place. */
export interface NewSide {
  readonly status: SubscriptionStatus;
  /** When its first charge falls. */
  readonly trialEnd: string | null;
  /** Somebody has ended it, now or with its period. */
  readonly isEnding: boolean;
  readonly hasEnded: boolean;
  /** When it ended, where that is told. */
  readonly endedAt: string | null;
  /** The first charge of it that took money. */
  readonly firstCharge: { readonly providerPaymentId: string; readonly paidAt: string | null } | null;
}

/** Where an item stands by our own rows. */
export interface ItemStand {
  readonly state: MigrationItemState;
  /** Where the first charge at the new provider falls, as it was last agreed; parked: later than the old one's end. */
  readonly paidThrough: string | null;
  readonly interval: 'month' | 'year' | null;
  readonly notifiedAt: string | null;
  readonly remindersSent: number;
  readonly deadlineAt: string | null;
  readonly firstChargeAt: string | null;
  /** The newest checkout its customer has opened; null: none. */
  readonly checkout: CheckoutStatus | null;
  /** Subscriptions that its checkouts have begun and that are not over. */
  readonly liveNew: number;
  /** Whether any checkout of it has begun one, over or not. */
  readonly hasNew: boolean;
  /** The charge that paid the period in which the old one was cancelled; null: not told. */
  readonly coveredBy: string | null;
  /** An operator leads it back, or the whole migration is aborted. */
  readonly isWithdrawn: boolean;
  /** An operator wants its customer told again now. */
  readonly wantsReminder: boolean;
}

const over = new Set<SubscriptionStatus>(['canceled', 'expired']);

export function oldSideOf(truth: SubscriptionTruth): OldSide {
  const hasEnded = over.has(truth.status);
  return {
    status: truth.status,
    periodStart: truth.currentPeriodStart,
    paidThrough: truth.trialEnd !== null && truth.status === 'trialing' ? truth.trialEnd : truth.currentPeriodEnd,
    isEnding: hasEnded || truth.cancelAtPeriodEnd,
    hasEnded,
    lastPaymentId: chargesOf(truth).at(-1)?.providerPaymentId ?? null,
  };
}

export function newSideOf(truth: SubscriptionTruth): NewSide {
  const hasEnded = over.has(truth.status);
  const [first] = chargesOf(truth);
  return {
    status: truth.status,
    trialEnd: truth.trialEnd,
    isEnding: truth.cancelAtPeriodEnd || truth.canceledAt !== null,
    hasEnded,
    endedAt: hasEnded ? (truth.endedAt ?? truth.canceledAt) : null,
    firstCharge: first ? { providerPaymentId: first.providerPaymentId, paidAt: first.paidAt } : null,
  };
}

/** What took money, oldest first; what was given back since took it too. */
function chargesOf(truth: SubscriptionTruth) {
  const paid = truth.payments.filter(({ status, amount }) => status === 'succeeded' && amount.amountMinor > 0);
  return paid.toSorted((a, b) => (a.paidAt ?? '').localeCompare(b.paidAt ?? ''));
}
