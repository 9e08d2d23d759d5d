import { bucketsOf } from '../routing/compile-policy.ts';
import { bucketCount } from '../routing/bucket.ts';
import {
  skipOf,
  type ProviderFacts,
  type RouteRequest,
  type RoutingDecision,
  type SkippedProvider,
} from '../routing/route.ts';
import { describeTreated } from './describe-stage.ts';
import type { Arm, RolloutStage, RolloutStatus } from './rollout.ts';

/** A rollout that decides about new customers now. */
export interface RolloutInForce {
  readonly id: string;
  readonly name: string;
  /** null: all plans. */
  readonly planId: string | null;
  readonly fromProvider: string;
  readonly toProvider: string;
  readonly status: Exclude<RolloutStatus, 'completed'>;
  /** Index into `stages`. */
  readonly stage: number;
  readonly stages: readonly RolloutStage[];
  readonly keepsLegacyFallback: boolean;
}

/** A rollout, and what our rows say of one organization in it. */
export interface Placing {
  readonly rollout: RolloutInForce;
  /** The arm it was put into before; null: none yet. */
  readonly assigned: Arm | null;
  /** It had no subscription, order or payment when the rollout began. */
  readonly isNew: boolean;
  /** Customers in the treatment arm so far. */
  readonly treated: number;
}

/** What a rollout had to do with a decision, as it is kept in it. */
export interface RolloutPlacement {
  readonly id: string;
  readonly name: string;
  /** null: rolled back before this organization was in an arm. */
  readonly arm: Arm | null;
  readonly stage: number;
  /** The assignment is to be written with the checkout. */
  readonly assigns: boolean;
  readonly rolled_back: boolean;
  /** What the policy alone had decided. */
  readonly policy_rule: string;
  readonly policy_provider: string;
  readonly because: string;
}

interface Question {
  readonly request: RouteRequest;
  readonly providers: Readonly<Record<string, ProviderFacts>>;
  /** Who steps in by the policy. */
  readonly fallbacks: readonly string[];
  /** The more special first: the first that fits decides. */
  readonly placings: readonly Placing[];
}

/**
 * Puts a decision of the policy's own rules under the rollout to its provider: the control arm is served by the provider
 * that is being left, the treatment arm as the policy says. Whoever has an arm keeps it, whatever the stage.
 *
 * Not touched: what is forced, preferred or bound by a live subscription; who was a customer before; and new
 * organizations whose wish the old provider cannot express, for only those who could be in either arm may be compared.
 */
export function placeInRollout(decision: RoutingDecision, question: Question): RoutingDecision {
  const { forcedProvider, liveProvider, preferredProvider } = question.request;
  if (forcedProvider !== null || liveProvider !== null || preferredProvider !== null) return decision;
  for (const placing of question.placings)
    if (placing.rollout.toProvider === decision.provider) {
      const placed = place(decision, question, placing);
      if (placed !== null) return placed;
    }
  return decision;
}

/** Who of the new customers is in the treatment arm. */
export function armOf(
  stage: RolloutStage | undefined,
  who: { readonly organizationId: string; readonly bucket: number; readonly treated: number },
): Arm {
  return isTreated(stage, who) ? 'treatment' : 'control';
}

function isTreated(stage: RolloutStage | undefined, who: Parameters<typeof armOf>[1]): boolean {
  switch (stage?.kind) {
    case 'percent':
      return who.bucket < bucketsOf(stage.percent);
    case 'first':
      return who.treated < stage.customers;
    case 'organizations':
      return stage.organizations.includes(who.organizationId);
    case undefined:
      return false;
  }
}

/** null: the rollout has nothing to say here. */
function place(decision: RoutingDecision, question: Question, placing: Placing): RoutingDecision | null {
  const { rollout, assigned } = placing;
  const legacy = skipOf(rollout.fromProvider, question.request, question.providers);
  const isAble = legacy === null || legacy.reason === 'unavailable';
  if (assigned === null && !(placing.isNew && isAble)) return null;
  const isRolledBack = rollout.status === 'rolled_back';
  const arm = assigned ?? (isRolledBack ? null : newArm(decision, question, placing));
  if (arm === 'treatment' && !isRolledBack) return inTreatment(decision, placing, legacy);
  const fallbacks = question.fallbacks.filter((provider) => provider !== rollout.fromProvider);
  // A sale is worth more than a clean arm: nobody but the policy's choice could serve this wish.
  if (!isAble && fallbacks.length === 0) return null;
  return {
    ...decision,
    rule: `rollout:${rollout.name}:${isRolledBack ? 'rolled_back' : 'control'}`,
    provider: rollout.fromProvider,
    fallbacks,
    skipped: skips([rollout.fromProvider, ...fallbacks], question),
    rollout: placement(decision, placing, arm),
  };
}

function newArm({ bucket }: RoutingDecision, { request }: Question, { rollout, treated }: Placing): Arm {
  return armOf(rollout.stages[rollout.stage], { organizationId: request.organizationId, bucket, treated });
}

/** The policy's choice stands; the old provider may step in for it before all others. */
function inTreatment(decision: RoutingDecision, placing: Placing, legacy: SkippedProvider | null): RoutingDecision {
  const { rollout } = placing;
  const from = rollout.fromProvider;
  const placed = {
    ...decision,
    rule: `rollout:${rollout.name}:treatment`,
    rollout: placement(decision, placing, 'treatment'),
  };
  if (!rollout.keepsLegacyFallback) return placed;
  const others = decision.skipped.filter(({ provider }) => provider !== from);
  return {
    ...placed,
    fallbacks: [from, ...decision.fallbacks.filter((provider) => provider !== from)],
    skipped: legacy === null ? others : [...others, legacy],
  };
}

function skips(providers: readonly string[], { request, providers: facts }: Question): readonly SkippedProvider[] {
  return providers.flatMap((provider) => skipOf(provider, request, facts) ?? []);
}

function placement(decision: RoutingDecision, placing: Placing, arm: Arm | null): RolloutPlacement {
  const { rollout, assigned } = placing;
  const isRolledBack = rollout.status === 'rolled_back';
  return {
    ...{ id: rollout.id, name: rollout.name, arm, stage: rollout.stage },
    assigns: assigned === null && !isRolledBack,
    rolled_back: isRolledBack,
    policy_rule: decision.rule,
    policy_provider: decision.provider,
    because: because(decision, placing),
  };
}

function because({ bucket }: RoutingDecision, { rollout, assigned, treated }: Placing): string {
  const { status, fromProvider, stage, stages } = rollout;
  if (status === 'rolled_back')
    return assigned === null
      ? `it was rolled back: every new customer goes to ${fromProvider}`
      : `it was rolled back: the ${assigned} arm goes to ${fromProvider} too`;
  if (assigned !== null) return `the organization is in the ${assigned} arm since its first checkout`;
  const now = stages[stage];
  if (now === undefined) return 'the stage is not known';
  switch (now.kind) {
    case 'percent':
      return `bucket ${bucket} of ${bucketCount}; the treatment arm has those below ${bucketsOf(now.percent)} (${describeTreated(now)})`;
    case 'first':
      return `${treated} are in the treatment arm, which has ${describeTreated(now)}`;
    case 'organizations':
      return `the treatment arm has ${describeTreated(now)}`;
  }
}
