import type { KeyRing } from './key-ring.ts';

/**
 * Whose credentials they are. It is sealed with them, so that rows exchanged behind our back do not open. The domain's
 * `AccountKey` in shape: crypto imports nothing of ours.
 */
interface AccountKey {
  readonly projectId: string;
  readonly live: boolean;
  readonly provider: string;
}

export type AccountCredentials = Readonly<Record<string, string>>;

export function sealCredentials(ring: KeyRing, key: AccountKey, credentials: AccountCredentials): Buffer {
  const { projectId, live, provider } = key;
  return ring.encrypt(Buffer.from(JSON.stringify({ projectId, live, provider, credentials })));
}

/** @throws {Error} when the key is not in the ring, the bytes were changed, or they are another account's. */
export function openCredentials(ring: KeyRing, key: AccountKey, sealed: Uint8Array): AccountCredentials {
  const opened: unknown = JSON.parse(ring.decrypt(sealed).toString());
  if (!isSealedAccount(opened)) throw new Error('the sealed bytes hold no account');
  const isSame = opened.projectId === key.projectId && opened.live === key.live && opened.provider === key.provider;
  if (!isSame) throw new Error('the credentials in this row were sealed for another account');
  return opened.credentials;
}

/** The bytes are authenticated: whoever wrote them had the key, and knew this form. */
function isSealedAccount(value: unknown): value is AccountKey & { readonly credentials: AccountCredentials } {
  return typeof value === 'object' && value !== null && 'projectId' in value && 'credentials' in value;
}
