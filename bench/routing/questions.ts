import type { CheckoutMode } from '../../src/domain/catalogue.ts';
import type { ProviderAbilities } from '../../src/domain/routing/abilities.ts';
import { compilePolicy } from '../../src/domain/routing/compile-policy.ts';
import type { RoutingPolicy, RoutingRule } from '../../src/domain/routing/policy.ts';
import { route, type ProviderFacts, type RouteRequest } from '../../src/domain/routing/route.ts';

/** Numbers that are the same on every machine: mulberry32. */
export function createRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const modes: readonly CheckoutMode[] = ['payment', 'subscription', 'setup'];
const countries = 'US MX DE FR BR IN JP RU GB ES NL PL CA AU ZA KE AR CL CO PE'.split(' ');
const currencies = ['USD', 'MXN', 'EUR', 'BRL', 'JPY'];
const methods = ['card', 'oxxo', 'spei', 'ideal', 'p24', 'apple_pay'];

const able = (changes: Partial<ProviderAbilities>): ProviderAbilities => ({
  merchantOfRecord: false,
  countries: { except: [] },
  currencies: { except: [] },
  paymentMethods: methods.map((method) => ({ method, modes })),
  modes,
  features: { quantity: modes, discountCode: modes, trialDays: modes, voucherExpiry: modes, embed: modes },
  requires: [],
  needsProviderPrice: [],
  subscriptions: null,
  retains: [],
  ...changes,
});

/** As different as providers are: one at home, one nearly everywhere, one everywhere. */
export const providers: Readonly<Record<string, ProviderFacts>> = Object.fromEntries(
  Object.entries({
    local: able({ countries: { only: ['MX'] }, currencies: { only: ['MXN'] }, modes: ['payment', 'subscription'] }),
    seller: able({ countries: { except: ['RU', 'KP', 'SY', 'CU', 'IR'] }, modes: ['payment', 'subscription'] }),
    universal: able({}),
  }).map(([id, abilities]) => [id, { isConfigured: true, isSellable: true, isAvailable: true, abilities }]),
);

/** Rules with one to three conditions of all kinds. Most of them fail for most requests, as in a long policy. */
export function aLongPolicy(ruleCount: number): RoutingPolicy {
  const random = createRandom(ruleCount);
  const some = (list: readonly string[], count: number) =>
    Array.from({ length: count }, (_, index) => list[(random(list.length) + index) % list.length] ?? '');
  const rules = Array.from({ length: ruleCount }, (_, index): RoutingRule => {
    const when = [
      { country: some(countries, 3), card_country: [...some(countries, 2), 'unknown'] },
      { country: 'served' as const, currency: some(currencies, 1), percent: 1 + random(10) },
      { mode: ['setup' as const], country: some(countries, 2) },
      { payment_method: some(methods, 1), digital: index % 2 === 0, country: some(countries, 1) },
      { amount_minor: { currency: currencies[index % 5] ?? 'USD', min: 50_000 + random(50_000) } },
    ][index % 5];
    return {
      id: `rule-${index}`,
      when: when ?? {},
      provider: ['seller', 'universal', 'local'][index % 3] ?? 'universal',
    };
  });
  return { name: 'long', version: 1, description: '', rules, fallback_provider: 'universal' };
}

/** @returns `count` different requests, the same for the same seed. */
export function aSeriesOfRequests(count: number, seed: number): readonly RouteRequest[] {
  const random = createRandom(seed);
  const one = <T>(list: readonly T[]): T | undefined => list[random(list.length)];
  return Array.from({ length: count }, (): RouteRequest => {
    const mode = random(20) === 0 ? 'setup' : random(2) === 0 ? 'payment' : 'subscription';
    return {
      projectId: 'default',
      organizationId: `org_${random(1_000_000)}`,
      mode,
      digital: mode !== 'setup' && random(2) === 0,
      quantity: 1,
      amount: mode === 'setup' ? null : { amountMinor: 1 + random(60_000), currency: one(currencies) ?? 'USD' },
      evidence:
        random(10) === 0 ? { country: null, source: 'none' } : { country: one(countries) ?? 'US', source: 'ip' },
      cardCountry: random(3) === 0 ? (one(countries) ?? null) : null,
      wishedPaymentMethods: random(4) === 0 ? [one(methods) ?? 'card'] : null,
      hasDiscountCode: random(10) === 0,
      hasTrial: false,
      hasVoucherExpiry: false,
      hasEmbedOrigin: false,
      forcedProvider: null,
      liveProvider: random(50) === 0 ? 'seller' : null,
      preferredProvider: null,
    };
  });
}

export interface SeriesDigest {
  readonly decisions: number;
  /** FNV-1a over the answers as JSON, in 8 hex digits. */
  readonly hash: string;
}

/** What `digestSeries()` is on every machine. A change of routing, of the bucket or of an answer's form changes it. */
export const knownDigest: SeriesDigest = { decisions: 20_000, hash: '19792a3f' };

/** Decides a seeded series and hashes every answer whole. */
export function digestSeries(): SeriesDigest {
  const compiled = compilePolicy(aLongPolicy(50));
  let hash = 0x811c9dc5;
  for (const request of aSeriesOfRequests(knownDigest.decisions, 20_261_121)) {
    const text = JSON.stringify(route(request, compiled, providers));
    for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return { decisions: knownDigest.decisions, hash: (hash >>> 0).toString(16).padStart(8, '0') };
}
