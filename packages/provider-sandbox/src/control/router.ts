import express, { type Request, type Response, type Router } from 'express';
import { readBody } from '../http/body.ts';
import { sendAnswer } from '../http/exchange.ts';
import { createStatePages } from '../state-page/router.ts';
import { accountRoutes } from './account-routes.ts';
import { adminTokenOf, isSameSecret } from './admin.ts';
import { type ControlDeps, ControlFailure, type ControlRoute } from './control-route.ts';
import { deliveryRoutes } from './delivery-routes.ts';
import { operatorRoutes } from './operator-routes.ts';
import { clockRoutes, faultRoutes, stateRoutes } from './state-routes.ts';

function answer(response: Response, status: number, body: unknown): void {
  sendAnswer(response, { status, body });
}

function createEndpoint({ core }: ControlDeps, { act }: ControlRoute) {
  return async (request: Request, response: Response): Promise<void> => {
    try {
      const raw = await readBody(request);
      const result = act(request, raw.length === 0 ? {} : (JSON.parse(raw.toString('utf8')) as unknown));
      core.store.commit();
      answer(response, 200, result);
    } catch (error) {
      if (error instanceof ControlFailure) return answer(response, error.status, { error: error.message });
      if (error instanceof SyntaxError) return answer(response, 400, { error: 'the body is not JSON' });
      answer(response, 500, { error: error instanceof Error ? error.message : String(error) });
    }
  };
}

export function createControlRouter(deps: ControlDeps): Router {
  const { clock } = deps.core;
  const router = express.Router();
  router.get('/health', (_request, response) => answer(response, 200, { status: 'ok', now: clock.nowIso() }));
  router.use(createStatePages(deps));
  router.use((request, response, next) => {
    if (isSameSecret(request.headers.authorization ?? '', `Bearer ${adminTokenOf(deps)}`)) return next();
    answer(response, 401, { error: 'the admin token is missing or wrong' });
  });
  const routes = [
    ...accountRoutes(deps),
    ...stateRoutes(deps),
    ...clockRoutes(deps),
    ...faultRoutes(deps),
    ...deliveryRoutes(deps),
    ...operatorRoutes(deps),
  ];
  for (const route of routes) router[route.method](route.path, createEndpoint(deps, route));
  router.use((request, response) =>
    answer(response, 404, { error: `no control endpoint ${request.method} ${request.path}` }),
  );
  return router;
}
