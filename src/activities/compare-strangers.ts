import { isId } from '../db/new-id.ts';
import { findOwners, type Owners, type SaleRef } from '../db/queries/reconciliation-owners.ts';
import type { ChargeTruth } from '../domain/payment/truth.ts';
import { strangeAgreement } from '../domain/reconciliation/judge-agreement.ts';
import { judgeCharge } from '../domain/reconciliation/judge-charge.ts';
import { nothingNamed, type Subject } from '../domain/reconciliation/subject.ts';
import { unreadable, unreadableCode } from '../domain/reconciliation/unreadable.ts';
import type { SubscriptionTruth } from '../domain/subscription/truth.ts';
import type { Looked, Scene } from './compare-look.ts';
import { asFarAsPossible } from './compare-parallel.ts';

/** What came of charges and subscriptions there that no sale of ours was known for. */
export interface Introduced {
  readonly judged: readonly Looked[];
  /** Those that led to a sale, or to another stranger: nothing of their own is left to tell. */
  readonly led: readonly Looked[];
  /** Sales that turned out to be behind them, with what to look at. */
  readonly sales: readonly Subject[];
  /** What kept the rest from being asked about; null: nothing. */
  readonly failure: Error | null;
}

const atOnce = 8;

interface Stranger {
  readonly subject: Subject;
  readonly charge: ChargeTruth | null;
  readonly agreement: SubscriptionTruth | null;
  /** Why the provider's answer cannot be read; null: it can. */
  readonly unreadable: string | null;
}

/** Asks the provider what they are, finds whose they are by all that it tells, and judges what is nobody's. */
export async function meetStrangers(scene: Scene, subjects: readonly Subject[]): Promise<Introduced> {
  const { done: asked, failure } = await asFarAsPossible(subjects, atOnce, (subject) => ask(scene, subject));
  const owners = await findOwners(scene.em, scene.account, {
    names: asked.flatMap(({ subject, charge }) => [
      { kind: 'subscription', id: subject.id },
      ...(charge?.objects ?? []),
      ...(charge ? [{ kind: 'payment', id: charge.payment.providerPaymentId }] : []),
    ]),
    customerIds: asked.flatMap((stranger) => customerOf(stranger) ?? []),
    checkoutIds: asked.flatMap((stranger) => checkoutOf(stranger) ?? []),
    subscriptionIds: asked.flatMap(({ charge }) => charge?.metadata['subscription_id'] ?? []),
  });
  const introduced = asked.map((stranger): Looked | Moved => {
    if (stranger.unreadable !== null) return unread(stranger.subject, stranger.unreadable);
    return stranger.subject.kind === 'charge'
      ? introduceCharge(scene, stranger, owners)
      : introduceAgreement(stranger, owners);
  });
  return {
    judged: introduced.flatMap((one) => ('differences' in one ? [one] : [])),
    led: introduced.flatMap((one) => ('differences' in one ? [] : [settled(one.from)])),
    sales: introduced.flatMap((one) => ('differences' in one ? [] : [one.sale])),
    failure,
  };
}

async function ask(scene: Scene, subject: Subject): Promise<Stranger> {
  const nothing = { subject, charge: null, agreement: null, unreadable: null };
  try {
    return { ...nothing, ...(await read(scene, subject)) };
  } catch (error) {
    const code = unreadableCode(error);
    if (code === null) throw error;
    return { ...nothing, unreadable: code };
  }
}

async function read({ client, patiently }: Scene, { kind, id, named }: Subject): Promise<Partial<Stranger>> {
  if (kind === 'charge') return { charge: (await patiently(async () => client.changes?.charge(id))) ?? null };
  const ref = { providerSubscriptionId: id, providerCustomerId: named.customerId };
  return { agreement: (await patiently(async () => client.subscriptions?.get(ref))) ?? null };
}

interface Moved {
  readonly from: Subject;
  readonly sale: Subject;
}

function introduceCharge(scene: Scene, stranger: Stranger, owners: Owners): Looked | Moved {
  const { subject, charge } = stranger;
  if (charge === null) return settled(subject);
  const customerId = charge.providerCustomerId;
  const agreement = charge.objects.find(({ kind }) => kind === 'subscription');
  const sale = saleOf(charge, owners);
  if (agreement && sale?.kind !== 'subscription') {
    // It pays a subscription that we do not know: that is what is missing.
    const named = { ...nothingNamed, customerId, checkoutId: checkoutOf(stranger) };
    return { from: subject, sale: { kind: 'agreement', id: agreement.id, named } };
  }
  const owner = sale ?? ownerByMetadata(charge, owners);
  if (owner) return moved(subject, owner, subject.named.refunded.length > 0 ? 'refunded' : 'charges');
  const [organizationId = null] = customerId === null ? [] : owners.organizations(customerId);
  const checkoutId = checkoutOf(stranger);
  const isAnothers = checkoutId !== null && owners.isAnothers(checkoutId);
  const judged = judgeCharge(charge, {
    ...{ projectId: scene.account.projectId, organizationId, isAnothers },
    namesLostCheckout: checkoutId !== null && isId('chk', checkoutId),
  });
  switch (judged.verdict) {
    case 'foreign':
      return { ...settled(subject), isForeign: true };
    case 'nothing':
      return settled(subject);
    case 'orphan':
      return { ...settled(subject), differences: [judged.difference] };
  }
}

/** By what it pays: a subscription before its checkout. */
function saleOf({ objects, payment }: ChargeTruth, owners: Owners): SaleRef | null {
  const paid = [...objects, { kind: 'payment', id: payment.providerPaymentId }];
  const named = paid.flatMap((name) => owners.of(name) ?? []);
  return named.find(({ kind }) => kind === 'subscription') ?? named[0] ?? null;
}

function ownerByMetadata({ metadata }: ChargeTruth, owners: Owners): SaleRef | null {
  const { subscription_id: subscriptionId, checkout_id: checkoutId } = metadata;
  const subscription = subscriptionId === undefined ? null : owners.subscriptionById(subscriptionId);
  return subscription ?? (checkoutId === undefined ? null : owners.checkout(checkoutId));
}

function introduceAgreement(stranger: Stranger, owners: Owners): Looked | Moved {
  const { subject, agreement } = stranger;
  if (agreement === null) return settled(subject);
  const sale = owners.subscription(subject.id);
  if (sale) return moved(subject, sale, null);
  const { checkoutId } = subject.named;
  if (checkoutId !== null && owners.isAnothers(checkoutId)) return { ...settled(subject), isForeign: true };
  const begun = checkoutId === null ? null : owners.begun(checkoutId);
  // What the checkout itself will tell is told once.
  if (begun && begun.subscriptionId === null) return moved(subject, { kind: 'checkout', id: begun.id }, null);
  const customerId = agreement.providerCustomerId ?? subject.named.customerId;
  const [organizationId = null] = customerId === null ? [] : owners.organizations(customerId);
  const isLost = checkoutId !== null && isId('chk', checkoutId);
  if (organizationId === null && begun === null && !isLost) return { ...settled(subject), isForeign: true };
  const checkout = begun && { id: begun.id, organizationId: begun.organizationId };
  return { ...settled(subject), differences: strangeAgreement(agreement, { checkout, organizationId }) };
}

function moved(from: Subject, sale: SaleRef, as: 'charges' | 'refunded' | null): Moved {
  const named = as === null ? nothingNamed : { ...nothingNamed, [as]: [from.id], disputes: from.named.disputes };
  return { from, sale: { ...sale, named } };
}

function unread(subject: Subject, code: string): Looked {
  const objectKind = subject.kind === 'charge' ? 'payment' : 'subscription';
  const nobody = { entityKind: null, entityId: null, organizationId: null };
  return { ...settled(subject), differences: [unreadable({ objectKind, objectId: subject.id, ...nobody }, code)] };
}

function settled(subject: Subject): Looked {
  return { subject, differences: [], isForeign: false, compared: 1 };
}

function checkoutOf({ subject, charge }: Stranger): string | null {
  return charge?.metadata['checkout_id'] ?? subject.named.checkoutId;
}

function customerOf({ subject, charge, agreement }: Stranger): string | null {
  return charge?.providerCustomerId ?? agreement?.providerCustomerId ?? subject.named.customerId;
}
