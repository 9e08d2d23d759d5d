import type { CheckoutMode } from '../catalogue.ts';

/** Which checkouts a rule is for. Every named condition must hold; an absent one always holds. */
export interface RuleConditions {
  /** Buyer countries; `unknown` matches when no evidence named one; `served` when the rule's provider sells there. */
  readonly country?: readonly string[] | 'served' | 'unknown';
  /** The card's country, where the caller knows it; `unknown` is the usual case. */
  readonly card_country?: readonly string[];
  readonly mode?: readonly CheckoutMode[];
  readonly digital?: boolean;
  readonly currency?: readonly string[];
  /** Holds when one of these was wished for. */
  readonly payment_method?: readonly string[];
  readonly amount_minor?: { readonly currency: string; readonly min?: number; readonly max?: number };
  /** Share of organizations, by stable bucket, 0–100 with two decimals. */
  readonly percent?: number;
}

/** In the order in which they are looked at. */
export const conditionNames = [
  'country',
  'card_country',
  'mode',
  'digital',
  'currency',
  'payment_method',
  'amount_minor',
  'percent',
] as const satisfies readonly (keyof RuleConditions)[];

export type ConditionName = (typeof conditionNames)[number];

export interface RoutingRule {
  readonly id: string;
  readonly when: RuleConditions;
  readonly provider: string;
}

/** Ordered rules; the first that holds wins. `policies/*.json` are such documents. */
export interface RoutingPolicy {
  readonly name: string;
  readonly version: number;
  readonly description: string;
  readonly rules: readonly RoutingRule[];
  /** Serves what no rule caught, and steps in for every other provider. */
  readonly fallback_provider: string;
}
