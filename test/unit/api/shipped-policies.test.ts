import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { attemptsOf } from '../../../src/domain/routing/attempts.ts';
import { compilePolicy } from '../../../src/domain/routing/compile-policy.ts';
import { describePolicy } from '../../../src/domain/routing/describe-policy.ts';
import { route, type RouteRequest } from '../../../src/domain/routing/route.ts';
import { abilitiesByProvider, loadPolicies } from '../../../src/policies.ts';
import { abilitiesOf, providerIds } from '../../../src/providers/accounts.ts';
import { aRequest, factsOf } from '../domain/routing/worlds.ts';

const abilities = abilitiesByProvider({ ids: providerIds, abilities: abilitiesOf });
const { policies } = loadPolicies({ directory: join(import.meta.dirname, '../../../policies'), abilities });
const facts = factsOf(abilities);

const policyOf = (name: string) => {
  const policy = policies.routing.get(name);
  if (!policy) throw new Error(`${name} does not ship`);
  return policy;
};
const providerOf = (name: string, rule: string) => policyOf(name).rules.find(({ id }) => id === rule)?.provider ?? '';
const decide = (name: string, request: Partial<RouteRequest>) =>
  route(aRequest(request), compilePolicy(policyOf(name)), facts);
const from = (country: string | null) => ({ evidence: { country, source: 'request' as const } });
const pesos = { amount: { amountMinor: 89_900, currency: 'MXN' } };

describe('merchant-of-record', () => {
  const local = providerOf('merchant-of-record', 'mexico-local');
  const seller = providerOf('merchant-of-record', 'merchant-of-record');
  const fallback = policyOf('merchant-of-record').fallback_provider;

  it.each<[string, Partial<RouteRequest>, string, string]>([
    ['Mexico, card unknown', { ...from('MX'), ...pesos }, 'mexico-local', local],
    ['Mexico, Mexican card', { ...from('MX'), ...pesos, cardCountry: 'MX' }, 'mexico-local', local],
    ['Mexico, foreign card', { ...from('MX'), cardCountry: 'US' }, 'merchant-of-record', seller],
    ['the United States', from('US'), 'merchant-of-record', seller],
    ['Germany, a subscription', { ...from('DE'), mode: 'subscription' }, 'merchant-of-record', seller],
    ['Russia', from('RU'), 'russia-and-syria', fallback],
    ['Syria', from('SY'), 'russia-and-syria', fallback],
    ['unknown', from(null), 'country-unknown', seller],
  ])('decides: %s', (_, request, rule, provider) => {
    const decision = decide('merchant-of-record', request);
    expect(decision).toMatchObject({ rule, provider });
    expect(attemptsOf(decision)[0]).toBe(provider);
  });

  it('sends a saved payment method to the one that can save it, and pesos in dollars too', () => {
    const setup = { mode: 'setup' as const, amount: null, digital: false };
    expect(attemptsOf(decide('merchant-of-record', { ...from('US'), ...setup }))).toEqual([fallback]);
    expect(attemptsOf(decide('merchant-of-record', from('MX')))).toEqual([fallback]);
  });
});

describe('regional', () => {
  const local = providerOf('regional', 'mexico-local');
  const seller = providerOf('regional', 'digital-once');
  const fallback = policyOf('regional').fallback_provider;

  it.each<[string, Partial<RouteRequest>, string, string]>([
    ['a digital product, once, in Germany', from('DE'), 'digital-once', seller],
    ['a digital product, once, in Mexico', from('MX'), 'digital-once', seller],
    ['a subscription in Mexico', { ...from('MX'), ...pesos, mode: 'subscription' }, 'mexico-local', local],
    ['something shipped, in Mexico', { ...from('MX'), ...pesos, digital: false }, 'mexico-local', local],
    ['a subscription in Germany', { ...from('DE'), mode: 'subscription' }, 'everywhere-else', fallback],
    ['Russia', from('RU'), 'russia-and-syria', fallback],
    ['Syria', from('SY'), 'russia-and-syria', fallback],
    ['unknown', from(null), 'country-unknown', fallback],
  ])('decides: %s', (_, request, rule, provider) => {
    expect(decide('regional', request)).toMatchObject({ rule, provider });
  });
});

describe('what ships', () => {
  it('is read in a minute', () => {
    for (const policy of policies.routing.values()) {
      const lines = describePolicy(policy);
      expect(lines.length).toBeLessThanOrEqual(7);
      for (const line of lines) expect(line).toMatch(/^[a-z -]+(: .+)? → [a-z]+$/);
    }
  });

  it('stands in docs/routing.md, rule by rule', () => {
    const doc = readFileSync(join(import.meta.dirname, '../../../docs/routing.md'), 'utf8');
    const listed = [...doc.matchAll(/^- `(.+ → [a-z]+)`$/gm)].map(([, line]) => line);
    expect(listed).toEqual([...policies.routing.values()].flatMap(describePolicy));
  });

  it('blocks three countries and four regions, each with its date and reason', () => {
    expect(policies.blockedCountries.map(({ country, regions }) => ({ country, regions }))).toEqual([
      { country: 'CU', regions: null },
      { country: 'IR', regions: null },
      { country: 'KP', regions: null },
      { country: 'UA', regions: ['40', '43', '14', '09'] },
    ]);
    for (const { reason, since } of policies.blockedCountries)
      expect(`${since} ${reason}`).toMatch(/^\d{4}-\d\d-\d\d \S/);
  });
});
