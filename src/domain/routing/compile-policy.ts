import { bucketCount } from './bucket.ts';
import { describeCondition } from './describe-policy.ts';
import type { ConditionName, RoutingPolicy, RoutingRule } from './policy.ts';

/** A rule that was looked at. Made once per rule and condition: a decision only points at it. */
export interface Considered {
  readonly rule: string;
  /** The first condition that did not hold; null: all did, and the rule decided. */
  readonly failed: ConditionName | null;
  /** What that condition asks for, in words: `country MX`. */
  readonly needs: string | null;
}

/** A policy with everything prepared that a decision looks up. Made once, asked many times. */
export interface CompiledPolicy {
  readonly policy: RoutingPolicy;
  readonly rules: readonly CompiledRule[];
  readonly country: Column;
  readonly cardCountry: Column;
  readonly mode: Column;
  /** By `true` and `false`. */
  readonly digital: Column;
  /** By code; `none` where nothing is to be paid. */
  readonly currency: Column;
  /** What a decision would tell if every rule held: copied, and corrected where one did not. */
  readonly considered: readonly Considered[];
  /** Who steps in, for every choice but themselves. */
  readonly fallbacks: readonly string[];
}

/** One condition of all rules at once: for each value that some rule names, one verdict per rule. */
export interface Column {
  readonly of: ReadonlyMap<string, Uint8Array>;
  /** For every value that no rule names. */
  readonly other: Uint8Array;
}

/** The verdicts in a column. */
export const holds = 0;
export const fails = 1;
/** It depends on whom the rule's provider serves. */
export const asksProvider = 2;

/** What of a rule is not looked up in columns; null: not asked. */
export interface CompiledRule {
  readonly id: string;
  readonly provider: string;
  readonly paymentMethods: readonly string[] | null;
  readonly amount: { readonly currency: string; readonly min: number; readonly max: number } | null;
  /** Buckets below this are in. */
  readonly bucketsBelow: number;
  readonly failed: Readonly<Record<ConditionName, Considered>>;
}

/** Prepares a policy for `route`. Pure; the document must have passed the schema of policies. */
export function compilePolicy(policy: RoutingPolicy): CompiledPolicy {
  const { rules } = policy;
  const column = (list: (rule: RoutingRule) => readonly string[] | undefined) => columnOf(rules, list);
  const country = column(({ when }) => countriesOf(when.country));
  for (const verdicts of [country.other, ...country.of.values()])
    for (const [index, { when }] of rules.entries()) if (when.country === 'served') verdicts[index] = asksProvider;
  return {
    policy,
    rules: rules.map(compileRule),
    country,
    cardCountry: column(({ when }) => when.card_country),
    mode: column(({ when }) => when.mode),
    digital: column(({ when }) => (when.digital === undefined ? undefined : [String(when.digital)])),
    currency: column(({ when }) => when.currency),
    considered: rules.map(({ id }) => ({ rule: id, failed: null, needs: null })),
    fallbacks: [policy.fallback_provider],
  };
}

/** How many of the 10,000 buckets a share of organizations takes, from 0 up. */
export function bucketsOf(percent: number): number {
  return Math.round((percent * bucketCount) / 100);
}

function columnOf(
  rules: readonly RoutingRule[],
  list: (rule: RoutingRule) => readonly string[] | undefined,
): { readonly of: ReadonlyMap<string, Uint8Array>; readonly other: Uint8Array } {
  const verdicts = (value: string | null) =>
    Uint8Array.from(rules, (rule) => {
      const wanted = list(rule);
      return wanted === undefined || (value !== null && wanted.includes(value)) ? holds : fails;
    });
  const named = new Set(rules.flatMap((rule) => list(rule) ?? []));
  return { of: new Map([...named].map((value) => [value, verdicts(value)])), other: verdicts(null) };
}

function compileRule(rule: RoutingRule): CompiledRule {
  const { id, provider, when } = rule;
  const { amount_minor: amount } = when;
  const failed = (name: ConditionName): Considered => ({
    rule: id,
    failed: name,
    needs: describeCondition(rule, name),
  });
  return {
    id,
    provider,
    paymentMethods: when.payment_method ?? null,
    amount: amount
      ? { currency: amount.currency, min: amount.min ?? 0, max: amount.max ?? Number.MAX_SAFE_INTEGER }
      : null,
    bucketsBelow: when.percent === undefined ? bucketCount : bucketsOf(when.percent),
    failed: {
      country: failed('country'),
      card_country: failed('card_country'),
      mode: failed('mode'),
      digital: failed('digital'),
      currency: failed('currency'),
      payment_method: failed('payment_method'),
      amount_minor: failed('amount_minor'),
      percent: failed('percent'),
    },
  };
}

/** `served` is no list; its verdicts are set apart. */
function countriesOf(wanted: RoutingRule['when']['country']): readonly string[] | undefined {
  if (wanted === 'served') return undefined;
  return wanted === 'unknown' ? ['unknown'] : wanted;
}
