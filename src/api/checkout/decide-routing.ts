import type { Organization } from '../../db/entities/organization.ts';
import type { Subscription } from '../../db/entities/subscription.ts';
import { attemptsOf } from '../../domain/routing/attempts.ts';
import type { CountryEvidence } from '../../domain/routing/country.ts';
import {
  fittingMethods,
  route,
  type ProviderFacts,
  type RouteQuestion,
  type RouteRequest,
  type RoutingDecision,
} from '../../domain/routing/route.ts';
import type { BillingError } from '../../domain/errors.ts';
import { isAvailable } from '../../domain/health/breaker.ts';
import { bucketOf } from '../../domain/routing/bucket.ts';
import { requoteFallbacks, type Alternative } from '../../domain/routing/requote.ts';
import type { CompiledPolicy } from '../../domain/routing/compile-policy.ts';
import { placeInRollout, type Placing } from '../../domain/rollout/place.ts';
import type { Caller } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal, refusal } from '../error-codes.ts';
import type { CreateCheckoutBody } from '../schemas/checkout.ts';
import { providerFacts } from '../routing/provider-facts.ts';
import type { Offer } from './find-offer.ts';

/** What routing comes to, whether or not anybody can serve it. */
export interface RoutingOutcome {
  readonly request: RouteRequest;
  readonly decision: RoutingDecision;
  /** The providers to ask, in order; empty: nobody is, for nothing is due or nobody can serve it. */
  readonly attempts: readonly string[];
  readonly asked: RouteQuestion | null;
  /** What the first one's page will offer. */
  readonly paymentMethods: readonly string[];
  /** Why it is refused; null: it is not. */
  readonly refusal: BillingError | null;
}

export interface Routed {
  readonly decision: RoutingDecision;
  /** null: nothing is due, so nobody was chosen. */
  readonly asked: RouteQuestion | null;
  /** The first provider to be asked; null: the checkout needs none. */
  readonly provider: string | null;
  /** What its page will offer. */
  readonly paymentMethods: readonly string[];
}

export interface RoutingInput {
  readonly caller: Caller;
  readonly policy: CompiledPolicy;
  readonly body: CreateCheckoutBody;
  readonly organization: Pick<Organization, 'id' | 'preferredProvider'>;
  readonly evidence: CountryEvidence;
  readonly offer: Offer | null;
  /** Other prices of it, for those who step in and cannot charge this one. */
  readonly alternatives: readonly Alternative[];
  /** Providers at which the project has an account in the caller's mode. */
  readonly configured: ReadonlySet<string>;
  readonly trialDays: number | null;
  readonly liveSubscriptions: readonly Subscription[];
  /** Named by an alias route: preferred, not forced. */
  readonly preferredProvider: string | null;
  /** The rollouts that this offer may be under, and where the organization is in them. */
  readonly placings: readonly Placing[];
}

/**
 * Decides once who serves the checkout and who steps in; the workflow then carries it out.
 *
 * @throws {BillingError} `payment_method_unavailable`, `no_provider_available`
 */
export function decideRouting(deps: Pick<ApiDeps, 'providers' | 'health'>, input: RoutingInput): Routed {
  const { asked, attempts, decision, paymentMethods, refusal: refused } = considerRouting(deps, input);
  if (refused) throw refused;
  return { decision, asked, provider: attempts[0] ?? null, paymentMethods };
}

/** The same, told instead of thrown. */
export function considerRouting(deps: Pick<ApiDeps, 'providers' | 'health'>, input: RoutingInput): RoutingOutcome {
  const { policy } = input;
  const request = toRouteRequest(input);
  if (input.offer?.amount.amountMinor === 0) return withoutProvider(policy, request);
  const { alternatives, caller, configured, offer } = input;
  const account = { projectId: caller.projectId, live: caller.live };
  const facts = providerFacts(deps, {
    ...{ configured, mode: request.mode, offer },
    isAvailable: (provider) => isAvailable(deps.health.viewOf({ ...account, provider }), Date.now()),
  });
  const placed = placeInRollout(route(request, policy, facts), {
    ...{ request, providers: facts, fallbacks: policy.fallbacks, placings: input.placings },
  });
  const decision = requoteFallbacks(placed, { request, policy, providers: facts, alternatives });
  const attempts = attemptsOf(decision);
  const [provider] = attempts;
  const abilities = provider === undefined ? undefined : facts[provider]?.abilities;
  const isUnknown = request.forcedProvider !== null && !facts[request.forcedProvider];
  return {
    ...{ request, decision, attempts },
    asked: { request, providers: withoutAbilities(facts) },
    paymentMethods: abilities ? fittingMethods(request, abilities) : [],
    refusal: isUnknown
      ? fieldRefusal('validation_failed', '/provider', 'No provider has this id.')
      : provider === undefined
        ? explainNobody(request, policy, facts, decision)
        : null,
  };
}

function toRouteRequest(input: RoutingInput): RouteRequest {
  const { body, caller, offer } = input;
  return {
    projectId: caller.projectId,
    organizationId: input.organization.id,
    mode: offer?.mode ?? 'setup',
    digital: offer?.plan.digital ?? false,
    quantity: body.quantity,
    amount: offer?.amount ?? null,
    evidence: input.evidence,
    cardCountry: body.card_country,
    wishedPaymentMethods: body.payment_methods,
    hasDiscountCode: body.discount_code !== null,
    hasTrial: (input.trialDays ?? 0) > 0,
    hasVoucherExpiry: body.voucher_expires_at !== null,
    hasEmbedOrigin: body.embed_origin !== null,
    forcedProvider: body.provider,
    liveProvider: input.liveSubscriptions.find((live) => live.provider !== null)?.provider ?? null,
    preferredProvider: input.preferredProvider ?? input.organization.preferredProvider,
  };
}

function withoutAbilities(facts: Readonly<Record<string, ProviderFacts>>): RouteQuestion['providers'] {
  return Object.fromEntries(
    Object.entries(facts).map(([id, { isAvailable, isConfigured, isSellable }]) => [
      id,
      { isAvailable, isConfigured, isSellable },
    ]),
  );
}

/** A free plan lives without a provider; its decision says so, and nobody is asked. */
function withoutProvider({ policy }: CompiledPolicy, request: RouteRequest): RoutingOutcome {
  const provider = 'none';
  return {
    request,
    decision: {
      policy: policy.name,
      policy_version: policy.version,
      rule: 'free',
      provider,
      fallbacks: [],
      skipped: [{ provider, reason: 'unsupported', because: 'nothing is due' }],
      bucket: bucketOf(request.projectId, request.organizationId),
      country: request.evidence.country,
      country_source: request.evidence.source,
      considered: [],
    },
    attempts: [],
    asked: null,
    paymentMethods: [],
    refusal: null,
  };
}

/**
 * Whether the wished methods alone are to blame: without them somebody could serve. Not where somebody who offers them
 * is only failing just now: that passes.
 */
function explainNobody(
  request: RouteRequest,
  policy: CompiledPolicy,
  facts: Readonly<Record<string, ProviderFacts>>,
  { skipped }: RoutingDecision,
) {
  if (skipped.some(({ reason }) => reason === 'unavailable')) return nobodyAvailable();
  const withoutWish = route({ ...request, wishedPaymentMethods: null }, policy, facts);
  if (request.wishedPaymentMethods !== null && attemptsOf(withoutWish).length > 0)
    return fieldRefusal(
      'payment_method_unavailable',
      '/payment_methods',
      'No provider that could serve this checkout offers any of these.',
    );
  return nobodyAvailable();
}

export function nobodyAvailable() {
  return refusal('no_provider_available', 'No provider can serve this checkout now.', { retryAfterMs: 10_000 });
}
