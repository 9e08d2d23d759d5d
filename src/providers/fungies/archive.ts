import { z } from 'zod';
import type { Page } from '../port.ts';
import type { AccountArchiveOperations } from '../port-records.ts';
import type { FungiesApi } from './client.ts';
import { MAX_TAKE, OVERLAP, readSkipPage } from './paging.ts';

/** By `skip` and `take`. Subscriptions have a cursor. */
const SKIPPED = ['users', 'payments', 'orders', 'products', 'offers', 'discounts'] as const;
const SUBSCRIPTIONS = 'subscriptions';

const record = z.looseObject({ id: z.string() });
type ArchiveRecord = z.output<typeof record>;

/** Whole lists, page by page, every field as Fungies gave it: nothing is left out that we do not understand. */
export function createFungiesArchive(api: FungiesApi): AccountArchiveOperations {
  return {
    sections: () => ['users', SUBSCRIPTIONS, ...SKIPPED.slice(1)],
    async list({ section, ...query }) {
      const page = section === SUBSCRIPTIONS ? await subscriptionPage(api, query) : await skipPage(api, section, query);
      return { items: page.items.map((each) => ({ id: each.id, record: each })), nextCursor: page.nextCursor };
    },
  };
}

type Query = Omit<Parameters<AccountArchiveOperations['list']>[0], 'section'>;

async function skipPage(api: FungiesApi, section: string, query: Query): Promise<Page<ArchiveRecord>> {
  return readSkipPage(
    api,
    {
      operation: `${section}.list`,
      path: `/${section}/list`,
      query: { withArchived: true },
      reply: z.record(z.string(), z.unknown()),
      overlap: OVERLAP,
    },
    query,
    (page) => z.array(record).parse(page[section] ?? []),
  );
}

async function subscriptionPage(api: FungiesApi, { cursor, limit }: Query): Promise<Page<ArchiveRecord>> {
  const take = Math.min(Math.max(limit, 1), MAX_TAKE);
  const page = await api.call({
    operation: 'subscriptions.list',
    method: 'GET',
    path: '/subscriptions/list',
    query: { status: 'all', cursor, take },
    reply: z.object({
      subscriptions: z.array(record),
      cursor: z.string().nullish(),
      hasMore: z.boolean().nullish(),
    }),
  });
  // `hasMore` may be absent, and a cursor may repeat.
  const next = page.cursor ?? '';
  const isLast = page.hasMore === false || next === '' || next === cursor || page.subscriptions.length < take;
  return { items: page.subscriptions, nextCursor: isLast ? null : next };
}
