import type { Period } from '../calendar/period.ts';
import type { Money } from '../money.ts';
import type { SubscriptionStatus } from '../subscription/truth.ts';

/**
 * What a charge was for. `start`, `cycle`: a period of its subscription; `other`: the provider does not say, which
 * counts as a period. `update`, `usage`: something beside the period.
 */
export type ChargeReason = 'start' | 'cycle' | 'update' | 'usage' | 'other';

/** One charge, as its provider tells it. */
export interface ChargeEvidence {
  readonly provider: string;
  readonly providerSubscriptionId: string;
  /** The provider's id of what was billed: an invoice, an order, or the payment itself. */
  readonly chargeId: string;
  readonly status: 'paid' | 'pending' | 'failed';
  readonly amount: Money;
  /** null: something went back, and the provider does not tell how much. */
  readonly refundedMinor: number | null;
  readonly reason: ChargeReason;
  /** When it was paid, else when it was made. ISO 8601 UTC. */
  readonly at: string;
  /** What it pays for, where the provider tells. */
  readonly period: Period | null;
}

/** One subscription, as its provider tells it now, with all its charges. */
export interface SubscriptionEvidence {
  /** `old`: where the customer came from. */
  readonly side: 'old' | 'new';
  readonly provider: string;
  readonly providerSubscriptionId: string;
  readonly status: SubscriptionStatus;
  /** null: nobody tells; charges whose period is not told cannot be placed then. */
  readonly interval: 'month' | 'year' | null;
  /** Periods that somebody told: the present one, and the one that the inventory saw. */
  readonly periods: readonly Period[];
  /** Time that the old side gave without a charge. */
  readonly trial: Period | null;
  /** When it ended, or will; null: it goes on. */
  readonly endsAt: string | null;
  /** Since when nothing is charged; null: it is not paused. */
  readonly pausedAt: string | null;
  readonly charges: readonly ChargeEvidence[];
}

export interface ProofRules {
  /** Charges of periods that end before are not looked at. ISO 8601 UTC. */
  readonly from: string;
  /** Up to when periods must be covered. */
  readonly asOf: string;
  /** Boundaries of one side this near to each other are one: a provider collects renewals when it comes to them. */
  readonly toleranceMinutes: number;
  /** The same of the old side's end and the new side's beginning: that date was set, and read back, to the second. */
  readonly handoverSeconds: number;
  /** How long a charge may take before its absence counts. */
  readonly graceMinutes: number;
}
