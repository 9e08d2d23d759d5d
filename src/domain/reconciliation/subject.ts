/** What two sides are compared about: a sale of ours, or something at the provider behind which nothing of ours is known. */
export interface Subject {
  /** `checkout`, `subscription`: ours. `charge`, `agreement` (a subscription there): the provider's. */
  readonly kind: 'checkout' | 'subscription' | 'charge' | 'agreement';
  readonly id: string;
  readonly named: NamedObjects;
}

/** What a provider's changes named beside a subject, by the provider's ids. */
export interface NamedObjects {
  /** Charges that may or may not be known to us. */
  readonly charges: readonly string[];
  /** Charges of which money went back. */
  readonly refunded: readonly string[];
  readonly disputes: readonly string[];
  /** Our checkout id in the metadata of what changed; null: none. */
  readonly checkoutId: string | null;
  readonly customerId: string | null;
}

export const nothingNamed: NamedObjects = {
  charges: [],
  refunded: [],
  disputes: [],
  checkoutId: null,
  customerId: null,
};

/** What several changes name of one subject, together. */
export function joinNamed(a: NamedObjects, b: NamedObjects): NamedObjects {
  return {
    charges: union(a.charges, b.charges),
    refunded: union(a.refunded, b.refunded),
    disputes: union(a.disputes, b.disputes),
    checkoutId: a.checkoutId ?? b.checkoutId,
    customerId: a.customerId ?? b.customerId,
  };
}

/** Whether everything that `more` names was named by `known` already. */
export function namesNothingNew(known: NamedObjects, more: NamedObjects): boolean {
  const has = (all: readonly string[], some: readonly string[]) => some.every((id) => all.includes(id));
  return has(known.charges, more.charges) && has(known.refunded, more.refunded) && has(known.disputes, more.disputes);
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])].toSorted();
}
