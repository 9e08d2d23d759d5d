import { createHash } from 'node:crypto';
import { canonicalJson } from '../domain/canonical-json.ts';

/** Identity of a request: the same parts in the same order give the same hash. */
export function requestHash(...parts: readonly unknown[]): string {
  return createHash('sha256').update(canonicalJson(parts)).digest('hex');
}
