import { CheckoutEntity, type Checkout } from '../db/entities/checkout.ts';
import type { StraySession } from '../db/entities/routing.ts';
import type { Db } from '../db/orm.ts';
import { findStray, keepStray } from '../db/queries/stray-sessions.ts';
import type { ActivityDeps, CheckoutRef } from './deps.ts';
import { keepInStep } from './keep-in-step.ts';
import { openReview } from './open-review.ts';
import { strayEndOf } from './stray-look.ts';

/**
 * After a provider could not be asked for long: whether the session's life is over, and nobody needs to ask any more. A
 * person is told then, for nobody knows whether it was paid.
 */
export function createGiveUpStray(deps: ActivityDeps) {
  return function giveUpStray(
    input: CheckoutRef & { readonly provider: string; readonly because: string },
  ): Promise<{ readonly isOver: boolean }> {
    return keepInStep(async () => {
      const em = deps.orm.em.fork();
      const { projectId, live, checkoutId, provider, because } = input;
      const row = await em.findOneOrFail(CheckoutEntity, { id: checkoutId, projectId, live });
      const stray = await findStray(em, { projectId, live, checkoutId, provider });
      if (stray === null) return { isOver: true };
      if (Date.now() < strayEndOf(row, stray)) return { isOver: false };
      await em.fork().transactional(async (tx) => {
        const why = `its life is over, and the provider was not to be asked: ${because}`;
        const isPaid = stray.status === 'paid';
        await keepStray(tx, stray, { ...(!isPaid && { status: 'lapsed', why }), resolvedAt: new Date() });
        await reviewOverdue(tx, row, stray, why);
      });
      return { isOver: true };
    });
  };
}

/** Asks a person about a session whose life is over although it may have been paid. */
export function askAboutOverdue(em: Db, row: Checkout, stray: StraySession, why: string): Promise<void> {
  return em.fork().transactional((tx) => reviewOverdue(tx, row, stray, why));
}

async function reviewOverdue(tx: Db, row: Checkout, stray: StraySession, why: string): Promise<void> {
  const { projectId, live, checkoutId, provider, providerCheckoutId } = stray;
  await openReview(tx, {
    ...{ projectId, live, provider, kind: 'stray_session_unclear', cause: `stray:${stray.id}:unclear` },
    ...{ organizationId: row.organizationId, entityKind: 'checkout', entityId: checkoutId },
    summary: `Nobody could say whether a session at ${provider} was paid. Look it up there; pay back what was taken.`,
    evidence: {
      ...{ checkout_id: checkoutId, provider, provider_checkout_id: providerCheckoutId },
      ...{ asked_at: stray.askedAt.toISOString(), why, checkout_status: row.status, served_by: row.provider },
    },
  });
}
