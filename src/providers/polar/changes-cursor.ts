import { z } from 'zod';
import { cursorInvalid } from './paging.ts';

export const STAGES = ['orders', 'refunds', 'subscriptions', 'ended', 'checkouts', 'disputes'] as const;

/** How far a walk over the lists has come. */
const position = z.object({
  stage: z.enum(STAGES),
  page: z.int().positive(),
  /** How many there were when the page before was read; null on the first. */
  total: z.int().nonnegative().nullable(),
});

export type Position = z.output<typeof position>;

export function writeCursor(at: Position | null): string | null {
  return at && Buffer.from(JSON.stringify(at)).toString('base64url');
}

/** @throws {BillingError} `cursor_invalid` (invalid). */
export function readCursor(cursor: string | null): Position {
  if (cursor === null) return { stage: STAGES[0], page: 1, total: null };
  try {
    return position.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    throw cursorInvalid();
  }
}

/** Where to go on after a page: the next one, or the next list; null at the end of the last. */
export function after(at: Position, read: { readonly isLast: boolean; readonly total: number }): Position | null {
  if (!read.isLast) {
    // Something left the list while we walked it, and the rest moved up: the same page again, so that none is missed.
    const hasShrunk = at.total !== null && read.total < at.total;
    return { stage: at.stage, page: hasShrunk ? at.page : at.page + 1, total: read.total };
  }
  const next = STAGES[STAGES.indexOf(at.stage) + 1];
  return next === undefined ? null : { stage: next, page: 1, total: null };
}
