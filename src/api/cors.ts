import type { Request, RequestHandler, Response } from 'express';
import { listAllowedOrigins } from '../db/queries/projects.ts';
import { findCaller } from './caller.ts';
import type { ApiDeps } from './deps.ts';
import { isAllowedOrigin } from './redirects.ts';
import { createTtlCache } from './ttl-cache.ts';

/** What browsers may reach; everything else is for servers. */
const publishableRoutes =
  /^\/(billing\/(plans(\/[^/]+)?|checkout|checkouts(\/[^/]+)?|organizations\/[^/]+\/subscription|subscriptions(\/[^/]+)?|invoices(\/[^/]+)?|access|usage|benefits|license-keys\/[^/]+|customer\/portal)|[a-z0-9-]+\/(checkout|customer\/portal))$/;

const allowedHeaders = 'Authorization, Content-Type, Idempotency-Key, Plinto-Session, Plinto-Key, X-Request-Id';
const exposedHeaders = 'X-Request-Id, Retry-After, Idempotent-Replayed, RateLimit, RateLimit-Policy';

/**
 * Answers preflights and opens answers to browsers. A preflight carries no key, so any project's origin will do; the
 * request itself is opened to its own project's origins only (see `closeToForeignOrigins`).
 */
export function createCors(deps: Pick<ApiDeps, 'orm'>): RequestHandler {
  const origins = createTtlCache<readonly string[]>({ ttlMs: 5_000, maxEntries: 1 });
  return (request, response, next) => {
    const origin = request.get('origin');
    if (!publishableRoutes.test(request.path)) return next();
    response.vary('Origin');
    if (origin === undefined) return next();
    origins
      .get('all', () => listAllowedOrigins(deps.orm.em.fork()))
      .then((patterns) => {
        if (isAllowedOrigin(origin, patterns)) open(request, response, origin);
        if (request.method === 'OPTIONS') response.status(204).end();
        else next();
      }, next);
  };
}

/** Once the project is known, only its own origins may read the answer. */
export const closeToForeignOrigins: RequestHandler = (request, response, next) => {
  const origin = request.get('origin');
  const caller = findCaller(request);
  if (origin !== undefined && caller && !isAllowedOrigin(origin, caller.project.allowedOrigins))
    response.removeHeader('Access-Control-Allow-Origin');
  next();
};

function open(request: Request, response: Response, origin: string): void {
  response.set('Access-Control-Allow-Origin', origin);
  response.set('Access-Control-Expose-Headers', exposedHeaders);
  if (request.method !== 'OPTIONS') return;
  response.set('Access-Control-Allow-Methods', 'GET, POST');
  response.set('Access-Control-Allow-Headers', allowedHeaders);
  response.set('Access-Control-Max-Age', '600');
}
