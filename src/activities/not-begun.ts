import type { Subscription } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { BillingError } from '../domain/errors.ts';
import type { FallbackReason } from '../domain/routing/route.ts';
import { candidateAfter } from '../domain/subscription/direct-routing.ts';
import { afterNotDone, firstOpening, notSent, type NotDone } from '../domain/subscription/opening.ts';
import type { ActivityDeps } from './deps.ts';
import { keepExpired, keepOpening } from './keep-opening.ts';
import { leaveProvider, leavingReasonOf, type Leaving } from './leave-provider.ts';
import { settledSubscription, type SettledSubscription } from './settled-subscription.ts';

/**
 * The row's provider surely has nothing of the subscription: the next one is asked, or the same again later, or it never
 * begins.
 *
 * @param error Of a call that did nothing.
 * @throws what was thrown, where the same provider is to be asked again; of kind `unavailable` or `rate_limited`
 */
export async function notDone(
  deps: ActivityDeps,
  em: Db,
  row: Subscription,
  error: unknown,
): Promise<SettledSubscription> {
  if (!(error instanceof BillingError) || row.provider === null) throw error;
  const opening = row.opening ?? firstOpening;
  const failure = meaningOf(deps, row.provider, error);
  const reason = leavingReasonOf(error);
  switch (afterNotDone(opening, failure, candidateAfter(row.routing, row.provider) !== null)) {
    case 'next':
      return toNext(em, row, { reason, providerCode: error.code, wasUnclear: false });
    case 'again':
      if (opening.sentAt !== null || failure === 'retry') await keepOpening(em, row, notSent(opening));
      throw asPassing(error);
    case 'give_up':
      return refuse(em, row, error.code, error.details, failure === 'stop' ? null : reason);
  }
}

/** By the provider's error map. A customer who must confirm does so where it began, or nowhere. */
function meaningOf(deps: ActivityDeps, provider: string, error: BillingError): NotDone {
  const { reaction } = deps.providers.reactionTo(provider, error);
  if (reaction === 'retry') return 'retry';
  if (reaction !== 'next_provider') return 'stop';
  return isPassing(error) ? 'passing' : 'final';
}

function isPassing({ kind }: BillingError): boolean {
  return kind === 'unavailable' || kind === 'rate_limited';
}

/** What is tried again must look as if it could help. */
function asPassing(error: BillingError): BillingError {
  if (isPassing(error)) return error;
  const { code, message, details } = error;
  return new BillingError({ code, message, details, kind: 'unavailable', retryAfterMs: 1_000, cause: error });
}

/** Hands it to its next candidate. @returns with `opensAt`: whom to ask. */
export async function toNext(em: Db, row: Subscription, leaving: Leaving): Promise<SettledSubscription> {
  const left = await leaveProvider(em, row, leaving);
  const because = `${row.provider ?? 'nobody'} did not begin it (${leaving.reason}): ${left.provider ?? 'nobody'} is asked`;
  return { ...(await settledSubscription(em.fork(), left, because)), opensAt: left.provider };
}

/** It never begins. @param reason Why its last provider did not serve; null: nothing of the provider's. */
export async function refuse(
  em: Db,
  row: Subscription,
  failureCode: string,
  detail: Readonly<Record<string, unknown>>,
  reason: FallbackReason | null = null,
): Promise<SettledSubscription> {
  const expired = await keepExpired(em, row, failureCode, detail, reason);
  return settledSubscription(em.fork(), expired, `it cannot begin: ${failureCode}`);
}

export function notSupported(provider: string): BillingError {
  return new BillingError({
    code: 'not_supported_by_provider',
    kind: 'invalid',
    message: 'The provider begins subscriptions on its hosted page only.',
    details: { provider },
  });
}

export function breakerOpen(provider: string): BillingError {
  return new BillingError({
    code: 'breaker_open',
    kind: 'unavailable',
    message: 'The provider has been failing: it is not asked for a while.',
    details: { provider },
    retryAfterMs: 5_000,
  });
}
