import { isId } from '../db/new-id.ts';
import { findOwners, type Owners, type SaleRef } from '../db/queries/reconciliation-owners.ts';
import { CheckoutEntity } from '../db/entities/checkout.ts';
import type { ChargeTruth } from '../domain/payment/truth.ts';
import { strangeAgreement } from '../domain/reconciliation/judge-agreement.ts';
import { judgeCharge } from '../domain/reconciliation/judge-charge.ts';
import { nothingNamed, type Subject } from '../domain/reconciliation/subject.ts';
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
}

/** Asks the provider what they are, finds whose they are by all that it tells, and judges what is nobody's. */
export async function meetStrangers(scene: Scene, subjects: readonly Subject[]): Promise<Introduced> {
  const { done: read, failure } = await asFarAsPossible(subjects, atOnce, (subject) => ask(scene, subject));
  const owners = await findOwners(scene.em, scene.account, {
    names: read.flatMap(({ subject, charge }) => [
      { kind: 'subscription', id: subject.id },
      ...(charge?.objects ?? []),
      ...(charge ? [{ kind: 'payment', id: charge.payment.providerPaymentId }] : []),
    ]),
    customerIds: read.flatMap((stranger) => customerOf(stranger) ?? []),
    checkoutIds: read.flatMap((stranger) => checkoutOf(stranger) ?? []),
    subscriptionIds: read.flatMap(({ charge }) => charge?.metadata['subscription_id'] ?? []),
  });
  const introduced = await Promise.all(
    read.map((stranger) =>
      stranger.subject.kind === 'charge'
        ? introduceCharge(scene, stranger, owners)
        : introduceAgreement(scene, stranger, owners),
    ),
  );
  return {
    judged: introduced.flatMap((one) => ('differences' in one ? [one] : [])),
    led: introduced.flatMap((one) => ('differences' in one ? [] : [settled(one.from)])),
    sales: introduced.flatMap((one) => ('differences' in one ? [] : [one.sale])),
    failure,
  };
}

async function ask({ client, patiently }: Scene, subject: Subject): Promise<Stranger> {
  if (subject.kind === 'charge') {
    return {
      subject,
      charge: (await patiently(async () => client.changes?.charge(subject.id))) ?? null,
      agreement: null,
    };
  }
  const ref = { providerSubscriptionId: subject.id, providerCustomerId: subject.named.customerId };
  return { subject, charge: null, agreement: (await patiently(async () => client.subscriptions?.get(ref))) ?? null };
}

interface Moved {
  readonly from: Subject;
  readonly sale: Subject;
}

async function introduceCharge(scene: Scene, stranger: Stranger, owners: Owners): Promise<Looked | Moved> {
  const { subject, charge } = stranger;
  if (charge === null) return settled(subject);
  const sale = saleOf(charge, owners);
  if (sale) return moved(subject, sale, subject.named.refunded.length > 0 ? 'refunded' : 'charges');
  const agreement = charge.objects.find(({ kind }) => kind === 'subscription');
  const customerId = charge.providerCustomerId;
  const [organizationId = null] = customerId === null ? [] : owners.organizations(customerId);
  if (agreement && organizationId !== null) {
    // It pays a subscription that we do not know: that is what is missing.
    const unknown = { kind: 'agreement', id: agreement.id, named: { ...nothingNamed, customerId } } as const;
    return { from: subject, sale: unknown };
  }
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

/** A subscription before its checkout: a renewal carries the checkout's metadata too. */
function saleOf({ objects, metadata, payment }: ChargeTruth, owners: Owners): SaleRef | null {
  const named = [...objects, { kind: 'payment', id: payment.providerPaymentId }].flatMap(
    (name) => owners.of(name) ?? [],
  );
  const { subscription_id: subscriptionId, checkout_id: checkoutId } = metadata;
  return (
    named.find(({ kind }) => kind === 'subscription') ??
    (subscriptionId === undefined ? null : owners.subscriptionById(subscriptionId)) ??
    named[0] ??
    (checkoutId === undefined ? null : owners.checkout(checkoutId))
  );
}

async function introduceAgreement(scene: Scene, stranger: Stranger, owners: Owners): Promise<Looked | Moved> {
  const { subject, agreement } = stranger;
  if (agreement === null) return settled(subject);
  const sale = owners.subscription(subject.id);
  if (sale) return moved(subject, sale, null);
  const { checkoutId } = subject.named;
  if (checkoutId !== null && owners.isAnothers(checkoutId)) return { ...settled(subject), isForeign: true };
  const begun = checkoutId === null ? null : await begunBy(scene, checkoutId);
  // What the checkout itself will tell is told once.
  if (begun && begun.subscriptionId === null) return moved(subject, { kind: 'checkout', id: begun.id }, null);
  const customerId = agreement.providerCustomerId ?? subject.named.customerId;
  const [organizationId = null] = customerId === null ? [] : owners.organizations(customerId);
  const isLost = checkoutId !== null && isId('chk', checkoutId);
  if (organizationId === null && begun === null && !isLost) return { ...settled(subject), isForeign: true };
  const checkout = begun && { id: begun.id, organizationId: begun.organizationId };
  return { ...settled(subject), differences: strangeAgreement(agreement, { checkout, organizationId }) };
}

function begunBy({ em, account }: Scene, id: string) {
  const { projectId, live } = account;
  return em
    .fork()
    .findOne(
      CheckoutEntity,
      { projectId, live, $or: [{ id }, { subscriptionId: id }] },
      { fields: ['id', 'subscriptionId', 'organizationId'] },
    );
}

function moved(from: Subject, sale: SaleRef, as: 'charges' | 'refunded' | null): Moved {
  const named = as === null ? nothingNamed : { ...nothingNamed, [as]: [from.id], disputes: from.named.disputes };
  return { from, sale: { ...sale, named } };
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
