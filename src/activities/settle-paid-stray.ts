import type { Checkout } from '../db/entities/checkout.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { keepStray } from '../db/queries/stray-sessions.ts';
import { isPayable, judgePaidStray, strayWorkflowId } from '../domain/checkout/stray.ts';
import { isSettled } from '../domain/checkout/transition.ts';
import type { CheckoutTruth } from '../domain/checkout/truth.ts';
import { applyCheckoutTruth } from './apply-checkout-truth.ts';
import { callKey } from './call-key.ts';
import { giveBackStray } from './give-back-stray.ts';
import { openReview } from './open-review.ts';
import { accountOf } from './provider-account.ts';
import { readCheckoutTruth } from './read-checkout-truth.ts';
import { answerOf, causeOf, paidTwiceSummary, type ResolvedStray, type StrayLook } from './stray-look.ts';

/**
 * A session beside the checkout's own was paid. One payment becomes the checkout's, any other goes back in full, and a
 * person is told before anything is done: never both live, never nobody.
 */
export async function settlePaidStray(look: StrayLook, stray: CheckoutTruth): Promise<ResolvedStray> {
  const { row } = look;
  const isOwnPage = row.provider === look.input.provider && row.providerCheckoutId === stray.providerCheckoutId;
  if (isOwnPage) return adopt(look, stray, null); // closed here, paid after all: nothing else was handed out
  await tellPerson(look, stray);
  let own = await readOwn(look, false);
  let verdict = judgePaidStray({ status: row.status, isOwnEndTried: false, own, stray });
  if (verdict === 'end_own_first') {
    own = await readOwn(look, true);
    verdict = judgePaidStray({ status: row.status, isOwnEndTried: true, own, stray });
  }
  switch (verdict) {
    case 'adopt':
    case 'end_own_first':
      return adopt(look, stray, own);
    case 'give_back':
      return giveBackStray(look, stray);
    case 'take_own_and_give_back':
      return takeOwnAndGiveBack(look, stray);
  }
}

/** The checkout's own page as its provider has it, after ending it if that is wished; null: nobody can pay it. */
async function readOwn({ deps, row }: StrayLook, isToEnd: boolean): Promise<CheckoutTruth | null> {
  const { projectId, live, provider, providerCheckoutId } = row;
  if (isSettled(row.status) || provider === null || providerCheckoutId === null) return null;
  const { checkouts } = (await accountOf(deps, projectId, live, provider)).client;
  if (isToEnd) {
    const generation = row.version;
    const idempotencyKey = callKey({ ...row, operation: 'checkouts.end', businessId: row.id, provider, generation });
    await checkouts.end?.({ providerCheckoutId, idempotencyKey });
  }
  return checkouts.get(providerCheckoutId);
}

/** The checkout moves to this session and is paid with it; what it stood for before is ended, or watched. */
async function adopt(look: StrayLook, paid: CheckoutTruth, own: CheckoutTruth | null): Promise<ResolvedStray> {
  const { em, row, client, input } = look;
  const { projectId, live, checkoutId, provider } = input;
  const owner = { projectId, live, provider };
  const { providerCheckoutId } = paid;
  const { truth, back } = await readCheckoutTruth(em, client, owner, providerCheckoutId, input.disputeIds ?? []);
  const isLeftOpen = isPayable(own) || own?.state === 'paid';
  const others: string[] = [];
  const moved = await applyCheckoutTruth(em.fork(), row, truth ?? paid, {
    ...{ back, moveTo: { provider, providerCheckoutId } },
    within: async (tx) => {
      const why = 'the checkout is paid with it';
      await keepStray(tx, input, { providerCheckoutId, status: 'paid', resolvedAt: new Date(), why });
      if (row.provider === null || row.providerCheckoutId === null) return;
      if (row.provider === provider && row.providerCheckoutId === providerCheckoutId) return;
      others.length = 0;
      // A page that was closed before is ended, or has its watcher.
      if (!isSettled(row.status)) {
        if (isLeftOpen) others.push(row.provider);
        await keepStray(
          tx,
          { projectId, live, checkoutId, provider: row.provider },
          {
            ...{ providerCheckoutId: row.providerCheckoutId, why: 'handed out; another session was paid' },
            ...(isLeftOpen
              ? { status: 'unknown' as const, resolvedAt: null }
              : { status: 'ended' as const, resolvedAt: new Date() }),
          },
        );
      }
      recordAudit(tx, {
        ...{ projectId, live, actor: strayWorkflowId(checkoutId, provider), action: 'checkout.moved' },
        ...{ entityKind: 'checkout', entityId: checkoutId },
        detail: `paid at ${provider}; the page at ${row.provider} ${isLeftOpen ? 'is watched' : 'was ended'}`,
        before: { provider: row.provider, provider_checkout_id: row.providerCheckoutId },
        after: { provider, provider_checkout_id: providerCheckoutId },
      });
    },
  });
  return {
    ...answerOf(look.stray, moved, { others, hasMoved: true }),
    ...{ status: 'paid', because: `the checkout is ${moved.status} with what was paid at ${provider}` },
  };
}

/** The page that was handed out was paid first, and our books did not know yet. */
async function takeOwnAndGiveBack(look: StrayLook, stray: CheckoutTruth): Promise<ResolvedStray> {
  const { deps, em, row } = look;
  const { projectId, live, provider, providerCheckoutId } = row;
  if (provider === null || providerCheckoutId === null) throw new Error(`${row.id} has no page of its own`);
  const { client } = await accountOf(deps, projectId, live, provider);
  const { truth, back } = await readCheckoutTruth(em, client, { projectId, live, provider }, providerCheckoutId, []);
  const booked = await applyCheckoutTruth(em.fork(), row, truth, { back });
  return { ...(await giveBackStray({ ...look, row: booked }, stray)), hasMoved: true };
}

/** Once per session: as a surprise, or as money taken twice when the checkout is paid already. */
async function tellPerson({ em, row, input }: StrayLook, stray: CheckoutTruth): Promise<void> {
  const { projectId, live, checkoutId, provider } = input;
  const { providerCheckoutId } = stray;
  const isTwice = row.status === 'paid';
  const summary = isTwice
    ? paidTwiceSummary(row, provider)
    : `A session at ${provider} that nobody was given was paid. Check that the buyer has what was paid for, once.`;
  await em.fork().transactional(async (tx) => {
    await openReview(tx, {
      ...{ projectId, live, provider, kind: isTwice ? 'charged_twice' : 'stray_session_paid' },
      ...{ cause: causeOf(provider, providerCheckoutId), organizationId: row.organizationId },
      ...{ entityKind: 'checkout', entityId: checkoutId, summary, evidence: evidenceOf(row, provider, stray) },
    });
  });
}

function evidenceOf(row: Checkout, provider: string, { providerCheckoutId, payment, subscription }: CheckoutTruth) {
  return {
    ...{ checkout_id: row.id, checkout_status: row.status, served_by: row.provider },
    ...{ served_checkout_id: row.providerCheckoutId, provider, provider_checkout_id: providerCheckoutId },
    provider_payment_id: payment?.providerPaymentId ?? null,
    amount_minor: payment?.amount.amountMinor ?? null,
    currency: payment?.amount.currency ?? null,
    paid_at: payment?.paidAt ?? null,
    provider_subscription_id: subscription?.providerSubscriptionId ?? null,
  };
}
