import { BillingError } from '../../domain/errors.ts';
import { rhythmOf } from '../../domain/migration/legacy.ts';
import { parkedFor } from '../../domain/migration/step-moving.ts';
import { callKey } from '../call-key.ts';
import { newProviderOf, type Move } from './move.ts';
import { newRef, subscriptionsAt } from './read-sides.ts';

/**
 * Before a person is asked while both may charge: the new one's first charge waits a further period, so that nothing is
 * paid twice while somebody thinks. A try; the review says how it went.
 *
 * @returns until when it waits, ISO; null: it could not be moved, or needs no moving.
 */
export async function holdStill(move: Move): Promise<string | null> {
  const { deps, item, old, fresh } = move;
  const isBetween = item.state === 'opened' || item.state === 'moved' || item.state === 'canceling';
  const isEnding = old !== 'gone' && old !== 'unknown' && old.isEnding;
  if (!isBetween || isEnding || fresh?.status !== 'trialing') return null;
  const paidThrough = old === 'gone' || old === 'unknown' ? null : old.paidThrough;
  const { settings } = move.migration;
  const facts = { item: { interval: rhythmOf(item) }, settings, nowMs: move.nowMs };
  const target = parkedFor(facts, paidThrough ?? item.paidThrough?.toISOString() ?? null);
  if (target === null) return null;
  const provider = newProviderOf(move);
  try {
    const subscriptions = await subscriptionsAt(deps, move, provider);
    const now = await subscriptions.get(newRef(move));
    if (now?.status !== 'trialing') return null;
    const operation = `subscriptions.hold/${target.to}`;
    const idempotencyKey = callKey({ projectId: item.projectId, operation, businessId: item.id, provider });
    await subscriptions.setTrialEnd?.({ ...newRef(move), trialEnd: target.to, idempotencyKey });
    const read = await subscriptions.get(newRef(move));
    return read?.trialEnd ?? null;
  } catch (error) {
    if (error instanceof BillingError) return null;
    throw error;
  }
}
