import { randomBytes } from 'node:crypto';
import type { KeyRing } from './key-ring.ts';

/** Whose secrets they are; sealed with them, so that rows exchanged behind our back do not open. */
interface EndpointKey {
  readonly projectId: string;
  readonly live: boolean;
  readonly id: string;
}

export interface EndpointSecret {
  /** `whsec_` and base64 of 32 random bytes. */
  readonly secret: string;
  /** ISO 8601; null: until it is rotated. */
  readonly expiresAt: string | null;
}

/** @see Standard Webhooks, "Signature scheme": 24 to 64 bytes, base64, prefixed `whsec_`. */
export function mintEndpointSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/** @param secrets The newest first. */
export function sealEndpointSecrets(ring: KeyRing, key: EndpointKey, secrets: readonly EndpointSecret[]): Buffer {
  const { projectId, live, id } = key;
  return ring.encrypt(Buffer.from(JSON.stringify({ projectId, live, id, secrets })));
}

/**
 * @returns the newest first, expired ones too.
 * @throws {Error} when the key is not in the ring, the bytes were changed, or they are another endpoint's.
 */
export function openEndpointSecrets(ring: KeyRing, key: EndpointKey, sealed: Uint8Array): readonly EndpointSecret[] {
  const opened: unknown = JSON.parse(ring.decrypt(sealed).toString());
  if (!isSealed(opened)) throw new Error('the sealed bytes hold no secrets of an endpoint');
  const isSame = opened.projectId === key.projectId && opened.live === key.live && opened.id === key.id;
  if (!isSame) throw new Error('the secrets in this row were sealed for another endpoint');
  return opened.secrets;
}

/** Those that sign at this instant, the newest first. */
export function liveSecrets(secrets: readonly EndpointSecret[], now: Date): readonly string[] {
  return secrets.filter(({ expiresAt }) => expiresAt === null || new Date(expiresAt) > now).map(({ secret }) => secret);
}

/** The bytes are authenticated: whoever wrote them had the key, and knew this form. */
function isSealed(value: unknown): value is EndpointKey & { readonly secrets: readonly EndpointSecret[] } {
  return typeof value === 'object' && value !== null && 'id' in value && 'secrets' in value;
}
