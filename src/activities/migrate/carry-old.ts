import { BillingError } from '../../domain/errors.ts';
import { transferRight } from '../../db/queries/charge-rights.ts';
import type { MigrationStep } from '../../domain/migration/step.ts';
import { callKey } from '../call-key.ts';
import { lookAtSubscription } from '../settle-subscription.ts';
import { moveOn, newProviderOf, oldOf, rightsOf, scopeOf, type Move } from './move.ts';
import { newRef, oldRef, subscriptionsAt } from './read-sides.ts';
import { keepRightsOf } from './tell-customer.ts';

type Of<Kind extends MigrationStep['kind']> = Extract<MigrationStep, { kind: Kind }>;

/** The charge that stands for none: it was in a trial. */
const noCharge = 'none';

/** The point of no return, committed before anything is sent: whoever finds this row goes only forward. */
export async function commitCancel(move: Move, { paidThrough }: Of<'commit'>): Promise<string> {
  const because = `the old one is cancelled from here on; both agree on ${paidThrough}`;
  const change = { because, cancelingAt: new Date(move.nowMs), paidThrough: new Date(paidThrough) };
  await moveOn(move, 'canceling', change);
  return because;
}

/**
 * Asks the old provider to end it with its period. What it answered is not believed: the next look reads it. An answer
 * that was lost is no answer, and asking again is safe, for the adapter reads first.
 */
export async function cancelOld(move: Move): Promise<string> {
  const { deps, item, migration } = move;
  const provider = migration.fromProvider;
  const subscriptions = await subscriptionsAt(deps, move, provider);
  const operation = 'subscriptions.leave';
  const idempotencyKey = callKey({ projectId: item.projectId, operation, businessId: item.id, provider });
  const asked = { ...oldRef(move), when: 'period_end', reason: null, comment: null, idempotencyKey } as const;
  await subscriptions.cancel(asked);
  return `${provider} was asked to end it with its period`;
}

/** The old one ends, read back: the next period's right goes over in the very transaction that says so. */
export async function confirmCanceled(move: Move, { paidThrough }: Of<'confirm'>): Promise<string> {
  const { deps, item, migration, nowMs } = move;
  const old = oldOf(move);
  const because = `${migration.fromProvider} says that it ends ${old.paidThrough ?? paidThrough}`;
  const change = { because, canceledAt: new Date(nowMs), paidThrough: new Date(paidThrough) };
  await moveOn(move, 'watching', change, async (tx) => {
    await keepRightsOf(tx, move, old);
    const right = {
      provider: newProviderOf(move),
      providerSubscriptionId: newRef(move).providerSubscriptionId,
      coveredBy: old.lastPaymentId ?? noCharge,
    };
    if (!(await transferRight(tx, rightsOf(move), right)))
      throw new BillingError({
        ...{ code: 'charge_right_lost', kind: 'bug', message: `${item.id}: the next period is not the old one's to give` },
      });
  });
  if (item.subscriptionId !== null)
    await lookAtSubscription(deps, { ...scopeOf(item), subscriptionId: item.subscriptionId });
  return because;
}
