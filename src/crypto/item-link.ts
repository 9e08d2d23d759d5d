import { createHash, randomBytes } from 'node:crypto';
import type { KeyRing } from './key-ring.ts';

/** What opens the page of one customer's move: the bearer's credential, so only its hash is stored. */
export interface ItemToken {
  readonly token: string;
  /** SHA-256, in hex. */
  readonly hash: string;
}

const kind = 'migration-item';

/**
 * Makes a link's token. With a key ring it is sealed, so that every notice's link stays good until its end; without one it
 * is random, and only the newest notice's is known.
 */
export function sealItemToken(keyRing: KeyRing | null, itemId: string, untilMs: number): ItemToken {
  const claim = [kind, itemId, Math.floor(untilMs / 1_000)].join('|');
  const bytes = keyRing === null ? randomBytes(32) : keyRing.encrypt(Buffer.from(claim));
  const token = bytes.toString('base64url');
  return { token, hash: hashItemToken(token) };
}

export function hashItemToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** @returns the item's id; null: not sealed by us, changed, or run out. */
export function openItemToken(keyRing: KeyRing | null, token: string, nowMs: number): string | null {
  if (keyRing === null || token.length > 400) return null;
  try {
    const claim = keyRing.decrypt(Buffer.from(token, 'base64url')).toString('utf8');
    const [what, itemId, until] = claim.split('|');
    if (what !== kind || itemId === undefined) return null;
    return Number(until) * 1_000 > nowMs ? itemId : null;
  } catch {
    return null; // any other bytes
  }
}
