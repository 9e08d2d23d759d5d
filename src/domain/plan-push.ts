import type { BillingInterval } from './catalogue.ts';
import type { Money } from './money.ts';

/** What a push would do with one price at one provider. */
export interface PushStep {
  readonly priceId: string;
  readonly planKey: string;
  readonly provider: string;
  /**
   * `none`: in step. `conflict`: the provider charges something else under this price, which only a person can mend.
   * `not_sold`: free, or the provider does not sell it.
   */
  readonly action: 'create' | 'update' | 'none' | 'conflict' | 'not_sold';
  readonly because: string;
}

export interface PushFacts {
  readonly unitAmount: Money;
  readonly billingInterval: BillingInterval | null;
  readonly isActive: boolean;
  /** Of what the push would send: see `pushFingerprint`. */
  readonly fingerprint: string;
  /** null: never pushed. */
  readonly pushedFingerprint: string | null;
  readonly isMapped: boolean;
  /** What the provider has under our mapping; null: nothing. */
  readonly theirs: {
    readonly unitAmount: Money;
    readonly billingInterval: BillingInterval | null;
    readonly isActive: boolean;
  } | null;
}

/** Compares by what was last sent, since providers trim names in ways of their own; money is compared with theirs. */
export function planPush(facts: PushFacts): Pick<PushStep, 'action' | 'because'> {
  const { theirs } = facts;
  if (facts.unitAmount.amountMinor === 0) return { action: 'not_sold', because: 'it is free' };
  if (!facts.isMapped && !facts.isActive) return { action: 'none', because: 'the plan is not sold, nor was it pushed' };
  if (!facts.isMapped) return { action: 'create', because: 'never pushed' };
  if (theirs === null) return { action: 'create', because: 'the provider no longer has it' };
  const isSameMoney =
    theirs.unitAmount.amountMinor === facts.unitAmount.amountMinor &&
    theirs.unitAmount.currency === facts.unitAmount.currency &&
    theirs.billingInterval === facts.billingInterval;
  if (!isSameMoney)
    return {
      action: 'conflict',
      because: `the provider charges ${theirs.unitAmount.amountMinor} ${theirs.unitAmount.currency} ${theirs.billingInterval ?? 'once'}`,
    };
  if (theirs.isActive !== facts.isActive)
    return { action: 'update', because: facts.isActive ? 'archived at the provider' : 'the plan is no longer sold' };
  if (facts.fingerprint !== facts.pushedFingerprint)
    return { action: 'update', because: 'name or description changed' };
  return { action: 'none', because: 'in step' };
}
