import { BillingError } from '../../domain/errors.ts';
import { newSideOf } from '../../domain/migration/sides.ts';
import { isAligned } from '../../domain/migration/trial-target.ts';
import { isPastReturn } from '../../domain/migration/next-step.ts';
import type { MigrationStep } from '../../domain/migration/step.ts';
import { callKey } from '../call-key.ts';
import { RowMoved } from '../keep-in-step.ts';
import { lookAtSubscription } from '../settle-subscription.ts';
import { finish } from './finish.ts';
import { moveOn, newProviderOf, scopeOf, type Move } from './move.ts';
import { newRef, subscriptionsAt } from './read-sides.ts';
import { told } from './tell-customer.ts';

type Of<Kind extends MigrationStep['kind']> = Extract<MigrationStep, { kind: Kind }>;

/**
 * Puts the new one's first charge where it belongs, and believes only what is read back. What the provider refuses for
 * good is no way forward: before the point of no return the new one is revoked, so that nothing is charged twice.
 */
export async function align(move: Move, step: Of<'align'>): Promise<string> {
  try {
    const trialEnd = await setTrialEnd(move, step);
    await sync(move);
    const because = step.isParked
      ? `until the old one is read to end, the first charge waits until ${trialEnd}`
      : `the first charge falls on ${trialEnd}, read back`;
    const { fresh, item } = move;
    const newOnes = fresh && { newProvider: fresh.provider, newSubscriptionId: fresh.id };
    await moveOn(move, item.state, {
      ...{ because, ...newOnes },
      ...(!step.isParked && { paidThrough: new Date(trialEnd) }),
    });
    return because;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (hasPassed(step.to)) throw new RowMoved();
    if (!isPastReturn(move.item.state)) await revoke(move);
    const because = `the new provider does not move the first charge: ${error.code}`;
    return finish(move, { kind: 'end', state: 'attention', code: 'trial_not_movable', because });
  }
}

async function setTrialEnd(move: Move, { to, isParked }: Of<'align'>): Promise<string> {
  const { deps, item } = move;
  const provider = newProviderOf(move);
  const subscriptions = await subscriptionsAt(deps, move, provider);
  if (!subscriptions.setTrialEnd)
    throw new BillingError({ code: 'not_supported_by_provider', kind: 'invalid', message: 'it cannot move a trial' });
  const ref = newRef(move);
  const generation = item.version;
  const operation = `subscriptions.set_trial_end/${to}`;
  const idempotencyKey = callKey({ projectId: item.projectId, operation, businessId: item.id, provider, generation });
  await subscriptions.setTrialEnd({ ...ref, trialEnd: to, idempotencyKey });
  const read = await subscriptions.get(ref);
  const trialEnd = read && newSideOf(read).trialEnd;
  if (trialEnd && isAligned(trialEnd, { to, kind: isParked ? 'parked' : 'exact' })) return trialEnd;
  throw new BillingError({
    ...{ code: 'trial_not_confirmed', kind: 'unavailable', message: `${provider} does not say that it ends ${to}` },
  });
}

/** Ends the new one now: in its trial, so that nothing was or will be charged. Harmless when it has ended. */
export async function revoke(move: Move): Promise<string> {
  const { deps, item } = move;
  const provider = newProviderOf(move);
  const subscriptions = await subscriptionsAt(deps, move, provider);
  const operation = 'subscriptions.revoke';
  const idempotencyKey = callKey({ projectId: item.projectId, operation, businessId: item.id, provider });
  await subscriptions.cancel({ ...newRef(move), when: 'now', reason: null, comment: null, idempotencyKey });
  await sync(move);
  return 'the new one was ended in its trial';
}

/** Our own row follows what was just done there, without waiting for a webhook. */
export async function sync({ deps, item, fresh }: Move): Promise<void> {
  if (fresh !== null) await lookAtSubscription(deps, { ...scopeOf(item), subscriptionId: fresh.id });
}

/** Paid there, with the first charge where it belongs: the app is told. */
export async function noteMoved(move: Move, { paidThrough }: Of<'move'>): Promise<string> {
  const { fresh, nowMs } = move;
  const because = `paid at ${newProviderOf(move)}; its first charge falls on ${paidThrough}`;
  const newOnes = fresh && { newProvider: fresh.provider, newSubscriptionId: fresh.id, checkoutId: fresh.checkoutId };
  await moveOn(
    move,
    'moved',
    { because, movedAt: new Date(nowMs), paidThrough: new Date(paidThrough), ...newOnes },
    (tx, row) => told(tx, move, row, 'migration.moved', null),
  );
  return because;
}

/** A date that was still ahead when the step was decided, but not when the provider heard of it: decide again. */
function hasPassed(to: string): boolean {
  return Date.parse(to) <= Date.now();
}

function isRefusal(error: unknown): error is BillingError {
  return error instanceof BillingError && (error.kind === 'invalid' || error.kind === 'conflict');
}
