/** What a push would do with one benefit, or with all that a plan brings, at one provider. */
export interface BenefitStep {
  /** null: the set of a plan. */
  readonly benefitId: string | null;
  /** null: a definition. */
  readonly planKey: string | null;
  readonly provider: string;
  /** `none`: in step. `not_offered`: the provider has no such benefits, or does not take this one: we give it ourselves. */
  readonly action: 'create' | 'update' | 'none' | 'not_offered';
  readonly because: string;
}

export interface BenefitPushFacts {
  readonly isActive: boolean;
  /** Whether the provider has benefits of this type. */
  readonly isOffered: boolean;
  readonly isMapped: boolean;
  /** Whether the provider still has what we mapped. */
  readonly isThere: boolean;
  readonly fingerprint: string;
  readonly pushedFingerprint: string | null;
}

/** A definition: compared by what was last sent, since providers keep properties in ways of their own. */
export function benefitPush(facts: BenefitPushFacts): Pick<BenefitStep, 'action' | 'because'> {
  if (!facts.isActive) return { action: 'none', because: 'it is archived' };
  if (!facts.isOffered) return { action: 'not_offered', because: 'the provider has no benefits of this type' };
  if (!facts.isMapped) return { action: 'create', because: 'never pushed' };
  if (!facts.isThere) return { action: 'create', because: 'the provider no longer has it' };
  if (facts.fingerprint !== facts.pushedFingerprint)
    return { action: 'update', because: 'description or properties changed' };
  return { action: 'none', because: 'in step' };
}

/**
 * The set of a plan at one provider.
 *
 * @param pushed Of each of the plan's products there, what it was last told to bring; null: nothing yet.
 */
export function planBenefitsPush(
  wanted: readonly string[],
  pushed: readonly (readonly string[] | null)[],
): Pick<BenefitStep, 'action' | 'because'> {
  if (pushed.length === 0) return { action: 'none', because: 'the plan was not pushed' };
  const isSame = (told: readonly string[] | null) =>
    (told ?? []).length === wanted.length && wanted.every((id) => (told ?? []).includes(id));
  if (pushed.every(isSame)) return { action: 'none', because: 'in step' };
  return { action: 'update', because: `its products shall bring ${wanted.length}` };
}
