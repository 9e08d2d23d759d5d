import type { Answer, ApiRequest } from '../http/answer.ts';
import { invalid, success } from './errors.ts';

const DEFAULT_TAKE = 10;
const MAX_TAKE = 100;

function wholeOf(request: ApiRequest, name: string, fallback: number, max: number): number {
  const text = request.query.get(name);
  if (text === null) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > max) throw invalid(`${name}: must be between 0 and ${max}`);
  return value;
}

export const takeOf = (request: ApiRequest): number => wholeOf(request, 'take', DEFAULT_TAKE, MAX_TAKE);

/**
 * Values of an array filter. `types[]=A` and `types=A` are read; percent-encoded brackets, as `URLSearchParams` writes
 * them, are another parameter to the real API and are ignored.
 */
export function arrayFilter(request: ApiRequest, name: string): string[] | null {
  const values: string[] = [];
  for (const pair of request.search.replace(/^\?/, '').split('&')) {
    const at = pair.indexOf('=');
    const key = at < 0 ? pair : pair.slice(0, at);
    if (key !== name && key !== `${name}[]`) continue;
    values.push(...decodeURIComponent(pair.slice(at + 1).replaceAll('+', ' ')).split(','));
  }
  return values.length === 0 ? null : values;
}

/** Whether the document passes every given single-valued filter. */
export function matches(request: ApiRequest, filters: Record<string, string | null | undefined>): boolean {
  return Object.entries(filters).every(([name, value]) => {
    const wanted = request.query.get(name);
    return wanted === null || wanted === '' || wanted === value;
  });
}

export function matchesTerm(request: ApiRequest, texts: readonly (string | null | undefined)[]): boolean {
  const term = request.query.get('term')?.toLowerCase() ?? '';
  return term === '' || texts.some((text) => text?.toLowerCase().includes(term));
}

/** `skip` and `take` over what `keep` lets through, newest first unless `orderDirection=ASC`. */
export function listPage<T>(
  request: ApiRequest,
  name: string,
  source: { all: () => T[]; keep: (document: T) => boolean; show: (document: T) => object },
): Answer {
  const found = source.all().filter(source.keep);
  if (request.query.get('orderDirection') !== 'ASC') found.reverse();
  const skip = wholeOf(request, 'skip', 0, Number.MAX_SAFE_INTEGER);
  const rows = found.slice(skip, skip + takeOf(request)).map(source.show);
  const counted = request.query.get('returnCount') === 'false' ? {} : { count: found.length };
  return success({ [name]: rows, ...counted });
}

export function isShown(request: ApiRequest, document: { archivedAt: number | null }): boolean {
  return document.archivedAt === null || request.query.get('withArchived') === 'true';
}

/** Newest first after `cursor`, which is the last id seen. `hasMore` stands only when true, as its absence is allowed. */
export function cursorPage<T extends { id: string }>(
  request: ApiRequest,
  name: string,
  source: { newestFirst: Iterable<T>; keep: (document: T) => boolean; show: (document: T) => object },
): Answer {
  const take = takeOf(request);
  const cursor = request.query.get('cursor');
  const rows: T[] = [];
  let count = 0;
  let passed = cursor === null || cursor === '';
  for (const document of source.newestFirst) {
    if (!source.keep(document)) continue;
    count += 1;
    if (passed && rows.length <= take) rows.push(document);
    if (document.id === cursor) passed = true;
  }
  const shown = rows.slice(0, take);
  const hasMore = rows.length > take;
  return success({
    [name]: shown.map(source.show),
    cursor: hasMore ? (shown.at(-1)?.id ?? null) : null,
    count,
    ...(hasMore ? { hasMore } : {}),
  });
}
