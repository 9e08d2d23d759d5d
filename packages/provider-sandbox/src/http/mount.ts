import express, { type Express, type Router } from 'express';
import type { Sandbox } from '../context.ts';
import { readBody } from './body.ts';
import { createExchange, sendAnswer, toApiRequest } from './exchange.ts';
import type { ProviderApi } from './provider-api.ts';

/** Mounts every route of a provider; anything else under its prefix gets the provider's own 404. */
export function mountProvider(app: Express, sandbox: Sandbox, api: ProviderApi): void {
  const router: Router = express.Router({ strict: true, caseSensitive: true });
  for (const route of api.routes) router[route.method](route.path, createExchange(sandbox, api, route));
  router.use(async (incoming, response) => {
    const request = toApiRequest(incoming, await readBody(incoming));
    const answer = api.admit(request) ?? api.unknownRoute(request);
    sendAnswer(response, api.decorate(answer, request));
  });
  app.use(api.prefix, sandbox.requests.record(api.provider), router);
}
