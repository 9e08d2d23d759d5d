import type { Notice } from './render-portal.ts';
import type { Words } from './words.ts';

/** Where a form leads: back to the page, which then says what came of it. */
export function withNotice(path: string, notice: { readonly done: string } | { readonly failed: string }): string {
  return `${path}?${new URLSearchParams(notice).toString()}`;
}

/** Only what we have words for is said: the address is anybody's to write. */
export function noticeOf(words: Words, query: Readonly<Record<string, unknown>>): Notice | null {
  const done: Readonly<Record<string, string>> = words.done;
  const failures: Readonly<Record<string, string>> = words.failures;
  const told = query['done'];
  if (typeof told === 'string' && Object.hasOwn(done, told)) return { isGood: true, text: done[told] ?? '' };
  const failed = query['failed'];
  if (typeof failed !== 'string') return null;
  const text = Object.hasOwn(failures, failed) ? failures[failed] : undefined;
  return { isGood: false, text: text ?? words.failed };
}
