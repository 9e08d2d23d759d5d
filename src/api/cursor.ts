import { refusal } from './error-codes.ts';

/** Where a list goes on: opaque to callers, the last row's sort key to us. */
export function encodeCursor(...keys: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(keys)).toString('base64url');
}

/**
 * @param shape One `typeof` per sort key.
 * @throws {BillingError} `cursor_invalid`
 */
export function decodeCursor(cursor: string, shape: readonly ('string' | 'number')[]): readonly (string | number)[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    const keys: readonly unknown[] = Array.isArray(parsed) ? parsed : [];
    const isOfShape = (key: unknown, index: number): key is string | number => typeof key === shape[index];
    if (keys.length === shape.length && keys.every(isOfShape)) return keys;
  } catch {
    // Falls through: any other text is no cursor.
  }
  throw refusal('cursor_invalid', 'The cursor is not a next_cursor of this list.');
}

/** Cursor of lists that run by id, newest first. */
export function decodeIdCursor(cursor: string | undefined): string | null {
  return cursor === undefined ? null : String(decodeCursor(cursor, ['string'])[0]);
}

/** Cursor of lists that run by a number the database counts, newest first. */
export function decodeSequenceCursor(cursor: string | undefined): number | null {
  return cursor === undefined ? null : Number(decodeCursor(cursor, ['number'])[0]);
}

/** Cuts a page out of `limit + 1` rows. */
export function toPage<T, R>(
  rows: readonly T[],
  limit: number,
  keysOf: (row: T) => readonly (string | number)[],
  present: (row: T) => R,
): { readonly data: readonly R[]; readonly next_cursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    data: shown.map(present),
    next_cursor: rows.length > limit && last !== undefined ? encodeCursor(...keysOf(last)) : null,
  };
}
