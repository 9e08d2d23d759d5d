import type { ListOf } from './objects.ts';
import { invalid } from './errors.ts';

interface PageParams {
  limit?: number | undefined;
  starting_after?: string | undefined;
  ending_before?: string | undefined;
}

type Range =
  number | { gt?: number | undefined; gte?: number | undefined; lt?: number | undefined; lte?: number | undefined };

export function inRange(value: number, range: Range | undefined): boolean {
  if (range === undefined) return true;
  if (typeof range === 'number') return value === range;
  const { gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity } = range;
  return value > gt && value >= gte && value < lt && value <= lte;
}

function limitOf(page: PageParams): number {
  const limit = page.limit ?? 10;
  if (limit < 1 || limit > 100) throw invalid('Invalid limit: must be between 1 and 100', { param: 'limit' });
  return limit;
}

/** Newest first; `starting_after` goes on after that id, `ending_before` stops before it. */
export function listPage<T extends { id: string }>(
  newestFirst: Iterable<T>,
  url: string,
  page: PageParams,
  keep: (item: T) => boolean = () => true,
): ListOf<T> {
  const limit = limitOf(page);
  const found: T[] = [];
  let skipping = page.starting_after !== undefined;
  for (const item of newestFirst) {
    if (page.ending_before === item.id) break;
    if (!skipping && keep(item)) found.push(item);
    if (item.id === page.starting_after) skipping = false;
    if (page.ending_before === undefined && found.length > limit) break;
  }
  const window = page.ending_before === undefined ? found.slice(0, limit) : found.slice(-limit);
  return { object: 'list', data: window, has_more: found.length > limit, url };
}
