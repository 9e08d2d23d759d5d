import { createHash, randomBytes } from 'node:crypto';
import type { KeyRing } from './key-ring.ts';

/** Crockford's: no I, L, O or U to mistake for something else. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A new license key: 125 random bits in five groups, behind the prefix. Safe to read out loud. */
export function mintLicenseKey(prefix: string | null): { readonly key: string; readonly displayKey: string } {
  const letters = Array.from(randomBytes(25), (byte) => alphabet.charAt(byte % alphabet.length)).join('');
  const groups = letters.match(/.{5}/g) ?? [];
  const before = prefix === null ? '' : `${prefix}-`;
  return { key: `${before}${groups.join('-')}`, displayKey: `${before}****-${groups.at(-1) ?? ''}` };
}

/** What is stored to find it again, however it was typed. SHA-256 is enough: the key is random, not a password. */
export function hashLicenseKey(key: string): string {
  return createHash('sha256').update(key.trim().toUpperCase()).digest('hex');
}

/** Sealed with its grant, so that rows exchanged behind our back do not open. */
export function sealLicenseKey(ring: KeyRing, grantId: string, key: string): Buffer {
  return ring.encrypt(Buffer.from(`${grantId}\n${key}`));
}

/** @throws {Error} when the encryption key is gone, the bytes were changed, or they are another grant's. */
export function openLicenseKey(ring: KeyRing, grantId: string, sealed: Uint8Array): string {
  const [owner, key] = ring.decrypt(sealed).toString().split('\n');
  if (owner !== grantId || key === undefined)
    throw new Error('the license key in this row was sealed for another grant');
  return key;
}
