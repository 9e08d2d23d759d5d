import { SubscriptionEntity, type Subscription } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { linkProviderCustomer, linkProviderObjects } from '../db/queries/provider-objects.ts';
import type { DeclineCode } from '../domain/payment/decline.ts';
import type { CustomerStep } from '../domain/subscription/customer-step.ts';
import { firstOpening, type Opening } from '../domain/subscription/opening.ts';
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
  const created: SubscriptionNews = {
    ...{ type: 'subscription.created', cause: 'begun', actor: `subscription/${read.id}` },
    ...{ detail: `asked for at ${read.provider ?? 'nobody'}`, after: { status: 'incomplete' } },
  };
  return changed(em, read, { opening, providerCustomerId }, read.opening === null ? [created] : []);
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
      row.opening = null;
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

/** It never begins: nothing was charged, and the row says why. */
export function keepExpired(
  em: Db,
  read: Subscription,
  failureCode: string,
  failureDetail: Readonly<Record<string, unknown>>,
): Promise<Subscription> {
  const endedAt = new Date();
  return changed(em, read, { status: 'expired', endedAt, failureCode, failureDetail, opening: null }, [
    {
      ...{ type: 'subscription.expired', cause: 'never_begun', actor: `subscription/${read.id}` },
      ...{ detail: `it never began: ${failureCode}`, before: { status: 'incomplete' }, after: { status: 'expired' } },
    },
  ]);
}

export async function linkIts(tx: Db, row: Subscription, truth: SubscriptionTruth): Promise<void> {
  if (row.provider === null) return;
  await linkProviderObjects(tx, row, row.provider, { kind: 'subscription', id: row.id }, [
    { kind: 'subscription', id: truth.providerSubscriptionId },
  ]);
  if (truth.providerCustomerId !== null) await linkProviderCustomer(tx, row, row.provider, truth.providerCustomerId);
}

function changed(
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
