import { Router } from 'express';
import { presentHealth } from '../../present/provider-health.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import type { Answer } from '../idempotency.ts';
import { parseInput } from '../schemas/parse.ts';
import { setBreakerBody } from '../schemas/provider-health.ts';
import { operateOnce, type Operating } from './operate-once.ts';

/** Operators take a provider out of service and back; `GET /ops/providers` shows how each is doing. */
export function createProviderHealthRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/ops/providers/:id/breaker')
    .post(operateOnce(deps, 'job', (operating) => setBreaker(deps, operating)))
    .all(refuseMethod('POST'));
  return router;
}

/** In the caller's own project and mode: whoever runs several asks with the key of each. */
async function setBreaker(deps: ApiDeps, { caller, request, body }: Operating): Promise<Answer> {
  const provider = pathParam(request, 'id');
  if (!deps.providers.ids().includes(provider)) throw refusal('provider_not_found', 'No provider has this id.');
  const { state, reason } = parseInput(setBreakerBody, body);
  const { projectId, live, actor } = caller;
  if (!(await deps.providers.configured(projectId, live)).has(provider))
    throw refusal('provider_account_not_found', 'The project has no account at this provider in this mode.');
  const view = await deps.health.move({ projectId, live, provider }, { state, reason, actor });
  return { status: 200, body: presentHealth(view) };
}
