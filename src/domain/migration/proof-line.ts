import { canonicalJson } from '../canonical-json.ts';
import type { ProofRules, SubscriptionEvidence } from './evidence.ts';
import { coverPeriods, proofVerdicts, verdictOf, type PeriodState, type ProofVerdict } from './proof.ts';

/** Why some evidence is missing, as an error code and in words. */
export interface Unread {
  readonly code: string;
  readonly detail: string;
}

/** Whose line it is. */
export interface ProofSubject {
  readonly itemId: string;
  readonly organizationId: string | null;
  readonly planId: string | null;
  readonly state: string;
  readonly code: string | null;
  /** Items of other subscriptions that the old provider runs for the same organization and offer. */
  readonly alsoBilledBy: readonly string[];
}

/** One subscription's proof as it is signed: JSON by these names, times ISO 8601 UTC, money in minor units. */
export interface ProofLine {
  readonly item_id: string;
  readonly organization_id: string | null;
  readonly plan_id: string | null;
  /** Where the migration has it, and why. */
  readonly state: string;
  readonly code: string | null;
  readonly verdict: ProofVerdict;
  readonly unread: readonly Unread[];
  readonly also_billed_by: readonly string[];
  readonly read_at: string;
  readonly subscriptions: readonly {
    readonly side: 'old' | 'new';
    readonly provider: string;
    readonly id: string;
    readonly status: string;
    readonly ends_at: string | null;
  }[];
  readonly periods: readonly {
    readonly start: string;
    readonly end: string;
    readonly state: PeriodState;
    readonly provider: string | null;
    readonly charges: readonly string[];
  }[];
  /** The longest time between two charges' periods that is taken for one boundary, in seconds; 0: they touch. */
  readonly seam_seconds: number;
  readonly charges: readonly {
    readonly provider: string;
    readonly subscription_id: string;
    readonly id: string;
    readonly status: string;
    readonly amount_minor: number;
    readonly currency: string;
    readonly refunded_minor: number | null;
    readonly reason: string;
    readonly at: string;
    readonly period_start: string | null;
    readonly period_end: string | null;
    readonly counts: string;
  }[];
}

/** What the evidence of one subscription's way proves. Where some could not be read, no gap is, but an overlap is. */
export function proofLineOf(input: {
  readonly subject: ProofSubject;
  readonly subscriptions: readonly SubscriptionEvidence[];
  readonly unread: readonly Unread[];
  readonly rules: ProofRules;
  readonly readAt: string;
}): ProofLine {
  const { subject, subscriptions, unread, rules, readAt } = input;
  const covering = coverPeriods(subscriptions, rules);
  const providerOf = new Map(covering.charges.map(({ charge }) => [charge.chargeId, charge.provider]));
  return {
    ...{ item_id: subject.itemId, organization_id: subject.organizationId, plan_id: subject.planId },
    ...{ state: subject.state, code: subject.code, also_billed_by: subject.alsoBilledBy, read_at: readAt },
    verdict: unread.length === 0 ? covering.verdict : verdictOf(covering.periods, true),
    unread,
    subscriptions: subscriptions.map(({ side, provider, providerSubscriptionId, status, endsAt }) => ({
      ...{ side, provider, id: providerSubscriptionId, status, ends_at: endsAt },
    })),
    periods: covering.periods.map(({ start, end, state, chargeIds }) => ({
      ...{ start, end, state, provider: providerOf.get(chargeIds[0] ?? '') ?? null, charges: chargeIds },
    })),
    seam_seconds: covering.seamSeconds,
    charges: covering.charges.map(({ charge, counts }) => ({
      ...{ provider: charge.provider, subscription_id: charge.providerSubscriptionId, id: charge.chargeId },
      ...{ status: charge.status, amount_minor: charge.amount.amountMinor, currency: charge.amount.currency },
      ...{ refunded_minor: charge.refundedMinor, reason: charge.reason, at: charge.at },
      ...{ period_start: charge.period?.start ?? null, period_end: charge.period?.end ?? null, counts },
    })),
  };
}

/** As it is stored, hashed and served: equal lines have equal text. */
export function proofLineText(line: ProofLine): string {
  return canonicalJson(line);
}

/** Reads a line again. @throws {Error} it is none: nobody but us writes them. */
export function readProofLine(text: string): ProofLine {
  const line: unknown = JSON.parse(text);
  if (isProofLine(line)) return line;
  throw new Error('this is no line of a proof');
}

function isProofLine(value: unknown): value is ProofLine {
  return typeof value === 'object' && value !== null && 'item_id' in value && 'periods' in value && 'charges' in value;
}

/** The order of a report's lines: what a person must look at stands first. */
export function rankOf(verdict: ProofVerdict): number {
  return proofVerdicts.indexOf(verdict);
}
