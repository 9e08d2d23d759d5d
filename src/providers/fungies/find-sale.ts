import type { CheckoutRef } from './checkout-id.ts';
import type { FungiesApi } from './client.ts';
import { linesOf } from './lines.ts';
import { isPaid, namesCheckout, netsOf } from './map.ts';
import { paymentsOf } from './read-payments.ts';
import { readOffer, readSubscription, type ReadSubscription } from './read-subscription.ts';
import type { FungiesItem, FungiesPayment } from './wire.ts';

/** Ours: a link lives for ever, a checkout does not. */
export const LIFETIME_MS = 24 * 3_600_000;
/** How far Fungies' clock may be behind ours. */
const SKEW_MS = 60_000;

export interface Sale {
  readonly payment: FungiesPayment;
  readonly subscription: ReadSubscription | null;
}

/**
 * The payment that a link brought. A sale that names a checkout is that checkout's alone. One that names none is taken
 * only where its lines name our offer, it is our user's, and it was made while the link was open: somebody else's
 * payment is never claimed, at the price of missing one whose lines Fungies does not show. A try that failed, which
 * gives nothing to anybody, is recognised by its sum. Of a user that two organizations share, only what names the
 * checkout is taken.
 */
export async function findSale(api: FungiesApi, ref: CheckoutRef): Promise<Sale | null> {
  const payments = await paymentsOf(api, { userId: ref.userId }, (found) =>
    found.some(({ createdAt }) => (createdAt ?? 0) < ref.createdMs - SKEW_MS),
  );
  const candidates = payments
    .filter(({ createdAt, type }) => (createdAt ?? 0) >= ref.createdMs - SKEW_MS && isFirstOf(type ?? null))
    .toSorted((a, b) => rank(a) - rank(b) || (isPaid(a) ? 1 : -1) * ((a.createdAt ?? 0) - (b.createdAt ?? 0)));
  for (const payment of candidates) {
    const subscription = payment.subscriptionId == null ? null : await readSubscription(api, payment.subscriptionId);
    const items = await linesOf(api, payment, subscription?.items ?? []);
    const isOurs =
      namesCheckout(items, ref) ?? (!ref.isShared && isInTime(payment, ref) && (await fits(api, payment, items, ref)));
    if (isOurs) return { payment, subscription };
  }
  return null;
}

/** Renewals, upgrades and extra charges are not what a link sold. */
function isFirstOf(type: string | null): boolean {
  return type === null || ['one_time', 'subscription_initial', 'claim_free'].includes(type);
}

/** The first that was paid, else what is pending, else the newest try. */
function rank(payment: FungiesPayment): number {
  if (isPaid(payment)) return 0;
  return payment.status === 'PENDING' ? 1 : 2;
}

function isInTime(payment: FungiesPayment, ref: CheckoutRef): boolean {
  return (payment.createdAt ?? Infinity) <= ref.createdMs + LIFETIME_MS;
}

async function fits(
  api: FungiesApi,
  payment: FungiesPayment,
  items: readonly FungiesItem[],
  ref: CheckoutRef,
): Promise<boolean> {
  if (items.length > 0) return items.some(({ offer }) => offer?.id === ref.offerId);
  if (rank(payment) !== 2) return false;
  const offer = await readOffer(api, ref.offerId);
  return offer !== null && netsOf(payment).some((net) => net > 0 && net % offer.price === 0);
}
