import type { SubscriptionTruth } from '../../domain/subscription/truth.ts';
import type { FungiesApi } from './client.ts';
import { moneyOf } from './amount.ts';
import { mapSubscription } from './map.ts';
import { paymentsOf } from './read-payments.ts';
import {
  offerReply,
  subscriptionReply,
  type FungiesItem,
  type FungiesOffer,
  type FungiesPayment,
  type FungiesSubscription,
} from './wire.ts';

/** The newest payments that a truth carries. */
const PAYMENTS = 12;

export interface ReadSubscription {
  readonly truth: SubscriptionTruth;
  readonly items: readonly FungiesItem[];
}

/** A printed number may begin with `#`. */
export function subscriptionPath(id: string): string {
  return `/subscriptions/${encodeURIComponent(id.replace(/^#/, ''))}`;
}

/** How much is read of each of many. */
export interface ReadOptions {
  readonly offerOf?: (id: string) => Promise<FungiesOffer | null>;
  /** The newest payment alone, where the subscription's own answer tells it. */
  readonly newestOnly?: boolean;
}

/** The subscription, its lines, the offer for the price, and what was paid for it: three calls. */
export async function readSubscription(
  api: FungiesApi,
  id: string,
  options: ReadOptions = {},
): Promise<ReadSubscription | null> {
  const found = await api.find({
    operation: 'subscriptions.get',
    method: 'GET',
    path: subscriptionPath(id),
    reply: subscriptionReply,
  });
  if (!found) return null;
  const items = found.items ?? [];
  const last = options.newestOnly === true ? found.lastPayment : null;
  return { truth: await truthOf(api, found.subscription, items, { ...options, last: last ?? null }), items };
}

export async function readOffer(api: FungiesApi, id: string): Promise<FungiesOffer | null> {
  const found = await api.find({
    operation: 'offers.get',
    method: 'GET',
    path: `/offers/${encodeURIComponent(id)}`,
    reply: offerReply,
  });
  return found?.offer ?? null;
}

async function truthOf(
  api: FungiesApi,
  subscription: FungiesSubscription,
  items: readonly FungiesItem[],
  { offerOf, last }: ReadOptions & { readonly last: FungiesPayment | null },
): Promise<SubscriptionTruth> {
  const [item] = items;
  const offerId = item?.offer?.id;
  const [offer, payments] = await Promise.all([
    offerId === undefined ? null : (offerOf?.(offerId) ?? readOffer(api, offerId)),
    last ? [last] : allPayments(api, subscription),
  ]);
  const price =
    offerId === undefined
      ? null
      : { providerProductId: offer?.product?.id ?? offer?.productId ?? null, providerPriceId: offerId };
  const quantity = item?.quantity ?? 1;
  const amount = offer
    ? moneyOf(offer.price * quantity, offer.currency)
    : moneyOf(item?.value, item?.currency ?? payments[0]?.currency);
  return mapSubscription(subscription, { amount, price, quantity, payments: payments.slice(0, PAYMENTS) });
}

async function allPayments(api: FungiesApi, { id, userId }: FungiesSubscription): Promise<readonly FungiesPayment[]> {
  return userId == null ? [] : paymentsOf(api, { userId, subscriptionId: id });
}
