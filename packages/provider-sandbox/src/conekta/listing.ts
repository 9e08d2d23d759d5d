import type { ApiRequest } from '../http/answer.ts';
import { invalid } from './errors.ts';

export function embedded(data: object[]): object {
  return { object: 'list', has_more: false, total: data.length, data };
}

/** Newest first, from the id in `next` on (that one included in neither page). */
export function listPage<T extends { id: string }>(
  request: ApiRequest,
  newestFirst: Iterable<T>,
  publicUrl: string,
  keep: (item: T) => boolean,
  show: (item: T) => object,
): object {
  const limitText = request.query.get('limit');
  const limit = limitText === null ? 20 : Number(limitText);
  if (!Number.isInteger(limit) || limit < 1 || limit > 250)
    throw invalid('limit', 'range', 'The limit must be between 1 and 250.', 'El límite debe estar entre 1 y 250.');
  const after = request.query.get('next');
  const before = request.query.get('previous');
  const found: T[] = [];
  let skipping = after !== null;
  for (const item of newestFirst) {
    if (item.id === before) break;
    if (!skipping && keep(item)) found.push(item);
    if (item.id === after) skipping = false;
    if (before === null && found.length > limit) break;
  }
  const window = before === null ? found.slice(0, limit) : found.slice(-limit);
  const hasMore = found.length > limit;
  const link = (name: 'next' | 'previous', id: string | undefined): string | null =>
    id === undefined ? null : `${publicUrl}${request.path}?limit=${limit}&${name}=${id}`;
  return {
    next_page_url: hasMore ? link('next', window.at(-1)?.id) : null,
    previous_page_url: after === null ? null : link('previous', window[0]?.id),
    has_more: hasMore,
    object: 'list',
    data: window.map(show),
  };
}
