import type { Router } from 'express';
import { presentPush } from '../../present/project.ts';
import type { ApiDeps } from '../deps.ts';
import { pushPlansBody } from '../schemas/project.ts';
import { createPushRoutes } from './pushes.ts';

/** Our catalogue, created or updated at the providers that sell from one. */
export function createPlanPushRoutes(deps: ApiDeps): Router {
  return createPushRoutes(deps, {
    ...{ path: '/ops/plans/push', body: pushPlansBody, operation: 'catalog.ensurePrice' },
    audited: { action: 'plans.pushed', entityKind: 'plan_push' },
    start: (id, input) => deps.temporal.pushPlans(id, input),
    read: (id, projectId, live) => deps.temporal.readPush(id, projectId, live),
    present: presentPush,
  });
}
