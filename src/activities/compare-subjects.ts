import { isId } from '../db/new-id.ts';
import { findOwners, type ObjectName, type Owners, type SaleRef } from '../db/queries/reconciliation-owners.ts';
import type { Db } from '../db/orm.ts';
import type { AccountKey } from '../domain/provider-account.ts';
import { joinNamed, nothingNamed, type NamedObjects, type Subject } from '../domain/reconciliation/subject.ts';
import type { ChangeFact } from '../providers/port-records.ts';

/** What a page of changes is about: each subject once, and what bears no sign of us. */
export interface Subjects {
  readonly subjects: readonly Subject[];
  readonly foreign: readonly Pick<Subject, 'kind' | 'id'>[];
}

/**
 * Groups changes by the sale of ours that they concern: by the object itself, by what it names (a subscription before
 * its checkout), by our id in its metadata. The rest is a charge or a subscription behind which nothing of ours is
 * known: to be looked at when it bears a sign of us, a customer of ours or a checkout id of our form.
 */
export async function findSubjects(em: Db, account: AccountKey, facts: readonly ChangeFact[]): Promise<Subjects> {
  const owners = await findOwners(em, account, {
    names: facts.flatMap(namesOf),
    customerIds: facts.flatMap((fact) => customerOf(fact) ?? []),
    checkoutIds: facts.flatMap(({ checkoutId }) => checkoutId ?? []),
  });
  const subjects = new Map<string, Subject>();
  const foreign = new Map<string, Pick<Subject, 'kind' | 'id'>>();
  for (const fact of facts) {
    const subject = subjectOf(fact, owners);
    if (subject === null) continue;
    const key = keyOf(subject);
    if (isForeign(fact, subject, owners)) foreign.set(key, { kind: subject.kind, id: subject.id });
    else {
      const named = joinNamed(subjects.get(key)?.named ?? nothingNamed, subject.named);
      subjects.set(key, { ...subject, named });
    }
  }
  return {
    subjects: [...subjects.values()],
    foreign: [...foreign].flatMap(([key, subject]) => (subjects.has(key) ? [] : [subject])),
  };
}

export function keyOf({ kind, id }: Pick<Subject, 'kind' | 'id'>): string {
  return `${kind}/${id}`;
}

function subjectOf(fact: ChangeFact, owners: Owners): Subject | null {
  const named = namedBy(fact);
  const sale = saleOf(fact, owners);
  if (sale) return { ...sale, named };
  // Before our id in the metadata: what bears it may be another subscription than the one that the checkout began.
  const strange = strangeSubscription(fact);
  if (strange !== null) return agreement(strange, named);
  const checkout = fact.checkoutId === null ? null : owners.checkout(fact.checkoutId);
  if (checkout) return { ...checkout, named };
  return fact.charge === null ? null : { kind: 'charge', id: fact.charge, named };
}

/** By the object itself, else by what it names: a subscription before its checkout. */
function saleOf(fact: ChangeFact, owners: Owners): SaleRef | null {
  const own = owners.of({ kind: fact.objectKind, id: fact.objectId });
  if (own) return own;
  const named = fact.related.flatMap((name) => owners.of(name) ?? []);
  const subscription = named.find(({ kind }) => kind === 'subscription');
  return subscription ?? (strangeSubscription(fact) === null ? (named[0] ?? null) : null);
}

/** The subscription that a change is of; asked only where no row of ours is known to be it. */
function strangeSubscription(fact: ChangeFact): string | null {
  if (fact.about === 'subscription') return fact.objectId;
  return fact.related.find(({ kind }) => kind === 'subscription')?.id ?? null;
}

/** A subscription there that no row of ours is known to be. */
function agreement(id: string, { checkoutId, customerId }: NamedObjects): Subject {
  return { kind: 'agreement', id, named: { ...nothingNamed, checkoutId, customerId } };
}

function namedBy(fact: ChangeFact): NamedObjects {
  const charges = fact.charge === null ? [] : [fact.charge];
  return {
    charges: fact.about === 'charge' || fact.about === 'checkout' ? charges : [],
    refunded: fact.about === 'refund' ? charges : [],
    disputes: fact.about === 'dispute' ? [fact.objectId] : [],
    checkoutId: fact.checkoutId,
    customerId: customerOf(fact),
  };
}

/** No sign of us at all, or another project's sign: another system on the same account. */
function isForeign(fact: ChangeFact, { kind }: Subject, owners: Owners): boolean {
  if (kind === 'checkout' || kind === 'subscription') return false;
  const { checkoutId } = fact;
  if (checkoutId !== null && owners.isAnothers(checkoutId)) return true;
  const customerId = customerOf(fact);
  const isKnown = customerId !== null && owners.organizations(customerId).length > 0;
  return !isKnown && (checkoutId === null || !isId('chk', checkoutId));
}

function namesOf({ objectKind, objectId, related }: ChangeFact): readonly ObjectName[] {
  return [{ kind: objectKind, id: objectId }, ...related];
}

function customerOf({ related }: ChangeFact): string | null {
  return related.find(({ kind }) => kind === 'customer')?.id ?? null;
}
