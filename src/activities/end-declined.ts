import type { Subscription } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { BillingError } from '../domain/errors.ts';
import { restOfOpening } from '../domain/subscription/opening.ts';
import { isOver } from '../domain/subscription/transition.ts';
import type { SubscriptionTruth } from '../domain/subscription/truth.ts';
import type { SubscriptionOperations } from '../providers/port-subscriptions.ts';
import { applySubscriptionTruth } from './apply-subscription-truth.ts';
import { callKey } from './call-key.ts';
import { keepExpired } from './keep-opening.ts';
import { settledSubscription, type SettledSubscription } from './settled-subscription.ts';

/**
 * Ends what a provider keeps of a subscription whose first payment was declined: some try the card again by themselves,
 * and the caller was told that nothing is charged. Safe to repeat.
 */
export async function endDeclined(
  em: Db,
  row: Subscription,
  operations: SubscriptionOperations,
): Promise<SettledSubscription> {
  const decline = row.opening?.decline ?? null;
  const detail = { decline_code: decline?.declineCode ?? null, provider_code: decline?.providerCode ?? null };
  const truth = await end(row, operations);
  if (truth === null) {
    const expired = await keepExpired(em, row, 'payment_declined', detail);
    return settledSubscription(
      em.fork(),
      expired,
      `the payment was declined: ${detail.decline_code ?? 'no reason given'}`,
    );
  }
  // It tried again before we could end it: the money is honest business, and an operator's to give back.
  if (truth.payments.some(({ status }) => status === 'succeeded')) {
    const paid = await applySubscriptionTruth(em.fork(), row, truth, { within: forgetOpening });
    return settledSubscription(em.fork(), paid, 'declined at first, then paid before it could be ended');
  }
  if (!isOver(truth.status)) throw stillThere();
  const expired = await applySubscriptionTruth(
    em.fork(),
    row,
    { ...truth, status: 'expired' },
    {
      within: async (tx, fresh) => {
        fresh.failureCode = 'payment_declined';
        fresh.failureDetail = detail;
        return forgetOpening(tx, fresh);
      },
    },
  );
  return settledSubscription(
    em.fork(),
    expired,
    `the payment was declined: ${detail.decline_code ?? 'no reason given'}`,
  );
}

/** @returns how it stands then; null: there is nothing of it. */
async function end(row: Subscription, operations: SubscriptionOperations): Promise<SubscriptionTruth | null> {
  const { projectId, provider, providerSubscriptionId, providerCustomerId } = row;
  if (provider === null || providerSubscriptionId === null) return null;
  const ref = { providerSubscriptionId, providerCustomerId };
  const key = { projectId, operation: 'subscriptions.endDeclined', businessId: row.id, provider };
  try {
    return await operations.cancel({
      ...{ ...ref, when: 'now', reason: null, comment: null, idempotencyKey: callKey(key) },
    });
  } catch (error) {
    // It has ended by itself, or was never kept.
    if (!(error instanceof BillingError) || !['invalid', 'conflict', 'not_found'].includes(error.kind)) throw error;
    return operations.get(ref);
  }
}

function stillThere(): BillingError {
  return new BillingError({
    code: 'outcome_unknown',
    kind: 'unavailable',
    message: 'The provider still keeps a subscription whose first payment was declined: it is ended again.',
    retryAfterMs: 5_000,
  });
}

async function forgetOpening(_tx: Db, row: Subscription): Promise<readonly []> {
  row.opening = restOfOpening(row.opening);
  return [];
}
