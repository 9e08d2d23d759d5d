import type { Page } from '../port.ts';
import type { ChangeFact, ChangeOperations } from '../port-records.ts';
import type { FungiesApi } from './client.ts';
import { readCharge } from './read-charge.ts';
import { isoFromMs, userOf } from './map.ts';
import { OVERLAP, readSkipPage, readSubscriptionPage } from './paging.ts';
import { paymentPage, type FungiesPayment, type FungiesSubscription } from './wire.ts';

const DAY_MS = 86_400_000;
/** Nothing tells when a payment's status changed: those made this long before are told again. */
const OVERLAP_MS = 31 * DAY_MS;
const SUBSCRIPTIONS = 'subscriptions:';

type Query = Parameters<ChangeOperations['list']>[0];

/**
 * Payments by their day, with an overlap, then subscriptions: whoever is alive may have changed, because they carry no
 * time of change either. Readers take each object's truth anew, so that telling one twice does no harm. Refunds of
 * older payments come by webhook only.
 */
export function createFungiesChanges(api: FungiesApi): ChangeOperations {
  return {
    horizonMs: 365 * DAY_MS,
    charge: (id) => readCharge(api, id),
    list: (query) =>
      query.cursor?.startsWith(SUBSCRIPTIONS) === true ? subscriptionChanges(api, query) : paymentChanges(api, query),
  };
}

async function paymentChanges(api: FungiesApi, query: Query): Promise<Page<ChangeFact>> {
  const page = await readSkipPage(
    api,
    { operation: 'payments.list', path: '/payments/list', reply: paymentPage, overlap: OVERLAP },
    query,
    ({ payments }) => payments,
  );
  const from = Date.parse(query.since) - OVERLAP_MS;
  const isOver = (page.items.at(-1)?.createdAt ?? from) < from && isNewestFirst(page.items);
  const items = page.items
    .filter(({ createdAt }) => (createdAt ?? 0) >= from && (createdAt ?? 0) < Date.parse(query.until))
    .map((payment) => paymentChange(payment, query));
  return { items, nextCursor: (isOver ? null : page.nextCursor) ?? SUBSCRIPTIONS };
}

async function subscriptionChanges(api: FungiesApi, query: Query): Promise<Page<ChangeFact>> {
  const cursor = query.cursor?.slice(SUBSCRIPTIONS.length) ?? '';
  const page = await readSubscriptionPage(api, {
    userId: null,
    cursor: cursor === '' ? null : cursor,
    limit: query.limit,
  });
  const items = page.items
    .filter((subscription) => mayHaveChanged(subscription, query))
    .map((subscription) => subscriptionChange(subscription, query));
  return { items, nextCursor: page.nextCursor === null ? null : `${SUBSCRIPTIONS}${page.nextCursor}` };
}

function mayHaveChanged(subscription: FungiesSubscription, query: Query): boolean {
  const [since, until] = [Date.parse(query.since), Date.parse(query.until)];
  if ((subscription.createdAt ?? 0) >= until) return false;
  if (subscription.status !== 'canceled' && subscription.status !== 'incomplete_expired') return true;
  const endedMs = Math.max(subscription.canceledAt ?? 0, subscription.currentIntervalEnd ?? 0);
  return endedMs >= since;
}

function paymentChange(payment: FungiesPayment, query: Query): ChangeFact {
  const userId = userOf(payment);
  return {
    about: 'charge',
    charge: payment.id,
    objectKind: 'payment',
    objectId: payment.id,
    checkoutId: null,
    related: [
      ...(payment.subscriptionId ? [{ kind: 'subscription', id: payment.subscriptionId }] : []),
      ...(payment.orderId ? [{ kind: 'order', id: payment.orderId }] : []),
      ...(userId ? [{ kind: 'customer', id: userId }] : []),
    ],
    changedAt: withinOrStart(payment.createdAt, query),
  };
}

function subscriptionChange(subscription: FungiesSubscription, query: Query): ChangeFact {
  const times = [subscription.canceledAt, subscription.currentIntervalStart, subscription.createdAt];
  const known = times.find((time) => time != null && time < Date.parse(query.until));
  return {
    about: 'subscription',
    charge: null,
    objectKind: 'subscription',
    objectId: subscription.id,
    checkoutId: null,
    related: [
      ...(subscription.orderId ? [{ kind: 'order', id: subscription.orderId }] : []),
      ...(subscription.userId ? [{ kind: 'customer', id: subscription.userId }] : []),
    ],
    changedAt: withinOrStart(known, query),
  };
}

/** What is told again for the overlap's sake changed no earlier than the asked time, as far as anybody knows. */
function withinOrStart(ms: number | null | undefined, query: Query): string {
  const since = Date.parse(query.since);
  return isoFromMs(Math.max(ms ?? 0, since)) ?? query.since;
}

function isNewestFirst(payments: readonly FungiesPayment[]): boolean {
  return payments.every(
    (payment, index) => index === 0 || (payment.createdAt ?? 0) <= (payments[index - 1]?.createdAt ?? 0),
  );
}
