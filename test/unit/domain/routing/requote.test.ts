import { describe, expect, it } from 'vitest';
import type { ProviderAbilities } from '../../../../src/domain/routing/abilities.ts';
import { compilePolicy } from '../../../../src/domain/routing/compile-policy.ts';
import { requoteFallbacks, type Alternative } from '../../../../src/domain/routing/requote.ts';
import { attemptsOf } from '../../../../src/domain/routing/attempts.ts';
import { route, type ProviderFacts, type RouteRequest } from '../../../../src/domain/routing/route.ts';

const every = ['payment', 'subscription', 'setup'] as const;
const abilities = (currencies: ProviderAbilities['currencies'], needsPush = false): ProviderAbilities => ({
  ...{ merchantOfRecord: false, countries: { except: [] }, currencies, modes: [...every], requires: [], retains: [] },
  paymentMethods: [{ method: 'card', modes: [...every] }],
  features: { quantity: [...every], discountCode: [], trialDays: [], voucherExpiry: [], embed: [] },
  ...{ needsProviderPrice: needsPush ? ['payment'] : [], subscriptions: null },
});
const facts = (of: ProviderAbilities): ProviderFacts => ({
  ...{ isConfigured: true, isSellable: true, isAvailable: true, abilities: of },
});
const aRequest = (changes: Partial<RouteRequest> = {}): RouteRequest => ({
  ...{ projectId: 'default', organizationId: 'org_1', mode: 'payment', digital: true, quantity: 1 },
  ...{ amount: { amountMinor: 4900, currency: 'USD' }, evidence: { country: 'US', source: 'request' } },
  ...{ cardCountry: null, wishedPaymentMethods: null, hasDiscountCode: false, hasTrial: false },
  ...{ hasVoucherExpiry: false, hasEmbedOrigin: false, forcedProvider: null, liveProvider: null },
  ...{ preferredProvider: null, ...changes },
});
const policy = compilePolicy({
  ...{ name: 'test', version: 1, description: '', fallback_provider: 'pesos' },
  rules: [{ id: 'all', when: {}, provider: 'dollars' }],
});
const providers = {
  dollars: facts(abilities({ only: ['USD'] })),
  pesos: facts(abilities({ only: ['MXN'] })),
};
const inPesos: Alternative = { priceId: 'p_mxn', amount: { amountMinor: 89_900, currency: 'MXN' }, pushedTo: [] };
const inEuros: Alternative = { priceId: 'p_eur', amount: { amountMinor: 4500, currency: 'EUR' }, pushedTo: [] };

function decide(
  alternatives: readonly Alternative[],
  request = aRequest(),
  world: Record<string, ProviderFacts> = providers,
) {
  const question = { request, policy, providers: world, alternatives };
  return requoteFallbacks(route(request, policy, world), question);
}

describe('a fallback that cannot charge the quote', () => {
  it('steps in with a price that it can charge', () => {
    const decision = decide([inEuros, inPesos]);
    expect(attemptsOf(decision)).toEqual(['dollars', 'pesos']);
    expect(decision.requotes).toEqual({ pesos: { price_id: 'p_mxn', amount_minor: 89_900, currency: 'MXN' } });
  });

  it.each([
    ['there is no such price', [inEuros], aRequest(), providers],
    ['something else stands against it', [inPesos], aRequest({ hasTrial: true }), providers],
    [
      'its price was not pushed',
      [inPesos],
      aRequest(),
      { ...providers, pesos: facts(abilities({ only: ['MXN'] }, true)) },
    ],
    ['it has no account', [inPesos], aRequest(), { ...providers, pesos: { ...providers.pesos, isConfigured: false } }],
  ])('stays out when %s', (_, alternatives, request, world) => {
    const decision = decide(alternatives, request, world);
    expect(attemptsOf(decision)).not.toContain('pesos');
    expect(decision.requotes).toBeUndefined();
  });

  it('keeps the quote where it can charge it', () => {
    const world = { ...providers, pesos: facts(abilities({ except: [] })) };
    expect(decide([inPesos], aRequest(), world)).toEqual(route(aRequest(), policy, world));
  });

  it('is never the first choice: that is left out, as the caller chose the currency', () => {
    const request = aRequest({ amount: { amountMinor: 4500, currency: 'EUR' } });
    const decision = decide([{ ...inPesos }, { ...inEuros, amount: { amountMinor: 4900, currency: 'USD' } }], request);
    expect(decision.skipped.map(({ provider }) => provider)).toEqual(['dollars']);
    expect(attemptsOf(decision)).toEqual(['pesos']);
  });
});
