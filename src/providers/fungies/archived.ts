import type { z } from 'zod';
import type { FungiesApi } from './client.ts';
import { readEverything, type SkipCall } from './paging.ts';

/**
 * Whether an object is archived. The document shows no mark of it on the object itself: lists leave the archived out
 * unless `withArchived` asks for them, so what is only in the latter is.
 */
export async function isOnlyAmongArchived<Schema extends z.ZodType>(
  api: FungiesApi,
  call: SkipCall<Schema>,
  itemsOf: (page: z.output<Schema>) => readonly { readonly id: string }[],
  id: string,
): Promise<boolean> {
  const isIn = (found: readonly { readonly id: string }[]): boolean => found.some((listed) => listed.id === id);
  const isListed = async (query: SkipCall<Schema>['query']): Promise<boolean> =>
    isIn(await readEverything(api, { ...call, query: { ...call.query, ...query } }, itemsOf, isIn));
  return !(await isListed({})) && (await isListed({ withArchived: true }));
}
