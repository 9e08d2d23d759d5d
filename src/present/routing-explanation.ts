import type { RoutingExplanationAnswer } from '../api/schemas/routing.ts';
import type { BillingError } from '../domain/errors.ts';
import { bucketCount } from '../domain/routing/bucket.ts';
import type { BlockedCountry, EvidencePiece } from '../domain/routing/country.ts';
import { describePolicy, describeRule, either } from '../domain/routing/describe-policy.ts';
import type { RolloutPlacement } from '../domain/rollout/place.ts';
import type { ConditionName, RoutingPolicy } from '../domain/routing/policy.ts';
import type { RouteRequest, RoutingDecision } from '../domain/routing/route.ts';
import { toMoney } from './values.ts';

export interface ExplanationParts {
  readonly policy: RoutingPolicy;
  readonly evidence: readonly EvidencePiece[];
  readonly block: BlockedCountry | null;
  readonly request: RouteRequest;
  readonly decision: RoutingDecision;
  readonly attempts: readonly string[];
  readonly paymentMethods: readonly string[];
  readonly refusal: BillingError | null;
}

/** What would happen to a checkout, and why, for whoever runs the project. */
export function presentExplanation(parts: ExplanationParts): RoutingExplanationAnswer {
  const { block, decision, policy, refusal, request } = parts;
  const isFree = decision.rule === 'free';
  const attempts = refusal ? [] : [...parts.attempts];
  return {
    id: null,
    status: refusal ? 'would_be_refused' : isFree ? 'needs_no_provider' : 'would_open',
    why: refusal ? refusal.message : isFree ? 'nothing is due' : whyRouted(policy, decision, attempts),
    refusal: refusal && { code: refusal.code, detail: refusal.message },
    ...{ policy: decision.policy, policy_version: decision.policy_version, readable: [...describePolicy(policy)] },
    ...{ country: decision.country, country_source: decision.country_source },
    country_evidence: parts.evidence.map(({ country, note, source }) => ({
      ...{ source, country, note, used: country !== null && source === decision.country_source },
    })),
    blocked: block && {
      ...{ country: block.country, since: block.since, reason: block.reason },
      regions: block.regions && [...block.regions],
    },
    forced_provider: request.forcedProvider,
    live_provider: request.liveProvider,
    preferred_provider: request.preferredProvider,
    ...{ rule: decision.rule, provider: isFree ? null : decision.provider, bucket: decision.bucket },
    ...{ fallbacks: [...decision.fallbacks], attempts },
    skipped: isFree ? [] : decision.skipped.map(({ because, ...skipped }) => ({ ...skipped, why: because })),
    considered: [...considered(policy, decision, request), ...placed(decision)],
    rollout: rolloutOf(decision),
    amount: request.amount && toMoney(request.amount.amountMinor, request.amount.currency),
    payment_methods: refusal ? [] : [...parts.paymentMethods],
  };
}

function whyRouted(policy: RoutingPolicy, decision: RoutingDecision, [first]: readonly string[]): string {
  const byPolicy = decision.rollout?.policy_rule ?? decision.rule;
  const rule = policy.rules.find(({ id }) => id === byPolicy);
  const chosen = rule
    ? `rule ${describeRule(rule)}`
    : `${byOrder[byPolicy] ?? byPolicy} → ${decision.rollout?.policy_provider ?? decision.provider}`;
  const said = decision.rollout ? `${chosen}; ${textOf(decision, decision.rollout)}` : chosen;
  if (first === decision.provider) return said;
  const skipped = decision.skipped.find(({ provider }) => provider === decision.provider);
  return `${said}; it is left out, for ${skipped?.because ?? 'it cannot serve'}, and ${first ?? 'nobody'} steps in`;
}

const byOrder: Readonly<Record<string, string>> = {
  forced: 'the provider is forced',
  'live-subscription': 'the organization has its live subscription there',
  preferred: 'the organization prefers it',
  fallback: 'no rule holds',
};

function textOf({ provider }: RoutingDecision, { name, arm, because }: RolloutPlacement): string {
  return `rollout ${name}: ${arm === null ? 'no arm' : `${arm} arm`} → ${provider}, for ${because}`;
}

/** The rollout has the last word, after the rules. */
function placed(decision: RoutingDecision): RoutingExplanationAnswer['considered'] {
  const { rollout, rule } = decision;
  if (!rollout) return [];
  return [{ rule, text: textOf(decision, rollout), outcome: 'held', failed: null, why: rollout.because }];
}

function rolloutOf({ rollout }: RoutingDecision): RoutingExplanationAnswer['rollout'] {
  if (!rollout) return null;
  const { id, name, arm, stage, rolled_back, policy_rule, policy_provider, because } = rollout;
  return {
    ...{ id, name, arm, stage, rolled_back, policy_rule, policy_provider, why: because },
    is_assigned: arm !== null && !rollout.assigns,
  };
}

/** Every rule of the policy, also those behind the one that decided. */
function considered(
  policy: RoutingPolicy,
  decision: RoutingDecision,
  request: RouteRequest,
): RoutingExplanationAnswer['considered'] {
  return policy.rules.map((rule, index) => {
    const told = decision.considered[index];
    const base = { rule: rule.id, text: describeRule(rule) };
    if (!told) return { ...base, outcome: 'not_reached', failed: null, why: null };
    if (told.failed === null) return { ...base, outcome: 'held', failed: null, why: null };
    const why = `it asks for ${told.needs ?? told.failed}; ${factOf(told.failed, request, decision)}`;
    return { ...base, outcome: 'failed', failed: told.failed, why };
  });
}

function factOf(condition: ConditionName, request: RouteRequest, { bucket }: RoutingDecision): string {
  const { amount, wishedPaymentMethods: wished } = request;
  switch (condition) {
    case 'country':
      return `the country is ${request.evidence.country ?? 'unknown'}`;
    case 'card_country':
      return `the card's country is ${request.cardCountry ?? 'unknown'}`;
    case 'mode':
      return `the mode is ${request.mode}`;
    case 'digital':
      return `the product is ${request.digital ? '' : 'not '}digital`;
    case 'currency':
      return amount ? `the currency is ${amount.currency}` : 'nothing is to be paid';
    case 'payment_method':
      return wished === null ? 'none is wished' : `${either(wished)} is wished`;
    case 'amount_minor':
      return amount ? `the amount is ${amount.amountMinor} ${amount.currency}` : 'nothing is to be paid';
    case 'percent':
      return `the organization is in bucket ${bucket} of ${bucketCount}`;
  }
}
