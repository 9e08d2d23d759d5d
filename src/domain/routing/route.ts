import type { CheckoutMode } from '../catalogue.ts';
import type { Money } from '../money.ts';
import type { ProviderAbilities } from './abilities.ts';
import { bucketOf } from './bucket.ts';
import {
  asksProvider,
  fails,
  type Column,
  type CompiledPolicy,
  type CompiledRule,
  type Considered,
} from './compile-policy.ts';
import type { CountryEvidence } from './country.ts';
import { covers, offersAny, offersOf, prepareAbilities, type PreparedAbilities } from './prepared-abilities.ts';
import type { Requote } from './requote.ts';
import type { RolloutPlacement } from '../rollout/place.ts';

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
  /** A rule's id, or `forced`, `live-subscription`, `preferred`, `fallback`, `rollout:<name>:<arm>`. */
  readonly rule: string;
  /** The choice. It may stand in `skipped`; then the first of `fallbacks` is asked. */
  readonly provider: string;
  readonly fallbacks: readonly string[];
  /** Providers left out before any call, and why. */
  readonly skipped: readonly SkippedProvider[];
  readonly bucket: number;
  readonly country: string | null;
  readonly country_source: CountryEvidence['source'];
  /** Each rule looked at, in order, and the condition that failed; the last one held, unless nothing did. */
  readonly considered: readonly Considered[];
  /** Providers of `fallbacks` that charge another currency than was quoted: see requote.ts. */
  readonly requotes?: Readonly<Record<string, Requote>>;
  /** What a rollout had to do with it; absent: nothing. */
  readonly rollout?: RolloutPlacement;
}

/**
 * Who serves a checkout, and who steps in. Pure: the same input gives the same answer on every machine.
 * Order: forced → provider of the live subscription → preferred provider → the policy's rules → its fallback.
 * (Blocked countries are refused before this is asked.)
 *
 * It makes nothing but its answer: everything else is prepared in the policy and, once, for each provider's abilities.
 */
export function route(
  request: RouteRequest,
  compiled: CompiledPolicy,
  providers: Readonly<Record<string, ProviderFacts>>,
): RoutingDecision {
  const { policy } = compiled;
  const bucket = bucketOf(request.projectId, request.organizationId);
  const chosen = choose(request, compiled, providers, bucket);
  const isAlone = request.forcedProvider !== null || chosen.provider === policy.fallback_provider;
  const fallbacks = isAlone ? nobody : compiled.fallbacks;
  const skipped: SkippedProvider[] = [];
  skipUnable(chosen.provider, request, providers, skipped);
  for (const provider of fallbacks) skipUnable(provider, request, providers, skipped);
  return {
    policy: policy.name,
    policy_version: policy.version,
    rule: chosen.rule,
    provider: chosen.provider,
    fallbacks,
    skipped,
    bucket,
    country: request.evidence.country,
    country_source: request.evidence.source,
    considered: chosen.considered,
  };
}

interface Chosen {
  readonly rule: string;
  readonly provider: string;
  readonly considered: readonly Considered[];
}

const nobody: readonly string[] = [];

/** The methods the provider's page can offer for this checkout, in the provider's order. */
export function fittingMethods(
  request: Pick<RouteRequest, 'mode' | 'amount' | 'evidence' | 'wishedPaymentMethods'>,
  abilities: ProviderAbilities,
): readonly string[] {
  const offered = offersOf(prepareAbilities(abilities), request).map(({ method }) => method);
  const wished = request.wishedPaymentMethods;
  return wished === null ? offered : offered.filter((method) => wished.includes(method));
}

function choose(
  request: RouteRequest,
  compiled: CompiledPolicy,
  providers: Readonly<Record<string, ProviderFacts>>,
  bucket: number,
): Chosen {
  const { forcedProvider, liveProvider, preferredProvider } = request;
  if (forcedProvider !== null) return { rule: 'forced', provider: forcedProvider, considered: [] };
  if (liveProvider !== null) return { rule: 'live-subscription', provider: liveProvider, considered: [] };
  if (preferredProvider !== null) return { rule: 'preferred', provider: preferredProvider, considered: [] };
  return applyRules(request, compiled, providers, bucket);
}

/** The first rule that holds, and of each before it the first condition that does not, in the order of `conditionNames`. */
function applyRules(
  request: RouteRequest,
  compiled: CompiledPolicy,
  providers: Readonly<Record<string, ProviderFacts>>,
  bucket: number,
): Chosen {
  const { amount, evidence, wishedPaymentMethods: wished } = request;
  const country = verdictsOf(compiled.country, evidence.country ?? 'unknown');
  const cardCountry = verdictsOf(compiled.cardCountry, request.cardCountry ?? 'unknown');
  const mode = verdictsOf(compiled.mode, request.mode);
  const digital = verdictsOf(compiled.digital, request.digital ? 'true' : 'false');
  const currency = verdictsOf(compiled.currency, amount === null ? 'none' : amount.currency);
  const considered = compiled.considered.slice();
  let index = 0;
  for (const rule of compiled.rules) {
    const { failed } = rule;
    const ofCountry = country[index];
    if (ofCountry === fails || (ofCountry === asksProvider && !isServed(evidence.country, providers[rule.provider])))
      considered[index] = failed.country;
    else if (cardCountry[index] === fails) considered[index] = failed.card_country;
    else if (mode[index] === fails) considered[index] = failed.mode;
    else if (digital[index] === fails) considered[index] = failed.digital;
    else if (currency[index] === fails) considered[index] = failed.currency;
    else if (rule.paymentMethods !== null && !isWished(rule.paymentMethods, wished))
      considered[index] = failed.payment_method;
    else if (rule.amount !== null && !amountHolds(rule.amount, amount)) considered[index] = failed.amount_minor;
    else if (bucket >= rule.bucketsBelow) considered[index] = failed.percent;
    else {
      considered.length = index + 1;
      return { rule: rule.id, provider: rule.provider, considered };
    }
    index += 1;
  }
  return { rule: 'fallback', provider: compiled.policy.fallback_provider, considered };
}

function verdictsOf(column: Column, value: string): Uint8Array {
  return column.of.get(value) ?? column.other;
}

function isWished(methods: readonly string[], wished: readonly string[] | null): boolean {
  return wished !== null && wished.some((method) => methods.includes(method));
}

function isServed(country: string | null, facts: ProviderFacts | undefined): boolean {
  return country !== null && facts !== undefined && covers(prepareAbilities(facts.abilities).countries, country);
}

function amountHolds(wanted: NonNullable<CompiledRule['amount']>, amount: Money | null): boolean {
  if (amount === null || amount.currency !== wanted.currency) return false;
  return amount.amountMinor >= wanted.min && amount.amountMinor <= wanted.max;
}

/** Notes why a provider is not to be asked, if there is a reason. */
function skipUnable(
  provider: string,
  request: RouteRequest,
  providers: Readonly<Record<string, ProviderFacts>>,
  skipped: SkippedProvider[],
): void {
  const skip = skipOf(provider, request, providers);
  if (skip !== null) skipped.push(skip);
}

/** Why a provider is not to be asked; null: nothing stands against it. */
export function skipOf(
  provider: string,
  request: RouteRequest,
  providers: Readonly<Record<string, ProviderFacts>>,
): SkippedProvider | null {
  const facts = providers[provider];
  if (!facts?.isConfigured) return { provider, reason: 'not_configured', because: 'it has no account in this mode' };
  const because = cannotServe(request, facts, prepareAbilities(facts.abilities));
  if (because !== null) return { provider, reason: 'unsupported', because };
  return facts.isAvailable ? null : { provider, reason: 'unavailable', because: 'it has been failing' };
}

/** Why a provider cannot express the whole request, or null when it can. */
function cannotServe(request: RouteRequest, facts: ProviderFacts, able: PreparedAbilities): string | null {
  const { mode, evidence, amount } = request;
  const { features, modes } = facts.abilities;
  if (!modes.includes(mode)) return `it has no ${mode} checkouts`;
  if (evidence.country !== null && !covers(able.countries, evidence.country))
    return `it does not serve buyers in ${evidence.country}`;
  if (amount && !covers(able.currencies, amount.currency)) return `it does not charge ${amount.currency}`;
  if (!facts.isSellable) return 'the price has not been pushed to it';
  if (!offersAny(able, request)) return 'it offers none of the wished payment methods';
  if (request.quantity > 1 && !features.quantity.includes(mode)) return 'it cannot sell a quantity';
  if (request.hasDiscountCode && !features.discountCode.includes(mode)) return 'it takes no discount code';
  if (request.hasTrial && !features.trialDays.includes(mode)) return 'it cannot set a trial';
  if (request.hasVoucherExpiry && !features.voucherExpiry.includes(mode)) return 'it cannot set a voucher expiry';
  if (request.hasEmbedOrigin && !features.embed.includes(mode)) return 'its page cannot be embedded';
  return null;
}
