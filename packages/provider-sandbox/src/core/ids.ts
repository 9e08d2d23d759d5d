import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import type { RandomStream } from './random.ts';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const DIGITS = '0123456789';

// Ids are made in a hundred places that know nothing of the sandbox they serve; several may run in one process.
const current = new AsyncLocalStorage<RandomStream>();

/** Everything `work` makes here, awaited work included, is drawn from that stream. */
export function withIdsFrom<T>(stream: RandomStream, work: () => T): T {
  return current.run(stream, work);
}

/** For secrets and ids: from the seed when one was given, else from the system. */
export const bytes = (length: number): Buffer => current.getStore()?.bytes(length) ?? randomBytes(length);

function pick(alphabet: string, length: number): string {
  let text = '';
  for (const byte of bytes(length)) text += alphabet.charAt(byte % alphabet.length);
  return text;
}

export const base62 = (length: number): string => pick(BASE62, length);
export const base58 = (length: number): string => pick(BASE58, length);
export const digits = (length: number): string => pick(DIGITS, length);
export const hex = (length: number): string =>
  bytes(Math.ceil(length / 2))
    .toString('hex')
    .slice(0, length);

/** Version 4. */
export function uuid(): string {
  const text = hex(32);
  const variant = ((Number.parseInt(text.charAt(16), 16) & 3) | 8).toString(16);
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-4${text.slice(13, 16)}-${variant}${text.slice(17, 20)}-${text.slice(20)}`;
}
