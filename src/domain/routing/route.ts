import type { CheckoutMode } from '../catalogue.ts';
import type { Money } from '../money.ts';
import type { ProviderAbilities } from './abilities.ts';
import { bucketCount, bucketOf } from './bucket.ts';
import type { CountryEvidence } from './country.ts';
import type { RoutingPolicy, RoutingRule, RuleConditions } from './policy.ts';

export interface RouteRequest {
  readonly projectId: string;
  readonly organizationId: string;
  readonly mode: CheckoutMode;
  readonly digital: boolean;
  readonly quantity: number;
  readonly amount: Money | null;
  readonly evidence: CountryEvidence;
  readonly cardCountry: string | null;
  /** null: whatever fits. */
  readonly wishedPaymentMethods: readonly string[] | null;
  readonly hasDiscountCode: boolean;
  readonly hasTrial: boolean;
  readonly hasVoucherExpiry: boolean;
  readonly hasEmbedOrigin: boolean;
  /** Privileged: no other provider is tried. */
  readonly forcedProvider: string | null;
  /** Where the organization's live subscription is: one customer is not split over two providers. */
  readonly liveProvider: string | null;
  readonly preferredProvider: string | null;
}

/** What is known of each provider at the moment of deciding. */
export interface ProviderFacts {
  readonly isConfigured: boolean;
  readonly abilities: ProviderAbilities;
  /** The price has been pushed there, or needs no push. */
  readonly isSellable: boolean;
  /** false: its breaker is open, as all processes together have seen it. */
  readonly isAvailable: boolean;
}

/** Everything a decision was made of, as it is kept beside it: another policy can be asked the same later. */
export interface RouteQuestion {
  readonly request: RouteRequest;
  /** Without what stands in the adapters. */
  readonly providers: Readonly<Record<string, Omit<ProviderFacts, 'abilities'>>>;
}

export type FallbackReason =
  'not_configured' | 'unsupported' | 'api_error' | 'timeout' | 'rate_limited' | 'unavailable';

export interface SkippedProvider {
  readonly provider: string;
  readonly reason: 'not_configured' | 'unsupported' | 'unavailable';
  readonly because: string;
}

export interface RoutingDecision {
  readonly policy: string;
  readonly policy_version: number;
  /** A rule's id, or `forced`, `live-subscription`, `preferred`, `fallback`. */
  readonly rule: string;
  /** The choice. It may stand in `skipped`; then the first of `fallbacks` is asked. */
  readonly provider: string;
  readonly fallbacks: readonly string[];
  /** Providers left out before any call, and why. */
  readonly skipped: readonly SkippedProvider[];
  readonly bucket: number;
  readonly country: string | null;
  readonly country_source: CountryEvidence['source'];
  /** Each rule looked at, in order, and the condition that failed; the last one held. */
  readonly considered: readonly { readonly rule: string; readonly failed: string | null }[];
}

/**
 * Who serves a checkout, and who steps in. Pure: the same input gives the same answer on every machine.
 * Order: forced → provider of the live subscription → preferred provider → the policy's rules → its fallback.
 * (Blocked countries are refused before this is asked.)
 */
export function route(
  request: RouteRequest,
  policy: RoutingPolicy,
  providers: Readonly<Record<string, ProviderFacts>>,
): RoutingDecision {
  const bucket = bucketOf(request.projectId, request.organizationId);
  const considered: { rule: string; failed: string | null }[] = [];
  const chosen = choose(request, policy, providers, bucket, considered);
  const fallbacks =
    request.forcedProvider !== null || chosen.provider === policy.fallback_provider ? [] : [policy.fallback_provider];
  return {
    policy: policy.name,
    policy_version: policy.version,
    rule: chosen.rule,
    provider: chosen.provider,
    fallbacks,
    skipped: [chosen.provider, ...fallbacks].flatMap((provider) => skip(provider, request, providers[provider])),
    bucket,
    country: request.evidence.country,
    country_source: request.evidence.source,
    considered,
  };
}

/** The providers to ask, in order. Empty: nobody can serve this. */
export function attemptsOf(decision: RoutingDecision): readonly string[] {
  return [decision.provider, ...decision.fallbacks].filter(
    (provider) => !decision.skipped.some((left) => left.provider === provider),
  );
}

/** The methods the provider's page can offer for this checkout, in the provider's order. */
export function fittingMethods(
  request: Pick<RouteRequest, 'mode' | 'amount' | 'evidence' | 'wishedPaymentMethods'>,
  abilities: ProviderAbilities,
): readonly string[] {
  const currency = request.amount?.currency ?? null;
  const country = request.evidence.country;
  const offered = abilities.paymentMethods
    .filter((entry) => entry.modes.includes(request.mode))
    .filter((entry) => currency === null || (entry.currencies?.includes(currency) ?? true))
    .filter((entry) => country === null || (entry.countries?.includes(country) ?? true))
    .map((entry) => entry.method);
  const wished = request.wishedPaymentMethods;
  return wished === null ? offered : offered.filter((method) => wished.includes(method));
}

export function serves(
  list: { readonly except: readonly string[] } | { readonly only: readonly string[] },
  code: string,
) {
  return 'only' in list ? list.only.includes(code) : !list.except.includes(code);
}

function choose(
  request: RouteRequest,
  policy: RoutingPolicy,
  providers: Readonly<Record<string, ProviderFacts>>,
  bucket: number,
  considered: { rule: string; failed: string | null }[],
): { readonly rule: string; readonly provider: string } {
  if (request.forcedProvider !== null) return { rule: 'forced', provider: request.forcedProvider };
  if (request.liveProvider !== null) return { rule: 'live-subscription', provider: request.liveProvider };
  if (request.preferredProvider !== null) return { rule: 'preferred', provider: request.preferredProvider };
  for (const rule of policy.rules) {
    const failed = failedCondition(rule, request, providers[rule.provider], bucket);
    considered.push({ rule: rule.id, failed });
    if (failed === null) return { rule: rule.id, provider: rule.provider };
  }
  return { rule: 'fallback', provider: policy.fallback_provider };
}

function failedCondition(
  rule: RoutingRule,
  request: RouteRequest,
  facts: ProviderFacts | undefined,
  bucket: number,
): string | null {
  const { when } = rule;
  if (!countryHolds(when.country, request.evidence.country, facts)) return 'country';
  if (when.card_country && !when.card_country.includes(request.cardCountry ?? 'unknown')) return 'card_country';
  if (when.mode && !when.mode.includes(request.mode)) return 'mode';
  if (when.digital !== undefined && when.digital !== request.digital) return 'digital';
  if (when.currency && !(request.amount && when.currency.includes(request.amount.currency))) return 'currency';
  if (when.payment_method && !when.payment_method.some((method) => request.wishedPaymentMethods?.includes(method)))
    return 'payment_method';
  if (when.amount_minor && !amountHolds(when.amount_minor, request.amount)) return 'amount_minor';
  if (when.percent !== undefined && bucket >= Math.round((when.percent * bucketCount) / 100)) return 'percent';
  return null;
}

function countryHolds(wanted: RuleConditions['country'], country: string | null, facts: ProviderFacts | undefined) {
  if (wanted === undefined) return true;
  if (wanted === 'unknown') return country === null;
  if (wanted === 'served') return country !== null && facts !== undefined && serves(facts.abilities.countries, country);
  return wanted.includes(country ?? 'unknown');
}

function amountHolds(wanted: NonNullable<RuleConditions['amount_minor']>, amount: Money | null): boolean {
  if (amount === null || amount.currency !== wanted.currency) return false;
  return amount.amountMinor >= (wanted.min ?? 0) && amount.amountMinor <= (wanted.max ?? Number.MAX_SAFE_INTEGER);
}

function skip(provider: string, request: RouteRequest, facts: ProviderFacts | undefined): readonly SkippedProvider[] {
  if (!facts?.isConfigured) return [{ provider, reason: 'not_configured', because: 'it has no account in this mode' }];
  const because = cannotServe(request, facts);
  if (because !== null) return [{ provider, reason: 'unsupported', because }];
  return facts.isAvailable ? [] : [{ provider, reason: 'unavailable', because: 'it has been failing' }];
}

/** Why a provider cannot express the whole request, or null when it can. */
function cannotServe(request: RouteRequest, { abilities, isSellable }: ProviderFacts): string | null {
  const { mode, evidence, amount } = request;
  if (!abilities.modes.includes(mode)) return `it has no ${mode} checkouts`;
  if (evidence.country !== null && !serves(abilities.countries, evidence.country))
    return `it does not serve buyers in ${evidence.country}`;
  if (amount && !serves(abilities.currencies, amount.currency)) return `it does not charge ${amount.currency}`;
  if (!isSellable) return 'the price has not been pushed to it';
  if (fittingMethods(request, abilities).length === 0) return 'it offers none of the wished payment methods';
  const { features } = abilities;
  if (request.quantity > 1 && !features.quantity.includes(mode)) return 'it cannot sell a quantity';
  if (request.hasDiscountCode && !features.discountCode.includes(mode)) return 'it takes no discount code';
  if (request.hasTrial && !features.trialDays.includes(mode)) return 'it cannot set a trial';
  if (request.hasVoucherExpiry && !features.voucherExpiry.includes(mode)) return 'it cannot set a voucher expiry';
  if (request.hasEmbedOrigin && !features.embed.includes(mode)) return 'its page cannot be embedded';
  return null;
}
