import { SubscriptionEntity, type Subscription } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { recordDirectFallback, toldFallback } from '../db/queries/direct-fallbacks.ts';
import { linkProviderCustomer, linkProviderObjects } from '../db/queries/provider-objects.ts';
import type { DeclineCode } from '../domain/payment/decline.ts';
import type { FallbackReason } from '../domain/routing/route.ts';
import type { CustomerStep } from '../domain/subscription/customer-step.ts';
import { candidateAfter } from '../domain/subscription/direct-routing.ts';
import { firstOpening, restOfOpening, type Opening } from '../domain/subscription/opening.ts';
import type { SubscriptionTruth } from '../domain/subscription/truth.ts';
import { applySubscriptionTruth } from './apply-subscription-truth.ts';
import { RowMoved } from './keep-in-step.ts';
import { noteSubscription, type SubscriptionNews } from './note-subscription.ts';

/**
 * Writes how far the opening has come, before or after a call. The first time tells the app that the subscription exists.
 *
 * @throws {RowMoved} another attempt is at it: read again
 */
export function keepOpening(
  em: Db,
  read: Subscription,
  opening: Opening,
  providerCustomerId = read.providerCustomerId,
): Promise<Subscription> {
  return changed(em, read, { opening, providerCustomerId }, createdNews(read));
}

/** The first time anything is written of the opening. */
export function createdNews(read: Subscription): readonly SubscriptionNews[] {
  if (read.opening !== null) return [];
  const told = { type: 'subscription.created', cause: 'begun', actor: `subscription/${read.id}` } as const;
  return [{ ...told, detail: `asked for at ${read.provider ?? 'nobody'}`, after: { status: 'incomplete' } }];
}

/** The provider has it: its truth, what the customer must do, and the ids by which webhooks find it. */
export function keepBegun(
  em: Db,
  read: Subscription,
  truth: SubscriptionTruth,
  nextStep: CustomerStep | null,
): Promise<Subscription> {
  return applySubscriptionTruth(em.fork(), read, truth, {
    within: async (tx, row) => {
      row.nextStep = row.status === 'incomplete' ? nextStep : null;
      row.opening = restOfOpening(row.opening);
      await linkIts(tx, row, truth);
      return [];
    },
  });
}

/** The first payment was declined. What the provider keeps of it is linked, so that it can be ended. */
export function keepDecline(
  em: Db,
  read: Subscription,
  declined: {
    readonly declineCode: DeclineCode;
    readonly providerCode: string | null;
    readonly value: SubscriptionTruth | null;
  },
): Promise<Subscription> {
  const { declineCode, providerCode, value } = declined;
  const providerSubscriptionId = value?.providerSubscriptionId ?? null;
  const opening: Opening = { ...(read.opening ?? firstOpening), decline: { declineCode, providerCode } };
  return changed(em, read, { opening, providerSubscriptionId }, [], (tx, row) =>
    value === null ? Promise.resolve() : linkIts(tx, row, value),
  );
}

/**
 * It never begins: nothing was charged, and the row says why.
 *
 * @param reason Why its last provider did not serve, where others were there to step in; null: no provider's fault.
 */
export function keepExpired(
  em: Db,
  read: Subscription,
  failureCode: string,
  failureDetail: Readonly<Record<string, unknown>>,
  reason: FallbackReason | null = null,
): Promise<Subscription> {
  const ended = { status: 'expired', endedAt: new Date(), failureCode, failureDetail } as const;
  const hadOthers = (read.routing?.candidates.length ?? 0) > 1;
  const step =
    reason === null || !hadOthers || read.provider === null || candidateAfter(read.routing, read.provider) !== null
      ? null
      : { attempted: read.provider, next: null, reason, providerCode: failureCode };
  const fallback = step === null ? read.fallback : toldFallback(read.fallback, step);
  const news: SubscriptionNews = {
    ...{ type: 'subscription.expired', cause: 'never_begun', actor: `subscription/${read.id}` },
    ...{ detail: `it never began: ${failureCode}`, before: { status: 'incomplete' }, after: { status: 'expired' } },
  };
  return changed(em, read, { ...ended, fallback, opening: restOfOpening(read.opening) }, [news], async (tx, row) => {
    if (step !== null) recordDirectFallback(tx, row, step);
  });
}

export async function linkIts(tx: Db, row: Subscription, truth: SubscriptionTruth): Promise<void> {
  if (row.provider === null) return;
  await linkProviderObjects(tx, row, row.provider, { kind: 'subscription', id: row.id }, [
    { kind: 'subscription', id: truth.providerSubscriptionId },
  ]);
  if (truth.providerCustomerId !== null) await linkProviderCustomer(tx, row, row.provider, truth.providerCustomerId);
}

/** @throws {RowMoved} another attempt is at it: read again */
export function changed(
  em: Db,
  read: Subscription,
  columns: Partial<Subscription>,
  news: readonly SubscriptionNews[],
  within?: (tx: Db, row: Subscription) => Promise<void>,
): Promise<Subscription> {
  return em.fork().transactional(async (tx) => {
    const row = await tx.findOneOrFail(SubscriptionEntity, { id: read.id });
    if (row.version !== read.version) throw new RowMoved();
    tx.assign(row, columns);
    await within?.(tx, row);
    await noteSubscription(tx, row, news);
    return row;
  });
}
