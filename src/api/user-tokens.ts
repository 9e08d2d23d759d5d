import { createRemoteJWKSet, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import type { JwtConfig } from '../config.ts';
import type { Permission } from './keys.ts';

/** A person of the app, as their token says. */
export interface UserToken {
  readonly userId: string;
  readonly organizations: ReadonlyMap<string, readonly Permission[]>;
}

/** @returns null for a token that is forged, expired, or meant for somebody else. */
export type VerifyUserToken = (token: string) => Promise<UserToken | null>;

const permissionsByRole: Readonly<Record<string, readonly Permission[]>> = {
  member: ['read'],
  owner: ['read', 'manage'],
  admin: ['read', 'manage'],
  billing: ['read', 'manage'],
};

/** @param keys Defaults to the configured JWKS URL, fetched when needed and cached by jose. */
export function createTokenVerifier(
  config: JwtConfig,
  keys: JWTVerifyGetKey = createRemoteJWKSet(new URL(config.jwksUrl), { timeoutDuration: 3_000 }),
): VerifyUserToken {
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer: config.issuer,
        audience: config.audience,
        algorithms: ['RS256', 'EdDSA', 'Ed25519'],
        requiredClaims: ['sub', 'exp'],
        clockTolerance: 30,
      });
      return payload.sub === undefined ? null : { userId: payload.sub, organizations: organizationsOf(payload) };
    } catch {
      return null;
    }
  };
}

/** Entries in another form, and unknown roles, give nothing. */
function organizationsOf(payload: JWTPayload): ReadonlyMap<string, readonly Permission[]> {
  const claimed: unknown = payload['organizations'];
  const found = new Map<string, readonly Permission[]>();
  const entries: readonly unknown[] = Array.isArray(claimed) ? claimed : [];
  for (const entry of entries) {
    const { id, role }: { id?: unknown; role?: unknown } = typeof entry === 'object' && entry !== null ? entry : {};
    if (typeof id !== 'string' || typeof role !== 'string' || !Object.hasOwn(permissionsByRole, role)) continue;
    found.set(id, permissionsByRole[role] ?? []);
  }
  return found;
}
