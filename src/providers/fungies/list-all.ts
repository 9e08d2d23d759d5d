import type { SubscriptionTruth } from '../../domain/subscription/truth.ts';
import type { Page, PageQuery } from '../port.ts';
import type { FungiesApi } from './client.ts';
import { readSubscriptionPage } from './paging.ts';
import { readOffer, readSubscription } from './read-subscription.ts';
import type { FungiesOffer } from './wire.ts';

/** Each subscription of a page is read by itself, for its lines. */
const MOST = 50;
/** Side by side: Fungies publishes no limit and is asked gently. */
const ABREAST = 5;

/**
 * One page of the whole account. Each is read for its lines, an offer once per page, and instead of all payments only
 * the last one.
 */
export async function listEverySubscription(api: FungiesApi, query: PageQuery): Promise<Page<SubscriptionTruth>> {
  const page = await readSubscriptionPage(api, {
    ...{ userId: null, cursor: query.cursor, limit: Math.min(query.limit, MOST) },
  });
  const offers = new Map<string, Promise<FungiesOffer | null>>();
  const offerOf = (id: string): Promise<FungiesOffer | null> => {
    const offer = offers.get(id) ?? readOffer(api, id);
    offers.set(id, offer);
    return offer;
  };
  const items: SubscriptionTruth[] = [];
  for (let from = 0; from < page.items.length; from += ABREAST) {
    const read = await Promise.all(
      page.items.slice(from, from + ABREAST).map(({ id }) => readSubscription(api, id, { offerOf, newestOnly: true })),
    );
    items.push(...read.flatMap((found) => found?.truth ?? []));
  }
  return { items, nextCursor: page.nextCursor };
}
