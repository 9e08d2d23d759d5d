import type { z } from 'zod';
import { BillingError } from '../../domain/errors.ts';
import type { Budget } from '../http.ts';
import type { JsonApi } from '../json-api.ts';
import type { Page, PageQuery } from '../port.ts';

/** The largest page that Conekta gives. */
export const MAX_PAGE = 250;
/** Beyond this a look-up gives up rather than read the whole account. */
const MAX_PAGES = 20;

interface WirePage<Item> {
  readonly data: readonly Item[];
  readonly has_more?: boolean | null | undefined;
}

/** `next` names the last object of the page before. */
export function nextCursorOf(page: WirePage<{ readonly id: string }>): string | null {
  return page.has_more === true ? (page.data.at(-1)?.id ?? null) : null;
}

export function pageParams(query: PageQuery): { readonly limit: number; readonly next: string | null } {
  return { limit: Math.min(Math.max(query.limit, 1), MAX_PAGE), next: query.cursor };
}

export function toPage<Wire extends { readonly id: string }, Item>(
  page: WirePage<Wire>,
  items: readonly Item[],
): Page<Item> {
  return { items, nextCursor: nextCursorOf(page) };
}

export interface ListCall<Schema extends z.ZodType> {
  readonly operation: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | null>>;
  readonly reply: Schema;
}

/**
 * All items of a list that `keep` wants; ends early once `isEnough` says so.
 *
 * @throws {BillingError} `provider_list_too_long` (unavailable): what was looked for may be further on, so that an
 *   empty answer would be a lie.
 */
export async function readAll<Item extends { readonly id: string }>(
  api: JsonApi,
  call: ListCall<z.ZodType<WirePage<Item>>>,
  budget: Budget,
  keep: (item: Item) => boolean = () => true,
  isEnough: (found: readonly Item[]) => boolean = () => false,
): Promise<readonly Item[]> {
  const found: Item[] = [];
  let next: string | null = null;
  for (let count = 0; count < MAX_PAGES; count += 1) {
    const page: WirePage<Item> = await api.call({
      ...call,
      method: 'GET',
      query: { ...call.query, limit: MAX_PAGE, next },
      budget,
    });
    found.push(...page.data.filter(keep));
    next = nextCursorOf(page);
    if (next === null || isEnough(found)) return found;
  }
  throw new BillingError({
    code: 'provider_list_too_long',
    kind: 'unavailable',
    message: 'The provider has more objects than one look-up reads: ask for a shorter time.',
    details: { provider: 'conekta' },
  });
}
