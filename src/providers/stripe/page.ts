import type { z } from 'zod';
import type { Page, PageQuery } from '../port.ts';
import type { StripeApi, StripeCall } from './client.ts';

interface List<Wire> {
  readonly data: readonly Wire[];
  readonly has_more: boolean;
}

/** Cursors are the last id seen. */
export function pageParams(query: PageQuery): { readonly limit: number; readonly starting_after?: string } {
  const limit = Math.min(100, Math.max(1, query.limit));
  return query.cursor === null ? { limit } : { limit, starting_after: query.cursor };
}

/** @param map May leave items out; the cursor goes by what Stripe sent. */
export function pageOf<Wire extends { readonly id: string }, Item>(
  list: List<Wire>,
  map: (item: Wire) => Item | readonly Item[],
): Page<Item> {
  return { items: list.data.flatMap(map), nextCursor: list.has_more ? (list.data.at(-1)?.id ?? null) : null };
}

export const nothing = { items: [], nextCursor: null } as const;

/** Reads a list to its end, at most `maxPages` of 100. */
export async function everyItem<Schema extends z.ZodType<List<{ readonly id: string }>>>(
  api: StripeApi,
  call: Omit<StripeCall<Schema>, 'send'> & {
    readonly send: (
      stripe: Parameters<StripeCall<Schema>['send']>[0],
      page: { readonly limit: number; readonly starting_after?: string },
      options: Parameters<StripeCall<Schema>['send']>[1],
    ) => Promise<unknown>;
  },
  maxPages = 10,
): Promise<z.output<Schema>['data'][number][]> {
  const found: z.output<Schema>['data'][number][] = [];
  let cursor: string | null = null;
  for (let page = 0; page < maxPages; page += 1) {
    const params = pageParams({ cursor, limit: 100 });
    const list: z.output<Schema> = await api.call({
      ...call,
      send: (stripe, options) => call.send(stripe, params, options),
    });
    found.push(...list.data);
    cursor = list.has_more ? (list.data.at(-1)?.id ?? null) : null;
    if (cursor === null) return found;
  }
  return found;
}
