import { createHash } from 'node:crypto';

/** All that `get` needs to find a sale, because Fungies keeps no session. No personal data: it is stored and logged. */
export interface CheckoutRef {
  readonly checkoutId: string;
  readonly offerId: string;
  readonly userId: string;
  readonly createdMs: number;
  /** The user is another organization's with the same e-mail: only a sale that names this checkout is its own. */
  readonly isShared: boolean;
}

const SEPARATOR = '~';
const SHARED = 'shared';
const CHECK_LENGTH = 10;

/** `<checkout>~<offer>~<user>~<created, ms>[~shared]~<check>`. The check tells a mistyped id from one of ours. */
export function writeCheckoutId(ref: CheckoutRef): string {
  const parts = [ref.checkoutId, ref.offerId, ref.userId, String(ref.createdMs), ...(ref.isShared ? [SHARED] : [])];
  const body = parts.join(SEPARATOR);
  return `${body}${SEPARATOR}${checkOf(body)}`;
}

/** @returns null for what `writeCheckoutId` did not write. */
export function readCheckoutId(id: string): CheckoutRef | null {
  const [checkoutId, offerId, userId, created, ...rest] = id.split(SEPARATOR);
  const createdMs = Number(created);
  if (!checkoutId || !offerId || !userId || !Number.isSafeInteger(createdMs)) return null;
  const ref = { checkoutId, offerId, userId, createdMs, isShared: rest[0] === SHARED };
  return writeCheckoutId(ref) === id ? ref : null;
}

function checkOf(body: string): string {
  return createHash('sha256').update(body).digest('hex').slice(0, CHECK_LENGTH);
}
