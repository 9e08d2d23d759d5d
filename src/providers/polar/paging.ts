import { z } from 'zod';
import { BillingError } from '../../domain/errors.ts';
import type { Budget } from '../http.ts';
import type { JsonApi } from '../json-api.ts';
import type { Page, PageQuery } from '../port.ts';
import { pageOf } from './wire.ts';

/** More is silently cut to this. */
export const MAX_PAGE = 100;

type Query = Readonly<Record<string, string | number | boolean | readonly string[] | null>>;

export interface ListCall<Item extends z.ZodType> {
  readonly operation: string;
  readonly path: string;
  readonly query?: Query;
  readonly item: Item;
  readonly budget?: Budget;
}

/**
 * One page of a list by number. Polar has no cursors: newest first, what is made meanwhile moves the rest towards the
 * end, so that something may come twice but nothing is passed over.
 */
export async function readPage<Item extends z.ZodType>(
  api: JsonApi,
  call: ListCall<Item>,
  query: PageQuery,
): Promise<Page<z.output<Item>>> {
  const { page, limit } = placeOf(query);
  const reply = await api.call({
    operation: call.operation,
    method: 'GET',
    path: call.path,
    query: { ...call.query, page, limit },
    reply: pageOf(call.item),
    ...(call.budget && { budget: call.budget }),
  });
  return { items: reply.items, nextCursor: page < reply.pagination.max_page ? `${page + 1}.${limit}` : null };
}

/** Every item, page after page. For what one customer or one search can have, not for everything sold. */
export async function readAll<Item extends z.ZodType>(
  api: JsonApi,
  call: ListCall<Item>,
): Promise<readonly z.output<Item>[]> {
  const items: z.output<Item>[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<z.output<Item>> = await readPage(api, call, { cursor, limit: MAX_PAGE });
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return items;
}

export function mapPage<From, To>(page: Page<From>, map: (item: From) => To): Page<To> {
  return { items: page.items.map(map), nextCursor: page.nextCursor };
}

export function cursorInvalid(): BillingError {
  return new BillingError({
    code: 'cursor_invalid',
    kind: 'invalid',
    message: 'This cursor is not one of ours: start again without it.',
    details: { provider: 'polar' },
  });
}

/** A cursor is the next page's number and the size that numbers it, whatever limit the caller names by then. */
function placeOf({ cursor, limit }: PageQuery): { readonly page: number; readonly limit: number } {
  if (cursor === null) return { page: 1, limit: Math.min(limit, MAX_PAGE) };
  const match = /^([1-9]\d{0,8})\.([1-9]\d?|100)$/.exec(cursor);
  if (!match) throw cursorInvalid();
  return { page: Number(match[1]), limit: Number(match[2]) };
}
