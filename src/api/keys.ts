import { hash, randomBytes } from 'node:crypto';

export type KeyKind = 'secret' | 'publishable';

/** Scopes of secret keys. */
export const scopes = ['billing:read', 'billing:write', 'usage:write', 'ops:read', 'ops:write'] as const;
export type Scope = (typeof scopes)[number];

/** Permissions of sessions and user tokens. */
export const permissions = ['read', 'manage', 'usage'] as const;
export type Permission = (typeof permissions)[number];

/** A new API key, shown once; only its hash is stored. */
export function mintKey(kind: KeyKind, live: boolean): { readonly key: string; readonly hash: string } {
  const key = `${kind === 'secret' ? 'sk' : 'pk'}_${live ? 'live' : 'test'}_${randomBytes(24).toString('base64url')}`;
  return { key, hash: hashSecret(key) };
}

/** A new session token, shown once. */
export function mintSessionToken(): { readonly token: string; readonly hash: string } {
  const token = `ps_${randomBytes(32).toString('base64url')}`;
  return { token, hash: hashSecret(token) };
}

/** SHA-256 is enough: the input is random, not a password. */
export function hashSecret(secret: string): string {
  return hash('sha256', secret, 'hex');
}

export function looksLikeKey(text: string): boolean {
  return /^[sp]k_(test|live)_[A-Za-z0-9_-]{8,128}$/.test(text);
}
