import type { SkippedProvider } from '../routing/route.ts';

/** One way to begin a subscription without a hosted page: a provider, and what is charged there. */
export interface DirectCandidate {
  readonly provider: string;
  /** The stored method; null: a voucher. */
  readonly paymentMethodId: string | null;
}

/** Whom a subscription without a hosted page may be begun at. Frozen when it is asked for. */
export interface DirectRouting {
  /** Why this order: `named` (a payment method was), else what routing says: a rule's id, `live-subscription` … */
  readonly rule: string;
  readonly policy: string;
  readonly policyVersion: number;
  /** In order: the first begins it, the rest step in where it surely did not. Each provider once. */
  readonly candidates: readonly DirectCandidate[];
  /** Left out before any call, and why. */
  readonly skipped: readonly SkippedProvider[];
}

/** A candidate as it stands before it is known whether it can. */
export interface DirectOption extends DirectCandidate {
  /** null: it can begin the subscription. */
  readonly whyNot: Omit<SkippedProvider, 'provider'> | null;
}

export interface DirectChoice extends Pick<DirectRouting, 'candidates' | 'skipped'> {
  /** Of the skipped: whom routing would have chosen before the first candidate. */
  readonly passedOver: readonly SkippedProvider[];
}

/**
 * Who begins it, and who steps in.
 *
 * @param options One per provider.
 * @param order Providers as routing would choose them; whoever is not in it comes after, by name.
 * @param mayFallBack Whether another than the first may step in.
 */
export function chooseCandidates(
  options: readonly DirectOption[],
  order: readonly string[],
  mayFallBack: boolean,
): DirectChoice {
  const rank = ({ provider }: DirectOption) => {
    const index = order.indexOf(provider);
    return index === -1 ? order.length : index;
  };
  const inOrder = options.toSorted((a, b) => rank(a) - rank(b) || (a.provider < b.provider ? -1 : 1));
  const able = inOrder.filter(({ whyNot }) => whyNot === null);
  // A provider that has been failing is better than nobody: by the time it is asked it may have recovered.
  const served = able.length > 0 ? able : inOrder.filter(({ whyNot }) => whyNot?.reason === 'unavailable');
  const candidates = mayFallBack ? served : served.slice(0, 1);
  const [first] = candidates;
  const skippedOf = (some: readonly DirectOption[]) =>
    some.flatMap(({ provider, whyNot }) => (whyNot === null ? [] : [{ provider, ...whyNot }]));
  const left = inOrder.filter((option) => !served.includes(option));
  return {
    candidates: candidates.map(({ provider, paymentMethodId }) => ({ provider, paymentMethodId })),
    skipped: skippedOf(left),
    passedOver: first === undefined ? [] : skippedOf(left.filter((option) => rank(option) < rank(first))),
  };
}

/** Who steps in for a provider; null: nobody is left, or nobody may. */
export function candidateAfter(routing: DirectRouting | null, provider: string | null): DirectCandidate | null {
  const candidates = routing?.candidates ?? [];
  const index = candidates.findIndex((candidate) => candidate.provider === provider);
  return index === -1 ? null : (candidates[index + 1] ?? null);
}
