import { z } from 'zod';
import type { PageQuery } from '../port.ts';
import { cursorInvalid, MAX_PAGE } from './paging.ts';

export const STAGES = ['orders', 'refunds', 'subscriptions', 'ended', 'checkouts', 'disputes'] as const;

/** How far a walk over the lists has come. */
const position = z.object({
  stage: z.enum(STAGES),
  page: z.int().positive(),
  /** Pages are numbered by it, so it stays what it was on the first. */
  limit: z.int().positive().max(MAX_PAGE),
  /** How many there were when the page before was read; null on the first. */
  total: z.int().nonnegative().nullable(),
});

export type Position = z.output<typeof position>;

export function writeCursor(at: Position | null): string | null {
  return at && Buffer.from(JSON.stringify(at)).toString('base64url');
}

/** @throws {BillingError} `cursor_invalid` (invalid). */
export function readCursor({ cursor, limit }: PageQuery): Position {
  if (cursor === null) return { stage: STAGES[0], page: 1, limit: Math.min(limit, MAX_PAGE), total: null };
  try {
    return position.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    throw cursorInvalid();
  }
}

/** Where to go on after a page: the next one, or the next list; null at the end of the last. */
export function after(at: Position, read: { readonly isLast: boolean; readonly total: number }): Position | null {
  // What left the list while we walked it moved the rest up, onto pages that we have read: back by as many.
  const missed = at.total === null ? 0 : Math.max(0, at.total - read.total);
  if (missed > 0) {
    return { ...at, page: Math.max(1, at.page - Math.ceil(missed / at.limit)), total: read.total };
  }
  if (!read.isLast) return { ...at, page: at.page + 1, total: read.total };
  const next = STAGES[STAGES.indexOf(at.stage) + 1];
  return next === undefined ? null : { ...at, stage: next, page: 1, total: null };
}
