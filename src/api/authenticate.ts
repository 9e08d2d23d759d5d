import type { Request, RequestHandler } from 'express';
import { findApiKey, findSession, type KeyOwner } from '../db/queries/keys.ts';
import type { Caller } from './caller.ts';
import { setCaller } from './caller.ts';
import type { ApiDeps } from './deps.ts';
import { refusal } from './error-codes.ts';
import { hashSecret, looksLikeKey } from './keys.ts';
import { createTtlCache } from './ttl-cache.ts';

interface SessionFacts {
  readonly projectId: string;
  readonly live: boolean;
  readonly organizationId: string;
  readonly userId: string | null;
  readonly permissions: readonly string[];
  readonly expiresAt: Date;
}

/** A revoked key or ended session is refused after this long at most. */
const cacheSettings = { ttlMs: 5_000, maxEntries: 10_000 };

/**
 * Finds out who calls: API key, and where one is sent, session or user's token.
 *
 * @throws {BillingError} `unauthorized`, through `next`
 */
export function createAuthenticate(deps: Pick<ApiDeps, 'orm' | 'verifyUserToken'>): RequestHandler {
  const keys = createTtlCache<Caller | null>(cacheSettings);
  const sessions = createTtlCache<SessionFacts | null>(cacheSettings);

  function findKey(key: string): Promise<Caller | null> {
    const keyHash = hashSecret(key);
    return keys.get(keyHash, async () => {
      const owner = await findApiKey(deps.orm.em.fork(), keyHash);
      return owner && fromKey(owner);
    });
  }

  function findOpenSession(token: string): Promise<SessionFacts | null> {
    const tokenHash = hashSecret(token);
    return sessions.get(tokenHash, () => findSession(deps.orm.em.fork(), tokenHash));
  }

  async function identify(request: Request): Promise<Caller> {
    const bearer = /^Bearer +(\S+)$/i.exec(request.get('authorization') ?? '')?.[1];
    if (!bearer) throw refusal('unauthorized', 'Send an API key as `Authorization: Bearer …`.');
    if (looksLikeKey(bearer)) {
      const caller = await findKey(bearer);
      if (!caller) throw refusal('unauthorized', 'The API key is unknown or revoked.');
      const token = request.get('plinto-session');
      return token === undefined ? caller : narrowToSession(caller, await findOpenSession(token));
    }
    const publishable = request.get('plinto-key');
    if (!deps.verifyUserToken || !publishable || !looksLikeKey(publishable))
      throw refusal('unauthorized', "A user's token needs the publishable key in `Plinto-Key`.");
    const caller = await findKey(publishable);
    if (caller?.kind !== 'publishable') throw refusal('unauthorized', 'The key in `Plinto-Key` is not publishable.');
    const user = await deps.verifyUserToken(bearer);
    if (!user) throw refusal('unauthorized', "The user's token is not valid.");
    const actor = `user:${user.userId}`;
    return { ...caller, organizations: user.organizations, userId: user.userId, actor };
  }

  return (request, _response, next) => {
    identify(request).then((caller) => {
      setCaller(request, caller);
      next();
    }, next);
  };
}

/** Shared by all requests with this key. The project is a copy: entities belong to the unit of work that read them. */
function fromKey({ key, project }: KeyOwner): Caller {
  return {
    project: { ...project },
    projectId: project.id,
    live: key.live,
    keyId: key.id,
    kind: key.kind,
    scopes: key.scopes,
    organizations: null,
    userId: null,
    actor: key.id,
  };
}

function narrowToSession(caller: Caller, session: SessionFacts | null): Caller {
  const isValid =
    session !== null &&
    session.projectId === caller.projectId &&
    session.live === caller.live &&
    session.expiresAt.getTime() > Date.now();
  if (!isValid) throw refusal('unauthorized', 'The session is unknown or has expired.');
  return {
    ...caller,
    organizations: new Map([[session.organizationId, session.permissions]]),
    userId: session.userId,
    actor: `session:${caller.keyId}:${session.organizationId}${session.userId === null ? '' : `:${session.userId}`}`,
  };
}
