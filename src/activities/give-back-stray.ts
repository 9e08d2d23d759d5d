import { createHash } from 'node:crypto';
import { ReviewItemEntity } from '../db/entities/reconciliation.ts';
import { RefundEntity, type Invoice, type Payment, type Refund } from '../db/entities/payment.ts';
import type { StraySession } from '../db/entities/routing.ts';
import { SubscriptionEntity } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { linkProviderObjects } from '../db/queries/provider-objects.ts';
import { refundRest } from '../db/queries/refunds.ts';
import { keepStray } from '../db/queries/stray-sessions.ts';
import { strayWorkflowId } from '../domain/checkout/stray.ts';
import type { CheckoutTruth } from '../domain/checkout/truth.ts';
import { isRefundSettled, refundLookGapMs } from '../domain/payment/refund.ts';
import { isOver } from '../domain/subscription/transition.ts';
import { callKey } from './call-key.ts';
import { openReview } from './open-review.ts';
import { readCheckoutTruth } from './read-checkout-truth.ts';
import { findKnownMoney, recordInvoice, recordMoneyBack, recordPayment, type MoneyOwner } from './record-money.ts';
import { answerOf, causeOf, paidTwiceSummary, type ResolvedStray, type StrayLook } from './stray-look.ts';

/**
 * Returns in full what was paid a second time: the money is put into the books, a refund is asked for under an id of its
 * own, once, and a subscription that began there ends. The refund's own workflow carries it out; each further look here
 * says how it went.
 */
export async function giveBackStray(look: StrayLook, paid: CheckoutTruth): Promise<ResolvedStray> {
  const { em, row, client, input } = look;
  const { projectId, live, provider } = input;
  const owner: MoneyOwner = {
    ...{ projectId, live, provider, organizationId: row.organizationId, checkoutId: row.id, subscriptionId: null },
  };
  const { providerCheckoutId } = paid;
  const read = await readCheckoutTruth(em, client, owner, providerCheckoutId, input.disputeIds ?? []);
  const truth = read.truth ?? paid;
  const { stray, refund } = await em.fork().transactional(async (tx) => {
    const payment = await recordTheirs(tx, owner, truth);
    await recordMoneyBack(tx, owner, read.back);
    const asked = payment && (await askRefund(tx, look, payment));
    await tellTwice(tx, look, truth);
    return { refund: asked, stray: await noteReturn(tx, look, truth, payment, asked) };
  });
  await endSubscription(look, truth);
  const isDone = stray.resolvedAt !== null;
  return answerOf(stray, row, {
    refundId: refund && !isRefundSettled(refund.status) ? refund.id : null,
    lookAgainMs: isDone ? null : refundLookGapMs(input.looks),
  });
}

async function recordTheirs(tx: Db, owner: MoneyOwner, truth: CheckoutTruth): Promise<Payment | null> {
  const [told, paid] = [truth.invoice, truth.payment];
  const payments = paid ? [paid] : [];
  const known = await findKnownMoney(tx, owner, { invoices: told ? [told] : [], payments });
  const invoice: Invoice | null =
    told && (await recordInvoice(tx, owner, told, known.invoices.get(told.providerInvoiceId) ?? null, payments));
  // Whatever is told of them later finds this checkout.
  await linkProviderObjects(
    tx,
    owner,
    owner.provider,
    { kind: 'checkout', id: owner.checkoutId ?? '' },
    await foreignObjects(tx, owner, truth),
  );
  return paid && recordPayment(tx, owner, paid, invoice, known.payments.get(paid.providerPaymentId) ?? null);
}

/** All but a subscription that is one of ours. */
async function foreignObjects(tx: Db, owner: MoneyOwner, { objects, subscription }: CheckoutTruth) {
  const isOurs = subscription !== null && (await isKnown(tx, owner, subscription.providerSubscriptionId));
  return isOurs ? objects.filter(({ kind }) => kind !== 'subscription') : objects;
}

/** The refund of all that is left, once per payment. null: nothing was captured, or all of it went back. */
async function askRefund(tx: Db, { row, input }: StrayLook, payment: Payment): Promise<Refund | null> {
  await tx.flush();
  const id = refundIdOf(payment);
  const known = await tx.findOne(RefundEntity, { id });
  if (known || payment.status !== 'succeeded') return known;
  const actor = strayWorkflowId(row.id, input.provider);
  return refundRest(tx, payment, { id, organizationId: row.organizationId, checkoutId: row.id, actor });
}

/** From what is returned alone: whoever comes here twice, or in two places, asks for one refund. */
function refundIdOf({ projectId, provider, providerPaymentId }: Payment): string {
  const identity = JSON.stringify([projectId, 'stray', provider, providerPaymentId]);
  return `re_${createHash('sha256').update(identity).digest('hex').slice(0, 32)}`;
}

/** What was told as a surprise is now known to be money taken twice. */
async function tellTwice(tx: Db, { row, input }: StrayLook, { providerCheckoutId }: CheckoutTruth): Promise<void> {
  const { projectId, live, provider } = input;
  const cause = causeOf(provider, providerCheckoutId);
  const item = await tx.findOne(ReviewItemEntity, { projectId, live, cause });
  if (!item || item.status !== 'open' || item.kind === 'charged_twice') return;
  tx.assign(item, { kind: 'charged_twice', summary: paidTwiceSummary(row, provider) });
}

/** Writes how far the return is; the row is resolved once nothing more can be done here. */
async function noteReturn(
  tx: Db,
  { row, input }: StrayLook,
  { providerCheckoutId }: CheckoutTruth,
  payment: Payment | null,
  refund: Refund | null,
): Promise<StraySession> {
  const { projectId, live, checkoutId, provider } = input;
  const before = await keepStray(tx, input);
  const wasStatus = before.status;
  const done = { providerCheckoutId, resolvedAt: before.resolvedAt ?? new Date() };
  const waiting = { providerCheckoutId, resolvedAt: null };
  const stray = await keepStray(tx, input, {
    ...(refund === null && payment?.status === 'pending' && { ...waiting, status: 'paid', why: 'not captured yet' }),
    ...(refund === null && payment?.status !== 'pending' && { ...done, ...nothingToReturn(payment) }),
    ...(refund?.status === 'succeeded' && { ...done, status: 'refunded', why: `returned by ${refund.id}` }),
    ...(refund && !isRefundSettled(refund.status) && { ...waiting, status: 'paid', why: `goes back by ${refund.id}` }),
    ...(refund && isLost(refund) && { ...done, status: 'paid', why: `${refund.id} failed: a person must return it` }),
  });
  if (refund && isLost(refund)) await askAboutRefund(tx, row.organizationId, refund);
  if (stray.status !== wasStatus) {
    recordAudit(tx, {
      ...{ projectId, live, actor: strayWorkflowId(checkoutId, provider), action: `stray_session.${stray.status}` },
      ...{ entityKind: 'checkout', entityId: checkoutId, detail: `${provider}: ${stray.why ?? ''}` },
      ...{ before: { status: wasStatus }, after: { status: stray.status } },
    });
  }
  return stray;
}

function nothingToReturn(payment: Payment | null) {
  return payment !== null && payment.refundedMinor > 0
    ? ({ status: 'refunded', why: 'it was returned at the provider' } as const)
    : ({ status: 'ended', why: 'nothing was captured' } as const);
}

function isLost({ status }: Refund): boolean {
  return status === 'failed' || status === 'canceled';
}

async function askAboutRefund(tx: Db, organizationId: string, refund: Refund): Promise<void> {
  const { id, projectId, live, provider, amountMinor, currency, checkoutId, paymentId, failureCode } = refund;
  await openReview(tx, {
    ...{ projectId, live, provider, organizationId, kind: 'refund_failed', cause: `refund:${id}` },
    ...{ entityKind: 'checkout', entityId: checkoutId },
    summary: `Money that was taken twice could not be returned by ${provider}. Return it there, or by hand.`,
    evidence: {
      ...{ refund_id: id, payment_id: paymentId, checkout_id: checkoutId, provider },
      ...{ amount_minor: amountMinor, currency, failure_code: failureCode },
    },
  });
}

/** What renews would charge again. Harmless when it has ended. */
async function endSubscription({ deps, em, client, input }: StrayLook, { subscription }: CheckoutTruth): Promise<void> {
  if (subscription === null || isOver(subscription.status) || !client.subscriptions) return;
  const { projectId, live, provider } = input;
  const { providerSubscriptionId, providerCustomerId } = subscription;
  if (await isKnown(em.fork(), { projectId, live, provider }, providerSubscriptionId)) return;
  const whens = deps.providers.abilities(provider)?.subscriptions?.cancel ?? [];
  const when = whens.includes('now') ? 'now' : 'period_end';
  if (when === 'period_end' && subscription.cancelAtPeriodEnd) return;
  await client.subscriptions.cancel({
    ...{ providerSubscriptionId, providerCustomerId, when, reason: null, comment: null },
    idempotencyKey: callKey({
      projectId,
      operation: 'subscriptions.cancel',
      businessId: providerSubscriptionId,
      provider,
    }),
  });
}

async function isKnown(
  em: Db,
  { projectId, live, provider }: { readonly projectId: string; readonly live: boolean; readonly provider: string },
  providerSubscriptionId: string,
): Promise<boolean> {
  return (await em.count(SubscriptionEntity, { projectId, live, provider, providerSubscriptionId })) > 0;
}
