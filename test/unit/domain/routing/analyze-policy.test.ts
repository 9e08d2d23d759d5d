import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyzePolicy, exampleRequests } from '../../../../src/domain/routing/analysis/analyze-policy.ts';
import type { ExampleRequest } from '../../../../src/domain/routing/analysis/request-space.ts';
import { countryCodes } from '../../../../src/domain/routing/country-codes.ts';
import { compilePolicy } from '../../../../src/domain/routing/compile-policy.ts';
import type { RoutingPolicy, RoutingRule } from '../../../../src/domain/routing/policy.ts';
import { route, type RouteRequest } from '../../../../src/domain/routing/route.ts';
import {
  abilities,
  allSmallRequests,
  anAbility,
  aPolicy,
  aRequest,
  factsOf,
  organizationIn,
  smallPolicy,
} from './worlds.ts';

const facts = factsOf(abilities);
const requests = [...allSmallRequests()];

const toRequest = (example: ExampleRequest): RouteRequest =>
  aRequest({
    mode: example.mode,
    digital: example.digital,
    amount: example.amount,
    evidence: { country: example.country, source: 'request' },
    cardCountry: example.card_country,
    wishedPaymentMethods: example.payment_methods,
    organizationId: organizationIn(example.bucket),
  });
const ruleFor = (policy: RoutingPolicy, request: RouteRequest) => route(request, compilePolicy(policy), facts).rule;
const errorsOf = (rules: readonly RoutingRule[]) =>
  analyzePolicy(aPolicy(rules), abilities).filter(({ severity }) => severity === 'error');
const everythingElse: RoutingRule = { id: 'rest', when: {}, provider: 'universal' };

describe('analyzePolicy, against every request of a small world', () => {
  it('calls a rule dead exactly where no request ever fires it', () => {
    fc.assert(
      fc.property(smallPolicy, (policy) => {
        const compiled = compilePolicy(policy);
        const fired = new Set(requests.map((request) => route(request, compiled, facts).rule));
        const findings = analyzePolicy(policy, abilities);
        const examples = exampleRequests(policy, abilities);
        for (const [index, { id }] of policy.rules.entries()) {
          const example = examples[index] ?? null;
          expect({ id, lives: example !== null }).toEqual({ id, lives: fired.has(id) });
          expect(example ? ruleFor(policy, toRequest(example)) : id).toBe(id);
          const own = findings.filter(({ rule }) => rule === id);
          const isSaid = own.some(({ kind }) => kind === 'unreachable' || kind === 'contradictory');
          expect(fired.has(id) || isSaid).toBe(true);
          expect(fired.has(id) && own.some(({ kind }) => kind === 'unreachable')).toBe(false);
        }
        const gap = findings.some(({ kind, rule }) => kind === 'incomplete' && rule === null);
        expect(gap).toBe(fired.has('fallback'));
      }),
      { numRuns: 60 },
    );
  }, 180_000);

  it('names earlier rules that by themselves catch what an unreachable one selects', () => {
    fc.assert(
      fc.property(smallPolicy, (policy) => {
        for (const { by, kind, rule } of analyzePolicy(policy, abilities)) {
          if (kind !== 'unreachable' || by === undefined) continue;
          const named = policy.rules.filter(({ id }) => by.includes(id) || id === rule);
          const alone = compilePolicy({ ...policy, rules: named });
          expect(requests.some((request) => route(request, alone, facts).rule === rule)).toBe(false);
        }
      }),
      { numRuns: 40 },
    );
  }, 180_000);

  it('calls a provider unable exactly where it serves no request that comes to its rule', () => {
    fc.assert(
      fc.property(smallPolicy, (policy) => {
        const compiled = compilePolicy(policy);
        const served = new Set(
          requests
            .map((request) => ({ request, decision: route(request, compiled, facts) }))
            .filter(({ decision, request }) => isServedAsAsked(policy, decision, request))
            .map(({ decision }) => decision.rule),
        );
        const findings = analyzePolicy(policy, abilities);
        for (const { id } of policy.rules) {
          const isWrong = findings.some(({ rule, severity }) => rule === id && severity === 'error');
          expect({ id, isWrong }).toEqual({ id, isWrong: !served.has(id) });
        }
      }),
      { numRuns: 40 },
    );
  }, 180_000);

  it('shows a gap by a request that really falls through', () => {
    fc.assert(
      fc.property(smallPolicy, (policy) => {
        const shown = analyzePolicy(policy, abilities).flatMap(({ example, kind }) =>
          kind === 'incomplete' && example ? [ruleFor(policy, toRequest(example))] : [],
        );
        expect(shown.filter((rule) => rule !== 'fallback')).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

/** Served, and by a method for which the rule chose the provider, not by another that was wished beside it. */
function isServedAsAsked(policy: RoutingPolicy, decision: ReturnType<typeof route>, request: RouteRequest): boolean {
  if (decision.skipped.some(({ provider }) => provider === decision.provider)) return false;
  const asked = policy.rules.find(({ id }) => id === decision.rule)?.when.payment_method;
  const wished = request.wishedPaymentMethods;
  return asked === undefined || (wished?.length === 1 && asked.includes(wished[0] ?? ''));
}

describe('analyzePolicy', () => {
  it('finds nothing wrong with rules that say everything', () => {
    expect(
      analyzePolicy(
        aPolicy([
          { id: 'mexico', when: { country: ['MX'], card_country: ['MX', 'unknown'] }, provider: 'local' },
          { id: 'seller', when: { country: 'served' }, provider: 'seller' },
          everythingElse,
        ]),
        abilities,
      ),
    ).toEqual([]);
  });

  it('names the rules whose union covers one that is never reached', () => {
    const [finding] = errorsOf([
      { id: 'new', when: { mode: ['payment'] }, provider: 'seller' },
      { id: 'mexico', when: { country: ['MX'] }, provider: 'local' },
      { id: 'plans', when: { mode: ['subscription', 'setup'] }, provider: 'universal' },
      { id: 'late', when: { country: ['US'], digital: true }, provider: 'universal' },
    ]);
    expect(finding).toMatchObject({ kind: 'unreachable', rule: 'late', pointer: '/rules/3', by: ['new', 'plans'] });
  });

  it('sees that a smaller percentage after a larger one takes nobody', () => {
    const share = (id: string, percent: number): RoutingRule => ({ id, when: { percent }, provider: 'universal' });
    expect(errorsOf([share('half', 50), share('some', 20)])).toMatchObject([{ rule: 'some', by: ['half'] }]);
    expect(errorsOf([share('some', 20), share('half', 50)])).toEqual([]);
  });

  it('sees percentages that take nobody, or everybody', () => {
    const percent = (value: number) =>
      analyzePolicy(aPolicy([{ id: 'share', when: { percent: value }, provider: 'universal' }]), abilities)[0];
    expect(percent(0)).toMatchObject({ kind: 'contradictory', severity: 'error', pointer: '/rules/0/when/percent' });
    expect(percent(100)).toMatchObject({ kind: 'redundant', severity: 'warning', pointer: '/rules/0/when/percent' });
  });

  it.each<[string, RoutingRule['when'], string, string]>([
    ['mode', { mode: ['setup'] }, 'local', '/rules/0/when/mode'],
    ['country', { country: ['US'] }, 'local', '/rules/0/when/country'],
    ['currency', { currency: ['USD'] }, 'local', '/rules/0/when/currency'],
    ['amount', { amount_minor: { currency: 'USD', min: 1 } }, 'local', '/rules/0/when/amount_minor'],
    ['method', { payment_method: ['oxxo'] }, 'seller', '/rules/0/when/payment_method'],
    [
      'method in that mode',
      { payment_method: ['oxxo'], mode: ['subscription'] },
      'local',
      '/rules/0/when/payment_method',
    ],
  ])('refuses a rule whose provider cannot: %s', (_, when, provider, pointer) => {
    expect(errorsOf([{ id: 'wrong', when, provider }])).toMatchObject([
      { kind: 'contradictory', rule: 'wrong', pointer },
    ]);
  });

  it('refuses a rule that no request can fulfil', () => {
    for (const when of [
      { mode: ['setup' as const], currency: ['USD'] },
      { mode: ['setup' as const], digital: true },
      { country: ['EU'] },
      { country: ['UK'] },
      { currency: ['USD'], amount_minor: { currency: 'MXN', min: 5 } },
    ])
      expect(errorsOf([{ id: 'never', when, provider: 'universal' }])).toMatchObject([
        { kind: 'contradictory', rule: 'never' },
      ]);
  });

  it('names providers that do not exist, and ids that repeat', () => {
    const policy = {
      ...aPolicy([
        { id: 'one', when: { country: ['MX'] }, provider: 'nobody' },
        { id: 'one', when: {}, provider: 'seller' },
      ]),
      fallback_provider: 'none',
    };
    expect(analyzePolicy(policy, abilities)).toMatchObject([
      { kind: 'unknown_provider', rule: 'one', pointer: '/rules/0/provider' },
      { kind: 'unknown_provider', rule: null, pointer: '/fallback_provider' },
      { kind: 'duplicate_id', rule: 'one', pointer: '/rules/1/id' },
    ]);
  });

  it('warns where an unknown country, or a card of unknown country, falls through without a word', () => {
    const findings = analyzePolicy(
      aPolicy([
        { id: 'mexico', when: { country: ['MX'], card_country: ['MX'] }, provider: 'local' },
        { id: 'europe', when: { country: ['DE', 'FR'] }, provider: 'seller' },
      ]),
      abilities,
    );
    expect(findings).toMatchObject([
      { kind: 'incomplete', rule: 'mexico', example: { country: 'MX', card_country: null } },
      { kind: 'incomplete', rule: null, example: { country: null } },
      { kind: 'incomplete', rule: null, example: { country: 'US' } },
    ]);
    expect(findings.every(({ severity }) => severity === 'warning')).toBe(true);
  });

  it('is done with 200 rules of all kinds in less than two seconds', () => {
    const { findings, cpuMs } = analyzeMany(200, 10);
    expect(findings.some(({ kind }) => kind === 'too_complex')).toBe(false);
    expect(cpuMs).toBeLessThan(2_000);
  }, 180_000);

  it('gives up in good time on rules that nobody could tell apart', () => {
    const { findings, cpuMs } = analyzeMany(200, 1);
    expect(findings).toMatchObject([{ kind: 'too_complex', severity: 'error' }]);
    expect(cpuMs).toBeLessThan(8_000);
  }, 180_000);
});

const codes = [...countryCodes];

/** Rules over every dimension, with amounts and percentages that are multiples of `step`. */
function analyzeMany(count: number, step: number) {
  const country = (index: number) => codes[index % codes.length] ?? 'US';
  const round = (value: number) => Math.round(value / step) * step;
  const rules = Array.from({ length: count }, (_, index): RoutingRule => {
    const kinds: readonly RoutingRule['when'][] = [
      { country: [country(index), country(index + 3)], card_country: [country(index + 1), 'unknown'] },
      { currency: ['USD', 'EUR', 'GBP'].slice(index % 3), amount_minor: { currency: 'USD', min: 100 * round(index) } },
      { country: [country(index * 7)], mode: ['payment'], percent: round(1 + (index % 200) / 4) },
      { payment_method: [`method_${index % 9}`], card_country: [country(index * 5)], digital: index % 2 === 0 },
      { card_country: [country(index * 11)], mode: ['subscription'], percent: round(99 - (index % 200) / 4) },
    ];
    return { id: `rule-${index}`, when: kinds[index % kinds.length] ?? {}, provider: 'universal' };
  });
  return timed(rules);
}

function timed(rules: readonly RoutingRule[]) {
  const before = process.cpuUsage();
  const findings = analyzePolicy(aPolicy(rules), { universal: anAbility() });
  const { user, system } = process.cpuUsage(before);
  return { findings, cpuMs: (user + system) / 1_000 };
}
