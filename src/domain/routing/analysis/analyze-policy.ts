import type { ProviderAbilities } from '../abilities.ts';
import { bucketCount } from '../bucket.ts';
import { bucketsOf } from '../compile-policy.ts';
import { describeCondition, either } from '../describe-policy.ts';
import { conditionNames, type ConditionName, type RoutingPolicy, type RoutingRule } from '../policy.ts';
import { createRegions, firstPoint, RegionTooComplex, type Region, type Regions } from './region.ts';
import { createRequestSpace, type ExampleRequest, type RequestSpace } from './request-space.ts';

export interface PolicyFinding {
  readonly kind:
    | 'unknown_provider'
    | 'duplicate_id'
    /** Earlier rules (`by`) catch all that it selects. */
    | 'unreachable'
    /** It can never hold, or its provider serves nothing of what comes to it. */
    | 'contradictory'
    /** Its percentage takes everybody. */
    | 'redundant'
    /** No rule catches some requests: they go to the fallback without a word. */
    | 'incomplete'
    /** The rules are too intertwined to be told apart in good time. */
    | 'too_complex';
  readonly severity: 'error' | 'warning';
  /** null: about the policy as a whole. */
  readonly rule: string | null;
  /** JSON pointer into the document. */
  readonly pointer: string;
  /** What is wrong and what mends it, in words. */
  readonly because: string;
  readonly by?: readonly string[];
  /** A request that shows it. */
  readonly example?: ExampleRequest;
}

/** Enough for 200 rules of all kinds; a second's work at most. */
const maxWork = 1_500_000;

/** Of more rules than these nobody needs to know which could be left out, and finding out takes their number squared. */
const mostWeighed = 12;

/**
 * Finds what is wrong with a policy, exactly: over all requests there can be, in the classes that the rules and the
 * abilities of providers tell apart. Pure. A document with an `error` is not to be used.
 *
 * @param abilities Of the providers that rules may name.
 */
export function analyzePolicy(
  policy: RoutingPolicy,
  abilities: Readonly<Record<string, ProviderAbilities>>,
): readonly PolicyFinding[] {
  const named = [...unknownProviders(policy, abilities), ...repeatedIds(policy)];
  try {
    const reached = reachRules(policy, abilities);
    return [
      ...named,
      ...reached.rules.flatMap((rule) => ruleFindings(rule, reached, abilities)),
      ...gaps(policy, reached, abilities[policy.fallback_provider]),
    ];
  } catch (error) {
    if (!(error instanceof RegionTooComplex)) throw error;
    const because = `the rules are too intertwined to be analysed (${error.message}); use fewer or simpler ones`;
    return [...named, { kind: 'too_complex', severity: 'error', rule: null, pointer: '/rules', because }];
  }
}

/** For each rule a request that reaches it and that it catches; null where there is none. In the order of the rules. */
export function exampleRequests(
  policy: RoutingPolicy,
  abilities: Readonly<Record<string, ProviderAbilities>>,
): readonly (ExampleRequest | null)[] {
  const { rules, space } = reachRules(policy, abilities);
  return rules.map(({ reached }) => (reached === 0n ? null : space.example(firstPoint(reached))));
}

/** A rule, with the requests that come to it and that it catches. */
interface ReachedRule {
  readonly rule: RoutingRule;
  readonly index: number;
  /** All that it selects, wherever it stands. */
  readonly selected: Region;
  /** What earlier rules leave of that. */
  readonly reached: Region;
}

interface Reached {
  readonly space: RequestSpace;
  readonly regions: Regions;
  readonly rules: readonly ReachedRule[];
  /** What no rule catches. */
  readonly left: Region;
}

function reachRules(policy: RoutingPolicy, abilities: Readonly<Record<string, ProviderAbilities>>): Reached {
  const space = createRequestSpace(policy, abilities);
  const regions = createRegions(maxWork);
  const whole = space.impossible.reduce<Region>((part, box) => regions.minus(part, box), regions.of(space.everything));
  let left = whole;
  const rules = policy.rules.map((rule, index) => {
    const box = space.boxOf(rule);
    const reached = regions.meet(left, box);
    left = regions.minus(left, box);
    return { rule, index, selected: regions.meet(whole, box), reached };
  });
  return { space, regions, rules, left };
}

function unknownProviders(
  policy: RoutingPolicy,
  abilities: Readonly<Record<string, ProviderAbilities>>,
): readonly PolicyFinding[] {
  const known = Object.keys(abilities);
  const named = [
    ...policy.rules.map((rule, index) => ({
      ...{ rule: rule.id, provider: rule.provider, pointer: `/rules/${index}/provider` },
    })),
    { rule: null, provider: policy.fallback_provider, pointer: '/fallback_provider' },
  ];
  return named
    .filter(({ provider }) => !known.includes(provider))
    .map(({ provider, ...where }) => ({
      ...{ kind: 'unknown_provider', severity: 'error', ...where },
      because: `no provider is called ${provider}; there are ${either(known)}`,
    }));
}

function repeatedIds({ rules }: RoutingPolicy): readonly PolicyFinding[] {
  return rules.flatMap(({ id }, index): readonly PolicyFinding[] => {
    const first = rules.findIndex((rule) => rule.id === id);
    if (first === index) return [];
    const because = `rule ${first + 1} has this id already; decisions name rules by it, so each needs its own`;
    return [{ kind: 'duplicate_id', severity: 'error', rule: id, pointer: `/rules/${index}/id`, because }];
  });
}

function ruleFindings(
  { rule, index, selected, reached }: ReachedRule,
  all: Reached,
  abilities: Readonly<Record<string, ProviderAbilities>>,
): readonly PolicyFinding[] {
  const able = abilities[rule.provider];
  const pointer = `/rules/${index}`;
  const error = (kind: PolicyFinding['kind'], at: string, because: string): PolicyFinding => ({
    ...{ kind, severity: 'error', rule: rule.id, pointer: `${pointer}${at}`, because },
  });
  // Its conditions cannot be judged without knowing the provider; that is told already.
  if (able === undefined && rule.when.country === 'served') return [];
  if (selected === 0n) return [error('contradictory', whereNever(rule), whyNever(rule))];
  if (reached === 0n) {
    const by = coveredBy(all, index);
    const because = `${by.length === 1 ? `rule ${by[0]} catches` : `rules ${by.join(', ')} together catch`} everything that it selects; move it before, or remove it`;
    return [{ ...error('unreachable', '', because), by }];
  }
  const unable = able && whyUnable(rule, able, reached, all);
  if (unable) return [error('contradictory', unable.at, unable.because)];
  return bucketsOf(rule.when.percent ?? 0) < bucketCount
    ? []
    : [
        {
          ...{ kind: 'redundant', severity: 'warning', rule: rule.id, pointer: `${pointer}/when/percent` },
          because: 'its percentage takes every organization; leave it out',
        },
      ];
}

/** The earlier rules that together catch all of it; where they are few, none that could be left out. */
function coveredBy({ regions, rules, space }: Reached, index: number): readonly string[] {
  const target = rules[index];
  if (!target) return [];
  let left = target.selected;
  let needed = rules.slice(0, index).filter(({ rule }) => {
    const before = left;
    left = regions.minus(left, space.boxOf(rule));
    return left !== before;
  });
  if (needed.length > mostWeighed) return needed.map(({ rule }) => rule.id);
  for (const candidate of needed.toReversed()) {
    const others = needed.filter((rule) => rule !== candidate);
    const rest = others.reduce((part, { rule }) => regions.minus(part, space.boxOf(rule)), target.selected);
    if (rest === 0n) needed = others;
  }
  return needed.map(({ rule }) => rule.id);
}

/** Which ability the provider lacks for everything that comes to the rule; null: it can serve some of it. */
function whyUnable(
  rule: RoutingRule,
  able: ProviderAbilities,
  reached: Region,
  { regions, space }: Reached,
): { readonly at: string; readonly because: string } | null {
  const { provider, when } = rule;
  const boxes = space.abilityBoxes(able);
  const at = (name: ConditionName) => (when[name] === undefined ? '/provider' : `/when/${name}`);
  const of = (name: ConditionName) =>
    when[name] === undefined ? 'what comes to this rule' : describeCondition(rule, name);
  let part = regions.meet(reached, boxes.mode);
  if (part === 0n)
    return { at: at('mode'), because: `${provider} has no such checkouts (${of('mode')}): name another` };
  part = regions.meet(part, boxes.country);
  if (part === 0n)
    return { at: at('country'), because: `${provider} does not serve these buyers (${of('country')}): name another` };
  part = regions.meet(part, boxes.currency);
  const charged = when.amount_minor === undefined ? 'currency' : 'amount_minor';
  if (part === 0n)
    return { at: at(charged), because: `${provider} does not charge this (${of(charged)}): name another` };
  if (space.methodBoxes(rule, able).some((box) => regions.meet(part, box) !== 0n)) return null;
  const because = `${provider} never offers this (${of('payment_method')}) where the rule holds: name another`;
  return { at: at('payment_method'), because };
}

/** A rule that selects nothing by itself: which of its conditions to look at. */
function whereNever({ when }: RoutingRule): string {
  if (when.percent !== undefined && bucketsOf(when.percent) === 0) return '/when/percent';
  return when.country !== undefined && typeof when.country !== 'string' ? '/when/country' : '/when';
}

function whyNever(rule: RoutingRule): string {
  if (rule.when.percent !== undefined && bucketsOf(rule.when.percent) === 0)
    return 'its percentage takes no organization at all; raise it, or remove the rule';
  const told = conditionNames.filter((name) => rule.when[name] !== undefined);
  return `no request can be all of this: ${told.map((name) => describeCondition(rule, name)).join(' and ')}`;
}

/** Requests that fall through to the fallback, which could serve them, although no rule says so. */
function gaps(
  policy: RoutingPolicy,
  { left: all, regions, rules, space }: Reached,
  fallback: ProviderAbilities | undefined,
): readonly PolicyFinding[] {
  const left = fallback
    ? Object.values(space.abilityBoxes(fallback)).reduce((part, box) => regions.meet(part, box), all)
    : all;
  const forgottenCards = rules.flatMap(({ rule, index }): readonly PolicyFinding[] => {
    const cards = rule.when.card_country;
    if (cards === undefined || cards.includes('unknown')) return [];
    const fallen = regions.meet(left, space.withUnknownCard(rule));
    if (fallen === 0n) return [];
    const pointer = `/rules/${index}/when/card_country`;
    const because = `the country of a card is usually unknown, and such requests fall to ${policy.fallback_provider}; add unknown, or a rule for them`;
    return [{ ...incomplete(rule.id, pointer, because), example: space.example(firstPoint(fallen)) }];
  });
  const unknown = regions.meet(left, space.countryUnknown);
  const known = regions.minus(left, space.countryUnknown);
  const fall = (which: string) =>
    `${which} reach no rule and fall to ${policy.fallback_provider}; add a rule for them, or a last one without conditions`;
  return [
    ...forgottenCards,
    ...(unknown === 0n
      ? []
      : [
          {
            ...incomplete(null, '/rules', fall('requests whose country is unknown')),
            example: space.example(firstPoint(unknown)),
          },
        ]),
    ...(known === 0n
      ? []
      : [{ ...incomplete(null, '/rules', fall('some requests')), example: space.example(firstPoint(known)) }]),
  ];
}

function incomplete(rule: string | null, pointer: string, because: string): PolicyFinding {
  return { kind: 'incomplete', severity: 'warning', rule, pointer, because };
}
