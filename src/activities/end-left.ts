import { LockMode } from '@mikro-orm/core';
import { PaymentEntity, type Payment } from '../db/entities/payment.ts';
import type { Subscription } from '../db/entities/subscription.ts';
import { newId } from '../db/new-id.ts';
import type { Db } from '../db/orm.ts';
import { refundRest } from '../db/queries/refunds.ts';
import { BillingError } from '../domain/errors.ts';
import { firstOpening, forgetLeft, nextLookBack, type LeftOpening } from '../domain/subscription/opening.ts';
import { isOver } from '../domain/subscription/transition.ts';
import type { SubscriptionTruth } from '../domain/subscription/truth.ts';
import type { SubscriptionOperations } from '../providers/port-subscriptions.ts';
import { recordMoneyOf } from './apply-subscription-truth.ts';
import { callKey } from './call-key.ts';
import type { ActivityDeps, SubscriptionRef } from './deps.ts';
import { changed } from './keep-opening.ts';
import { openReview } from './open-review.ts';
import { accountOf } from './provider-account.ts';
import { readSubscription } from './settle-subscription.ts';

interface StartedRefund {
  readonly id: string;
  readonly provider: string;
}

/**
 * Ends what a provider has beside the one that stays, reads back that it has ended, writes down what it had charged and
 * that all of it goes back, and tells a person. Safe to repeat.
 *
 * @returns the refunds that are to be made.
 * @throws {BillingError} `outcome_unknown` (unavailable): it lives on; the same again
 */
export async function endLeft(deps: ActivityDeps, ref: SubscriptionRef): Promise<readonly StartedRefund[]> {
  const row = await readSubscription(deps, ref);
  const opening = row.opening ?? firstOpening;
  const left = nextLookBack(opening)?.left;
  if (left === undefined || left.providerSubscriptionId === null) return [];
  const { client } = await accountOf(deps, row.projectId, row.live, left.provider);
  if (!client.subscriptions) throw stillThere();
  const truth = await end(row, left, client.subscriptions);
  const refunds: StartedRefund[] = [];
  await changed(
    deps.orm.em.fork(),
    row,
    { opening: forgetLeft(opening, left.provider) },
    [
      {
        ...{ type: 'subscription.updated', cause: `ended/${left.provider}`, actor: `subscription/${row.id}` },
        detail: `what ${left.provider} had beside it has ended`,
        ...{ before: { ended_at: null }, after: { ended_at: left.provider } },
      },
    ],
    async (tx, fresh) => {
      if (truth === null) return;
      await recordMoneyOf(tx, fresh, left.provider, truth, { refunds: [], disputes: [] });
      await tx.flush(); // refunds need the payments
      const back = await payBack(tx, fresh, left, truth);
      refunds.push(...back.map(({ refundId }) => ({ id: refundId, provider: left.provider })));
      if (back.length > 0) await tellPerson(tx, fresh, left, back);
    },
  );
  return refunds;
}

/** @returns how it stands, ended; null: the provider has nothing of it any more. */
async function end(
  row: Subscription,
  left: LeftOpening,
  operations: SubscriptionOperations,
): Promise<SubscriptionTruth | null> {
  const { provider, providerSubscriptionId, providerCustomerId } = left;
  if (providerSubscriptionId === null) return null;
  const ref = { providerSubscriptionId, providerCustomerId };
  const key = { projectId: row.projectId, operation: 'subscriptions.endLeft', businessId: row.id, provider };
  const before = await operations.get(ref);
  if (before === null || isOver(before.status)) return before;
  try {
    await operations.cancel({ ...ref, when: 'now', reason: null, comment: null, idempotencyKey: callKey(key) });
  } catch (error) {
    // It has ended by itself meanwhile: the reading tells.
    if (!(error instanceof BillingError) || !['invalid', 'conflict', 'not_found'].includes(error.kind)) throw error;
  }
  const after = await operations.get(ref);
  if (after !== null && !isOver(after.status)) throw stillThere();
  return after;
}

interface GivenBack {
  readonly refundId: string;
  readonly payment: Payment;
  readonly amountMinor: number;
}

/** Writes down a refund of all that is left of each of its payments, which are held, as by all who move their sums. */
async function payBack(
  tx: Db,
  row: Subscription,
  { provider }: LeftOpening,
  truth: SubscriptionTruth,
): Promise<readonly GivenBack[]> {
  const { projectId, live, organizationId, id: subscriptionId } = row;
  const ids = truth.payments.map(({ providerPaymentId }) => providerPaymentId);
  const paid = { projectId, live, provider, status: 'succeeded' as const, providerPaymentId: { $in: ids } };
  const payments = await tx.find(PaymentEntity, paid, { lockMode: LockMode.PESSIMISTIC_WRITE, orderBy: { id: 'asc' } });
  const made: GivenBack[] = [];
  for (const payment of payments) {
    const actor = `subscription/${subscriptionId}`;
    const refund = await refundRest(tx, payment, { id: newId('re'), organizationId, checkoutId: null, actor });
    if (refund) made.push({ refundId: refund.id, payment, amountMinor: refund.amountMinor });
  }
  return made;
}

async function tellPerson(tx: Db, row: Subscription, left: LeftOpening, back: readonly GivenBack[]): Promise<void> {
  const { projectId, live, organizationId, id } = row;
  await openReview(tx, {
    ...{ projectId, live, organizationId, kind: 'charged_twice', cause: `subscription/${id}/${left.provider}` },
    ...{ provider: left.provider, entityKind: 'subscription', entityId: id },
    summary:
      `${left.provider} had begun the subscription beside ${row.provider ?? 'nobody'}. It was ended there and its ` +
      'charges go back: see that the refunds arrive, and whether the customer must hear of it.',
    evidence: {
      ...{ provider_subscription_id: left.providerSubscriptionId, left_at: left.leftAt, stays_at: row.provider },
      refunds: back.map(({ refundId, payment, amountMinor }) => ({
        ...{ refund_id: refundId, payment_id: payment.id, amount_minor: amountMinor, currency: payment.currency },
      })),
    },
  });
}

function stillThere(): BillingError {
  return new BillingError({
    code: 'outcome_unknown',
    kind: 'unavailable',
    message: 'The provider still has the subscription that must not be there: it is ended again.',
    retryAfterMs: 5_000,
  });
}
