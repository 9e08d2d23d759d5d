import express, { type Express, type Router } from 'express';
import type { Accounts } from '../accounts.ts';
import type { Sandbox } from '../context.ts';
import type { ProviderId } from '../core/types.ts';
import { readBody } from './body.ts';
import { createExchange, sendAnswer, toApiRequest } from './exchange.ts';
import type { RequestLog } from './request-log.ts';
import type { ProviderApi } from './provider-api.ts';

const NOTHING = Buffer.alloc(0);

/** Every route of one account's provider; anything else gets the provider's own 404. */
export function providerRouter(sandbox: Sandbox, api: ProviderApi): Router {
  const router: Router = express.Router({ strict: true, caseSensitive: true });
  for (const route of api.routes) router[route.method](route.path, createExchange(sandbox, api, route));
  router.use(async (incoming, response) => {
    const request = toApiRequest(incoming, await readBody(incoming));
    const answer = api.admit(request) ?? api.unknownRoute(request);
    sendAnswer(response, api.decorate(answer, request));
  });
  return router;
}

/** Hands each request under the provider's prefix to the account whose key it carries. */
export function mountProvider(app: Express, accounts: Accounts, requests: RequestLog, provider: ProviderId): void {
  const { prefix } = accounts.standard.desks[provider].api;
  app.use(prefix, requests.record(provider), (incoming, response, next) => {
    const owner = accounts.ownerOf(provider, toApiRequest(incoming, NOTHING));
    owner.routers[provider](incoming, response, next);
  });
}
