import type { z } from 'zod';
import { BillingError } from '../../domain/errors.ts';
import type { Page, PageQuery } from '../port.ts';
import type { FungiesApi } from './client.ts';
import { subscriptionPage, type FungiesSubscription } from './wire.ts';

export const MAX_TAKE = 100;
/** What is archived between two pages pulls others up: pages that are read for all of them repeat a few. */
export const OVERLAP = 5;
const MAX_PAGES = 40;

export interface SkipCall<Schema extends z.ZodType> {
  readonly operation: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | null>>;
  readonly reply: Schema;
  /** How many of the page before are told again, for readers that take each object once. */
  readonly overlap?: number;
}

/**
 * One page of a list with `skip` and `take`; the cursor is the next `skip`. Newest first: what is new meanwhile makes
 * objects come twice, never skips one. Filters that Fungies does not know are silently ignored, so callers filter again.
 */
export async function readSkipPage<Schema extends z.ZodType, Item>(
  api: FungiesApi,
  call: SkipCall<Schema>,
  query: PageQuery,
  itemsOf: (page: z.output<Schema>) => readonly Item[],
): Promise<Page<Item>> {
  const skip = Math.max(0, Number.parseInt(query.cursor ?? '0', 10) || 0);
  const take = Math.min(Math.max(query.limit, 1), MAX_TAKE);
  const { overlap = 0, ...request } = call;
  const page = await api.call({
    ...request,
    method: 'GET',
    query: { ...call.query, skip, take, orderDirection: 'DESC' },
  });
  const items = itemsOf(page);
  // A short page is the last one: `count` is optional.
  return { items, nextCursor: items.length < take ? null : String(skip + Math.max(1, take - overlap)) };
}

/**
 * All pages, each object once.
 *
 * @throws {BillingError} `provider_list_too_long` (unavailable): an empty answer would be a lie.
 */
export async function readEverything<Schema extends z.ZodType, Item extends { readonly id: string }>(
  api: FungiesApi,
  call: SkipCall<Schema>,
  itemsOf: (page: z.output<Schema>) => readonly Item[],
  isEnough: (found: readonly Item[]) => boolean = () => false,
): Promise<readonly Item[]> {
  const found = new Map<string, Item>();
  let cursor: string | null = null;
  for (let count = 0; count < MAX_PAGES; count += 1) {
    const page: Page<Item> = await readSkipPage(
      api,
      { ...call, overlap: OVERLAP },
      { cursor, limit: MAX_TAKE },
      itemsOf,
    );
    for (const item of page.items) found.set(item.id, item);
    cursor = page.nextCursor;
    if (cursor === null || isEnough(page.items)) return [...found.values()];
  }
  throw tooLong();
}

/** Subscriptions page by cursor. `hasMore` may be absent, so a missing or repeated cursor ends it too. */
export async function readSubscriptionPage(
  api: FungiesApi,
  query: { readonly userId: string | null } & PageQuery,
): Promise<Page<FungiesSubscription>> {
  const take = Math.min(Math.max(query.limit, 1), MAX_TAKE);
  const page = await api.call({
    operation: 'subscriptions.list',
    method: 'GET',
    path: '/subscriptions/list',
    query: { status: 'all', userId: query.userId, cursor: query.cursor, take },
    reply: subscriptionPage,
  });
  const isLast =
    page.hasMore === false ||
    page.cursor == null ||
    page.cursor === '' ||
    page.cursor === query.cursor ||
    page.subscriptions.length < take;
  return {
    items: page.subscriptions.filter(({ userId }) => query.userId === null || userId === query.userId),
    nextCursor: isLast ? null : (page.cursor ?? null),
  };
}

export async function readSubscriptionsOf(api: FungiesApi, userId: string): Promise<readonly FungiesSubscription[]> {
  const found = new Map<string, FungiesSubscription>();
  let cursor: string | null = null;
  for (let count = 0; count < MAX_PAGES; count += 1) {
    const page: Page<FungiesSubscription> = await readSubscriptionPage(api, { userId, cursor, limit: MAX_TAKE });
    for (const item of page.items) found.set(item.id, item);
    cursor = page.nextCursor;
    if (cursor === null) return [...found.values()];
  }
  throw tooLong();
}

function tooLong(): BillingError {
  return new BillingError({
    code: 'provider_list_too_long',
    kind: 'unavailable',
    message: 'The provider has more objects than one look-up reads.',
    details: { provider: 'fungies' },
  });
}
