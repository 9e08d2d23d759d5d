import type { ApiRequest } from '../http/answer.ts';
import { PolarFailure } from './errors.ts';

function positive(request: ApiRequest, name: string, fallback: number): number {
  const text = request.query.get(name);
  if (text === null) return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new PolarFailure(422, {
    error: 'RequestValidationError',
    detail: [{ type: 'greater_than', loc: ['query', name], msg: 'Input should be greater than 0', input: text }],
  });
}

/** Every value of `metadata[key]=…` in the query must match. */
function metadataMatches(request: ApiRequest, metadata: Record<string, unknown>): boolean {
  for (const [key, value] of request.query) {
    const name = /^metadata\[(.+)\]$/.exec(key)?.[1];
    if (name !== undefined && String(metadata[name]) !== value) return false;
  }
  return true;
}

/** `sorting=-created_at,name`: the first field that differs decides; a minus turns it around. */
function compare(sorting: readonly string[], left: object, right: object): number {
  for (const key of sorting) {
    const name = key.replace(/^-/, '');
    const [one, other] = [left, right].map((doc): unknown => Object.getOwnPropertyDescriptor(doc, name)?.value);
    if (one === other) continue;
    const isLess = typeof one === 'number' && typeof other === 'number' ? one < other : String(one) < String(other);
    return isLess === key.startsWith('-') ? 1 : -1;
  }
  return 0;
}

interface Listed {
  created_at: string;
  metadata?: Record<string, unknown>;
}

/** Repeated query keys are alternatives. */
export function oneOf(request: ApiRequest, name: string, value: unknown): boolean {
  const wanted = request.query.getAll(name);
  return wanted.length === 0 || wanted.includes(String(value));
}

export function listPage<T extends Listed, S>(
  request: ApiRequest,
  newestFirst: Iterable<T>,
  keep: (item: T) => boolean,
  show: (item: T) => S,
): { items: S[]; pagination: { total_count: number; max_page: number } } {
  const limit = Math.min(positive(request, 'limit', 10), 100);
  const page = positive(request, 'page', 1);
  const found: T[] = [];
  for (const item of newestFirst) if (keep(item) && metadataMatches(request, item.metadata ?? {})) found.push(item);
  const sorting = request.query.getAll('sorting').flatMap((text) => text.split(','));
  if (sorting.length > 0) found.sort((left, right) => compare(sorting, left, right));
  return {
    items: found.slice((page - 1) * limit, page * limit).map(show),
    pagination: { total_count: found.length, max_page: Math.ceil(found.length / limit) },
  };
}
