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
  /** Who steps in, for every choice but themselves. */
  readonly fallbacks: readonly string[];
}

/** The conditions of a rule as sets; null: not asked. Their order here is the order they are looked at in. */
export interface CompiledRule {
  readonly id: string;
  readonly provider: string;
  /** Country codes, and `unknown`. */
  readonly countries: ReadonlySet<string> | null;
  /** The country must be one that the rule's provider serves. */
  readonly isServed: boolean;
  readonly cardCountries: ReadonlySet<string> | null;
  readonly modes: ReadonlySet<string> | null;
  readonly digital: boolean | null;
  readonly currencies: ReadonlySet<string> | null;
  readonly paymentMethods: readonly string[] | null;
  readonly amount: { readonly currency: string; readonly min: number; readonly max: number } | null;
  /** Buckets below this are in. */
  readonly bucketsBelow: number | null;
  readonly held: Considered;
  readonly failed: Readonly<Record<ConditionName, Considered>>;
}

/** Prepares a policy for `route`. Pure; the document must have passed the schema of policies. */
export function compilePolicy(policy: RoutingPolicy): CompiledPolicy {
  return { policy, rules: policy.rules.map(compileRule), fallbacks: [policy.fallback_provider] };
}

/** How many of the 10,000 buckets a share of organizations takes, from 0 up. */
export function bucketsOf(percent: number): number {
  return Math.round((percent * bucketCount) / 100);
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
    countries: countriesOf(when.country),
    isServed: when.country === 'served',
    cardCountries: setOf(when.card_country),
    modes: setOf(when.mode),
    digital: when.digital ?? null,
    currencies: setOf(when.currency),
    paymentMethods: when.payment_method ?? null,
    amount: amount
      ? { currency: amount.currency, min: amount.min ?? 0, max: amount.max ?? Number.MAX_SAFE_INTEGER }
      : null,
    bucketsBelow: when.percent === undefined ? null : bucketsOf(when.percent),
    held: { rule: id, failed: null, needs: null },
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

function countriesOf(wanted: RoutingRule['when']['country']): ReadonlySet<string> | null {
  if (wanted === undefined || wanted === 'served') return null;
  return new Set(wanted === 'unknown' ? ['unknown'] : wanted);
}

function setOf(list: readonly string[] | undefined): ReadonlySet<string> | null {
  return list === undefined ? null : new Set(list);
}
