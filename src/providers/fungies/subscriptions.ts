import type { SubscriptionTruth } from '../../domain/subscription/truth.ts';
import { asUnknown, notSupported, OutcomeUnknownError, rejected } from '../failures.ts';
import type { MoneyResult } from '../port-money.ts';
import type { ChangeSubscriptionInput, SubscriptionOperations } from '../port-subscriptions.ts';
import { unixFromIso } from '../wire-time.ts';
import type { FungiesApi } from './client.ts';
import { isAnothers } from './map.ts';
import { readSubscriptionPage } from './paging.ts';
import { readUser } from './read-user.ts';
import { listEverySubscription } from './list-all.ts';
import { readSubscription, subscriptionPath, type ReadSubscription } from './read-subscription.ts';
import { doneReply } from './wire.ts';

/** Each subscription of a page is read by itself, for its lines. */
const LIST_LIMIT = 10;

const ENDED = new Set<SubscriptionTruth['status']>(['canceled', 'expired']);

/** Writes answer `{success:true}` only: each is followed by a read, and only that counts. */
export function createFungiesSubscriptions(api: FungiesApi) {
  return {
    async get({ providerSubscriptionId }) {
      return (await readSubscription(api, providerSubscriptionId))?.truth ?? null;
    },
    async list(query) {
      const page = await readSubscriptionPage(api, {
        userId: query.providerCustomerId,
        cursor: query.cursor,
        limit: Math.min(query.limit, LIST_LIMIT),
      });
      const [user, read] = await Promise.all([
        readUser(api, query.providerCustomerId),
        Promise.all(page.items.map(({ id }) => readSubscription(api, id))),
      ]);
      // Sold to the same e-mail for another organization.
      const own = read.filter((found) => found !== null && !isAnothers(found.items, user?.internalId ?? null));
      return { items: own.flatMap((found) => found?.truth ?? []), nextCursor: page.nextCursor };
    },
    listAll: (query) => listEverySubscription(api, query),
    cancel: (input) => cancelSubscription(api, input.providerSubscriptionId, input.when),
    async pause(input) {
      if (input.when !== 'now') throw notSupported('fungies', 'pause at the end of a period');
      const { truth } = await mustRead(api, input.providerSubscriptionId);
      if (truth.status === 'paused' || ENDED.has(truth.status)) return truth;
      await api.call({
        operation: 'subscriptions.pause',
        method: 'PATCH',
        path: `${subscriptionPath(input.providerSubscriptionId)}/pauseCollection`,
        body: {
          invoicingBehavior: 'void',
          resumeAt: input.resumesAt === null ? null : unixFromIso(input.resumesAt),
        },
        reply: doneReply,
      });
      return (await mustRead(api, input.providerSubscriptionId)).truth;
    },
    change: (input) => changeSubscription(api, input).catch(asUnknown),
  } satisfies SubscriptionOperations;
}

/**
 * Ends it, now or with the period. Both fields are always sent: their defaults, and so an empty or misspelled body,
 * cancel at once. There is no way back, so it is read first and believed only when read again.
 *
 * @throws {OutcomeUnknownError} when the answer was lost, or the subscription still runs on after it.
 */
export async function cancelSubscription(
  api: FungiesApi,
  id: string,
  when: 'now' | 'period_end',
): Promise<SubscriptionTruth> {
  const isDone = (truth: SubscriptionTruth): boolean =>
    ENDED.has(truth.status) || (when === 'period_end' && truth.cancelAtPeriodEnd);
  const before = (await mustRead(api, id)).truth;
  if (isDone(before)) return before;
  await api.call({
    operation: 'subscriptions.cancel',
    method: 'PATCH',
    path: `${subscriptionPath(id)}/cancel`,
    body:
      when === 'period_end'
        ? { cancelAtIntervalEnd: true, cancelOption: 'endInterval' }
        : { cancelAtIntervalEnd: false, cancelOption: 'immediately' },
    reply: doneReply,
  });
  const after = (await mustRead(api, id)).truth;
  if (isDone(after)) return after;
  throw new OutcomeUnknownError('api_error', {
    provider: 'fungies',
    status: 200,
    providerCode: 'cancel_not_confirmed',
  });
}

/** No difference is ever settled: `none` is the only documented mode. */
async function changeSubscription(
  api: FungiesApi,
  input: ChangeSubscriptionInput,
): Promise<MoneyResult<SubscriptionTruth>> {
  if (input.when !== 'now') throw notSupported('fungies', 'change at the end of a period');
  if (input.proration !== 'none') throw notSupported('fungies', 'settle the difference of a change');
  const id = input.providerSubscriptionId;
  const before = await mustRead(api, id);
  const [item] = before.items;
  const offerId = input.price?.providerPriceId ?? item?.offer?.id;
  if (offerId === undefined) throw notSupported('fungies', 'change a subscription without an offer');
  const quantity = input.quantity ?? before.truth.quantity;
  const isThere = (read: ReadSubscription): boolean =>
    read.items[0]?.offer?.id === offerId && read.truth.quantity === quantity;
  if (isThere(before)) return { outcome: 'succeeded', value: before.truth };
  await api.call({
    operation: 'subscriptions.update',
    method: 'PATCH',
    path: `${subscriptionPath(id)}/update`,
    body: { prorationBehavior: 'none', items: [{ offerId, quantity }] },
    reply: doneReply,
  });
  const after = await mustRead(api, id);
  if (isThere(after)) return { outcome: 'succeeded', value: after.truth };
  return { outcome: 'unknown', reason: 'api_error', providerCode: 'change_not_confirmed' };
}

async function mustRead(api: FungiesApi, id: string): Promise<ReadSubscription> {
  const found = await readSubscription(api, id);
  if (found) return found;
  throw rejected({ provider: 'fungies', status: 404, providerCode: null });
}
