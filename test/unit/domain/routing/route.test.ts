import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProviderAbilities } from '../../../../src/domain/routing/abilities.ts';
import { compilePolicy } from '../../../../src/domain/routing/compile-policy.ts';
import { bucketCount, bucketOf } from '../../../../src/domain/routing/bucket.ts';
import { attemptsOf, fittingMethods, route, type RouteRequest } from '../../../../src/domain/routing/route.ts';
import type { RoutingPolicy } from '../../../../src/domain/routing/policy.ts';

const everything: ProviderAbilities = {
  merchantOfRecord: false,
  countries: { except: [] },
  currencies: { except: [] },
  paymentMethods: [{ method: 'card', modes: ['payment', 'subscription', 'setup'] }],
  modes: ['payment', 'subscription', 'setup'],
  features: {
    quantity: ['payment', 'subscription'],
    discountCode: ['payment'],
    trialDays: ['subscription'],
    voucherExpiry: ['payment'],
    embed: ['payment'],
  },
  requires: [],
  needsProviderPrice: [],
  subscriptions: null,
  retains: [],
};
const facts = (changes: Partial<ProviderAbilities> = {}, isConfigured = true, isSellable = true) => ({
  isConfigured,
  isSellable,
  isAvailable: true,
  abilities: { ...everything, ...changes },
});
const aRequest = (changes: Partial<RouteRequest> = {}): RouteRequest => ({
  projectId: 'default',
  organizationId: 'org_1',
  mode: 'payment',
  digital: true,
  quantity: 1,
  amount: { amountMinor: 4900, currency: 'USD' },
  evidence: { country: 'US', source: 'request' },
  cardCountry: null,
  wishedPaymentMethods: null,
  hasDiscountCode: false,
  hasTrial: false,
  hasVoucherExpiry: false,
  hasEmbedOrigin: false,
  forcedProvider: null,
  liveProvider: null,
  preferredProvider: null,
  ...changes,
});
const aPolicy: RoutingPolicy = {
  name: 'test',
  version: 3,
  description: '',
  rules: [
    { id: 'local', when: { country: ['MX'], card_country: ['MX', 'unknown'] }, provider: 'local' },
    { id: 'seller', when: { country: 'served' }, provider: 'seller' },
    { id: 'nowhere', when: { country: 'unknown' }, provider: 'seller' },
  ],
  fallback_provider: 'universal',
};
const providers = {
  local: facts({ countries: { only: ['MX'] }, currencies: { only: ['MXN'] } }),
  seller: facts({ countries: { except: ['RU'] } }),
  universal: facts(),
};
const decide = (changes: Partial<RouteRequest> = {}) => route(aRequest(changes), compilePolicy(aPolicy), providers);
const from = (country: string | null) => ({ evidence: { country, source: 'request' as const } });

describe('route', () => {
  it('takes the first rule that holds, and says which did not and why', () => {
    const decision = decide();
    expect(decision).toMatchObject({ rule: 'seller', provider: 'seller', fallbacks: ['universal'], policy_version: 3 });
    expect(decision.considered).toEqual([
      { rule: 'local', failed: 'country', needs: 'country MX' },
      { rule: 'seller', failed: null, needs: null },
    ]);
  });

  it('takes the fallback provider where no rule holds', () => {
    expect(decide(from('RU'))).toMatchObject({ rule: 'fallback', provider: 'universal', fallbacks: [] });
  });

  it('treats an unknown country as a legal answer', () => {
    expect(decide(from(null))).toMatchObject({ rule: 'nowhere', provider: 'seller' });
  });

  it('keeps a customer where the live subscription is, before any preference', () => {
    expect(decide({ liveProvider: 'universal', preferredProvider: 'seller' })).toMatchObject({
      rule: 'live-subscription',
      provider: 'universal',
    });
  });

  it('asks nobody else when the provider is forced', () => {
    expect(decide({ forcedProvider: 'seller', liveProvider: 'universal' })).toMatchObject({
      rule: 'forced',
      provider: 'seller',
      fallbacks: [],
    });
  });

  it('leaves out who cannot express the whole request, with the reason', () => {
    const peso = { amount: { amountMinor: 89900, currency: 'USD' }, ...from('MX') };
    const decision = decide(peso);
    expect(decision.skipped).toEqual([{ provider: 'local', reason: 'unsupported', because: 'it does not charge USD' }]);
    expect(attemptsOf(decision)).toEqual(['universal']);
  });

  it('leaves out who has no account', () => {
    const decision = route(aRequest(), compilePolicy(aPolicy), { ...providers, seller: facts({}, false) });
    expect(decision.skipped).toMatchObject([{ provider: 'seller', reason: 'not_configured' }]);
    expect(attemptsOf(decision)).toEqual(['universal']);
  });

  it('answers the same to the same question', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 20 }),
        fc.constantFrom('US', 'MX', 'RU', null),
        (id, country) => {
          const changes = { organizationId: id, ...from(country) };
          expect(decide(changes)).toEqual(decide(changes));
        },
      ),
    );
  });
});

describe('percentage rules', () => {
  const split = (percent: number) =>
    compilePolicy({
      ...aPolicy,
      rules: [{ id: 'some', when: { percent }, provider: 'seller' }],
    });

  it('take about their share of organizations and never let one change side', () => {
    const ids = Array.from({ length: 20_000 }, (_, index) => `org_${index}`);
    const taken = ids.filter((id) => route(aRequest({ organizationId: id }), split(10), providers).rule === 'some');
    expect(taken.length / ids.length).toBeGreaterThan(0.09);
    expect(taken.length / ids.length).toBeLessThan(0.11);
    for (const id of taken.slice(0, 500)) {
      expect(route(aRequest({ organizationId: id }), split(50), providers).rule).toBe('some');
    }
  });

  it('spread organizations evenly over the buckets', () => {
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let index = 0; index < 50_000; index += 1) {
      const tenth = Math.floor((bucketOf('default', `org_${index}`) * 10) / bucketCount);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) expect(Math.abs(count - 5_000)).toBeLessThan(300);
  });
});

describe('fittingMethods', () => {
  const abilities: ProviderAbilities = {
    ...everything,
    paymentMethods: [
      { method: 'card', modes: ['payment', 'subscription'] },
      { method: 'oxxo', modes: ['payment'], currencies: ['MXN'], countries: ['MX'] },
    ],
  };
  const inMexico = { amount: { amountMinor: 1, currency: 'MXN' }, ...from('MX') };

  it('offers all that fit when nothing is wished', () => {
    expect(fittingMethods(aRequest(inMexico), abilities)).toEqual(['card', 'oxxo']);
    expect(fittingMethods(aRequest(), abilities)).toEqual(['card']);
    expect(fittingMethods(aRequest({ ...inMexico, mode: 'subscription' }), abilities)).toEqual(['card']);
  });

  it('offers only what is wished', () => {
    expect(fittingMethods(aRequest({ ...inMexico, wishedPaymentMethods: ['oxxo', 'spei'] }), abilities)).toEqual([
      'oxxo',
    ]);
  });
});
