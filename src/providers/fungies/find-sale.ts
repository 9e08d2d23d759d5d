import type { CheckoutRef } from './checkout-id.ts';
import type { FungiesApi } from './client.ts';
import { isPaid, namesCheckout } from './map.ts';
import { paymentsOf } from './read-payments.ts';
import { readOffer, readSubscription, type ReadSubscription } from './read-subscription.ts';
import { inventoryReply, orderReply, type FungiesItem, type FungiesPayment } from './wire.ts';

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
 * gives nothing to anybody, is recognised by its sum.
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
    const items = await linesOf(api, payment, subscription);
    const isOurs = namesCheckout(items, ref) ?? (isInTime(payment, ref) && (await fits(api, payment, items, ref)));
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

/** Whether tax is on top of the price or in it is the store's setting. */
function netsOf(payment: FungiesPayment): readonly number[] {
  return [payment.value, payment.value - (payment.tax ?? 0)];
}

/**
 * The lines of a payment, from wherever Fungies shows them: itself, its subscription, its order, or, for what was
 * bought once and paid, the user's inventory, whose lines are matched by their sum.
 */
async function linesOf(
  api: FungiesApi,
  payment: FungiesPayment,
  subscription: ReadSubscription | null,
): Promise<readonly FungiesItem[]> {
  if (payment.items?.length) return payment.items;
  if (subscription && subscription.items.length > 0) return subscription.items;
  const ofOrder = await orderLines(api, payment.orderId ?? null);
  if (ofOrder.length > 0 || !isPaid(payment) || payment.userId == null) return ofOrder;
  return linesWorth(await inventoryOf(api, payment.userId), netsOf(payment));
}

/** Lines of exactly the sum; where none is, those that a discount may have brought down to it. */
function linesWorth(items: readonly FungiesItem[], nets: readonly number[]): readonly FungiesItem[] {
  const sumsOf = ({ value, quantity }: FungiesItem): readonly number[] => [
    value ?? NaN,
    (value ?? NaN) * (quantity ?? 1),
  ];
  const exact = items.filter((item) => sumsOf(item).some((sum) => nets.includes(sum)));
  return exact.length > 0 ? exact : items.filter((item) => sumsOf(item).some((sum) => sum > Math.min(...nets)));
}

async function orderLines(api: FungiesApi, orderId: string | null): Promise<readonly FungiesItem[]> {
  if (orderId === null) return [];
  const found = await api.find({
    operation: 'orders.get',
    method: 'GET',
    path: `/orders/${encodeURIComponent(orderId)}`,
    reply: orderReply,
  });
  return found?.items ?? found?.order.items ?? [];
}

async function inventoryOf(api: FungiesApi, userId: string): Promise<readonly FungiesItem[]> {
  const found = await api.find({
    operation: 'customers.inventory',
    method: 'GET',
    path: `/users/${encodeURIComponent(userId)}/inventory`,
    reply: inventoryReply,
  });
  return found?.inventory ?? found?.items ?? [];
}
