import { z } from 'zod';
import type { KeyRing } from './key-ring.ts';

/** Whose credentials they are. It is sealed with them, so that rows exchanged behind our back do not open. */
export interface AccountKey {
  readonly projectId: string;
  readonly live: boolean;
  readonly provider: string;
}

export type AccountCredentials = Readonly<Record<string, string>>;

const sealedAccount = z.object({
  projectId: z.string(),
  live: z.boolean(),
  provider: z.string(),
  credentials: z.record(z.string(), z.string()),
});

export function sealCredentials(ring: KeyRing, key: AccountKey, credentials: AccountCredentials): Buffer {
  const { projectId, live, provider } = key;
  return ring.encrypt(Buffer.from(JSON.stringify({ projectId, live, provider, credentials })));
}

/** @throws {Error} when the key is not in the ring, the bytes were changed, or they are another account's. */
export function openCredentials(ring: KeyRing, key: AccountKey, sealed: Uint8Array): AccountCredentials {
  const opened = sealedAccount.parse(JSON.parse(ring.decrypt(sealed).toString()));
  const isSame = opened.projectId === key.projectId && opened.live === key.live && opened.provider === key.provider;
  if (!isSame) throw new Error('the credentials in this row were sealed for another account');
  return opened.credentials;
}
