import type { Aggregation } from './meter.ts';

/** What a push would do with one meter at one provider. */
export interface MeterStep {
  readonly meterId: string;
  readonly meterKey: string;
  readonly provider: string;
  /**
   * `none`: in step. `conflict`: the provider counts the same events in another way, which only a person can mend.
   * `not_supported`: it has no meters, or cannot count in this way; use is then counted here alone.
   */
  readonly action: 'create' | 'none' | 'conflict' | 'not_supported';
  readonly because: string;
}

/**
 * How a provider adds up what it is told. It hears of an hour at once, and never of single events, so what we count
 * there is a sum.
 */
export function providerAggregation(aggregation: Aggregation): Aggregation {
  return aggregation === 'count' ? 'sum' : aggregation;
}

/** Which property of what it is told it adds up: different values are told one by one. */
export function providerProperty(aggregation: Aggregation): 'quantity' | 'value' {
  return aggregation === 'unique' ? 'value' : 'quantity';
}

export interface MeterPushFacts {
  readonly aggregation: Aggregation;
  readonly isActive: boolean;
  /** Ways in which the provider can count; null: it has no meters. */
  readonly supported: readonly Aggregation[] | null;
  readonly isMapped: boolean;
  /** Whether the provider still has, in use, what our mapping names. */
  readonly isThere: boolean;
}

export function meterPush(facts: MeterPushFacts): Pick<MeterStep, 'action' | 'because'> {
  const { supported, isActive, isMapped, isThere } = facts;
  const aggregation = providerAggregation(facts.aggregation);
  if (supported === null) return { action: 'not_supported', because: 'the provider has no meters' };
  if (!supported.includes(aggregation))
    return { action: 'not_supported', because: `the provider cannot count by ${aggregation}` };
  if (!isActive) return { action: 'none', because: 'it is archived here' };
  if (!isMapped) return { action: 'create', because: 'never pushed' };
  return isThere
    ? { action: 'none', because: 'in step' }
    : { action: 'create', because: 'the provider no longer has it' };
}
