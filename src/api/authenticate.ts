import type { Request, RequestHandler } from 'express';
import type { Project } from '../db/entities/project.ts';
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
  const keys = createTtlCache<KeyOwner | null>(cacheSettings);
  const sessions = createTtlCache<SessionFacts | null>(cacheSettings);
  const findKey = (key: string) => keys.get(hashSecret(key), () => findApiKey(deps.orm.em.fork(), hashSecret(key)));
  const findOpenSession = (token: string) =>
    sessions.get(hashSecret(token), () => findSession(deps.orm.em.fork(), hashSecret(token)));

  async function identify(request: Request): Promise<Caller> {
    const bearer = /^Bearer +(\S+)$/i.exec(request.get('authorization') ?? '')?.[1];
    if (!bearer) throw refusal('unauthorized', 'Send an API key as `Authorization: Bearer …`.');
    if (looksLikeKey(bearer)) {
      const owner = await findKey(bearer);
      if (!owner) throw refusal('unauthorized', 'The API key is unknown or revoked.');
      const token = request.get('plinto-session');
      return token === undefined ? fromKey(owner) : narrowToSession(owner, await findOpenSession(token));
    }
    const publishable = request.get('plinto-key');
    if (!deps.verifyUserToken || !publishable || !looksLikeKey(publishable))
      throw refusal('unauthorized', "A user's token needs the publishable key in `Plinto-Key`.");
    const owner = await findKey(publishable);
    if (owner?.key.kind !== 'publishable') throw refusal('unauthorized', 'The key in `Plinto-Key` is not publishable.');
    const user = await deps.verifyUserToken(bearer);
    if (!user) throw refusal('unauthorized', "The user's token is not valid.");
    const actor = `user:${user.userId}`;
    return { ...fromKey(owner), organizations: user.organizations, userId: user.userId, actor };
  }

  return (request, _response, next) => {
    identify(request).then((caller) => {
      setCaller(request, caller);
      next();
    }, next);
  };
}

function fromKey({ key, project }: KeyOwner): Caller {
  return {
    project: plainProject(project),
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

function narrowToSession(owner: KeyOwner, session: SessionFacts | null): Caller {
  const caller = fromKey(owner);
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

/** A copy: entities belong to the unit of work that read them. */
function plainProject(project: Project): Project {
  return { ...project };
}
