import type { BlockedCountry } from '../routing/country.ts';
import type { RoutingPolicy } from '../routing/policy.ts';

/**
 * `requested` → `inventory` (who is at the old provider) → `planned` (a dry run ends here) → `running` → `completed`.
 * `aborted`: nobody else is moved, and who was not past the point of no return stays where they were.
 */
export type MigrationStatus =
  'requested' | 'inventory' | 'planned' | 'running' | 'paused' | 'aborting' | 'aborted' | 'completed' | 'failed';

/**
 * One subscription's way. `canceling` is the point of no return: it is written before the cancel call, and from then on
 * there is only forward.
 *
 * - `found` it is at the old provider → `planned`, or `excluded` (the plan says why).
 * - `notified` its customer has a link → `opened` a checkout at the new provider → `moved`: paid there, with the first
 *   charge at the paid-through date.
 * - `canceling` → `watching`: the old one ends with its period, read back; the new one's first charge is awaited.
 * - `done`: one charge there, none here. `kept`: its customer never acted, and stays. `left`: it ended by itself.
 *   `rolled_back`: the new one was revoked before the point of no return.
 * - `attention`: a person decides; the review names it.
 */
export const migrationItemStates = [
  'found',
  'planned',
  'excluded',
  'notified',
  'opened',
  'moved',
  'canceling',
  'watching',
  'done',
  'kept',
  'left',
  'rolled_back',
  'attention',
] as const;
export type MigrationItemState = (typeof migrationItemStates)[number];

/** Why a subscription is not moved. */
export type ExclusionCode =
  | 'canceled' // ended, or ends with its period
  | 'past_due' // unpaid there: a person settles that first
  | 'refunded' // its last payment went back
  | 'duplicate' // another subscription of the same customer and product is the one that is moved
  | 'no_email' // nobody can be told
  | 'organization_unknown' // nobody of ours is known to be this customer
  | 'price_unmapped' // no price of ours is known to be this offer
  | 'no_provider' // nobody can serve the customer at that price
  | 'in_other_migration' // another migration is at it
  | 'already_moved'; // an earlier migration has moved it

/** What one subscription is at the old provider. Money in minor units, times ISO 8601 UTC. */
export interface LegacySubscription {
  readonly providerSubscriptionId: string;
  readonly providerCustomerId: string;
  /** In our words; see domain/subscription. */
  readonly status: string;
  readonly offerId: string | null;
  readonly quantity: number;
  readonly amountMinor: number | null;
  readonly currency: string | null;
  readonly interval: 'month' | 'year' | null;
  readonly periodStart: string | null;
  /** Until when it is paid, or in trial. */
  readonly paidThrough: string | null;
  readonly cancelAtPeriodEnd: boolean;
  /** Whether its newest payment went back as a whole. Absent: not told. */
  readonly isRefunded?: boolean;
  /** Whether the provider knows an e-mail of its customer. Absent: not asked, for we know one. */
  readonly hasEmail?: boolean;
}

/** What shall become of one subscription, with its money, decided before anything is done. */
export type MigrationPlan =
  | { readonly action: 'exclude'; readonly code: ExclusionCode; readonly because: string }
  | {
      readonly action: 'move';
      readonly planId: string;
      readonly priceId: string;
      /** How often that price is paid. */
      readonly interval: 'month' | 'year';
      readonly provider: string;
      /** The routing rule that names it. */
      readonly rule: string;
      readonly quantity: number;
      readonly amountMinor: number;
      readonly currency: string;
      /** The last day that the old provider was paid for: the new one's trial ends and its first charge falls here. */
      readonly firstChargeAt: string;
      /** What the customer pays more (or less) per interval than before, where the currency is the same. */
      readonly differenceMinor: number | null;
    };

/** What a migration is held to; chosen when it begins. */
export interface MigrationSettings {
  readonly concurrency: number;
  /** Customers told per minute. */
  readonly noticesPerMinute: number;
  /** After the notice, in minutes. */
  readonly remindAfterMinutes: readonly number[];
  readonly deadlineMinutes: number;
  /** How long before the paid-through date nobody is moved any more in this period. */
  readonly lastCallMinutes: number;
  /** How long after the paid-through date the old side must have stayed quiet. */
  readonly watchMinutes: number;
  /** Our price for an offer of the old provider, where the catalogue's mapping does not say. */
  readonly prices: Readonly<Record<string, string>>;
  /** What routes its customers: as it stood when the migration was asked for, so that a plan can be followed later. */
  readonly routing: { readonly policy: RoutingPolicy; readonly blockedCountries: readonly BlockedCountry[] };
}

/** In these something is still to happen, by itself. */
export const openItemStates = [
  'found',
  'planned',
  'notified',
  'opened',
  'moved',
  'canceling',
  'watching',
] as const satisfies readonly MigrationItemState[];

/** Those that an operator must wait for no longer. */
export function isMigrationOver(migration: { readonly status: MigrationStatus; readonly dryRun: boolean }): boolean {
  const { status, dryRun } = migration;
  if (status === 'planned') return dryRun;
  return status === 'completed' || status === 'aborted' || status === 'failed';
}
