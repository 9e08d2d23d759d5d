import {
  conditionNames,
  type ConditionName,
  type RoutingPolicy,
  type RoutingRule,
  type RuleConditions,
} from './policy.ts';

/** Longer lists are cut: nobody reads two hundred countries. */
const longestList = 12;

/**
 * A policy in lines that a person reads: one per rule, in order, and the fallback.
 * `mexico-local: country MX and card country MX or unknown → conekta`
 */
export function describePolicy(policy: RoutingPolicy): readonly string[] {
  return [...policy.rules.map(describeRule), `otherwise → ${policy.fallback_provider}`];
}

export function describeRule(rule: RoutingRule): string {
  const conditions = conditionNames.filter((name) => rule.when[name] !== undefined);
  const told = conditions.map((name) => describeCondition(rule, name));
  return `${rule.id}: ${told.length === 0 ? 'everything else' : told.join(' and ')} → ${rule.provider}`;
}

/** What one condition of a rule asks for: `card country MX or unknown`. */
export function describeCondition(rule: RoutingRule, name: ConditionName): string {
  const { when } = rule;
  switch (name) {
    case 'country':
      return describeCountry(when.country, rule.provider);
    case 'card_country':
      return `card country ${either(when.card_country ?? [])}`;
    case 'mode':
      return `mode ${either(when.mode ?? [])}`;
    case 'digital':
      return when.digital === true ? 'a digital product' : 'a product that is not digital';
    case 'currency':
      return `currency ${either(when.currency ?? [])}`;
    case 'payment_method':
      return `payment method ${either(when.payment_method ?? [])} wished`;
    case 'amount_minor':
      return describeAmount(when.amount_minor);
    case 'percent':
      return `the first ${when.percent ?? 0} % of organizations`;
  }
}

/** `A`, `A or B`, `A, B or C`; cut where it gets long. */
export function either(items: readonly string[]): string {
  const shown = items.slice(0, longestList);
  const rest = items.length - shown.length;
  if (rest > 0) return `${shown.join(', ')} or ${rest} more`;
  const last = shown.at(-1) ?? 'none';
  return shown.length < 2 ? last : `${shown.slice(0, -1).join(', ')} or ${last}`;
}

function describeCountry(wanted: RuleConditions['country'], provider: string): string {
  if (wanted === undefined || wanted === 'unknown') return 'country unknown';
  return wanted === 'served' ? `a country that ${provider} serves` : `country ${either(wanted)}`;
}

function describeAmount(wanted: RuleConditions['amount_minor']): string {
  if (wanted === undefined) return 'an amount';
  const { currency, min, max } = wanted;
  if (min !== undefined && max !== undefined) return `an amount from ${min} to ${max} minor units of ${currency}`;
  if (min !== undefined) return `an amount of at least ${min} minor units of ${currency}`;
  return max === undefined ? `an amount in ${currency}` : `an amount of at most ${max} minor units of ${currency}`;
}
