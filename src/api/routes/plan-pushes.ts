import { Router } from 'express';
import { newId, isId } from '../../db/new-id.ts';
import { recordAudit } from '../../db/queries/audit.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal, refusal } from '../error-codes.ts';
import { presentPush } from '../../present/project.ts';
import { parseInput } from '../schemas/parse.ts';
import { pushPlansBody } from '../schemas/project.ts';
import { operator, readOps, writeOps } from './managed-project.ts';

/** Our catalogue, created or updated at the providers. Without `dry_run: false` it only says what would be done. */
export function createPlanPushRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/ops/plans/push')
    .post(async (request, response) => {
      const caller = operator(request, writeOps);
      const { dry_run: dryRun, provider } = parseInput(pushPlansBody, request.body ?? {});
      const { projectId, live, actor } = caller;
      const configured = await deps.providers.configured(projectId, live);
      if (provider !== null && !configured.has(provider))
        throw fieldRefusal('provider_account_not_found', '/provider', 'The project has no account at this provider.');
      const able = [...configured].filter((id) => deps.providers.operations(id).includes('catalog.ensurePrice'));
      const providers = provider === null ? able : able.filter((id) => id === provider);
      const id = newId('job');
      if (!dryRun) {
        const em = deps.orm.em.fork();
        const entity = { entityKind: 'plan_push', entityId: id, detail: `to ${providers.join(', ')}` };
        recordAudit(em, { projectId, live, actor, action: 'plans.pushed', ...entity });
        await em.flush();
      }
      const report = await deps.temporal
        .pushPlans(id, { projectId, live, providers, dryRun })
        .catch((cause: unknown) => {
          throw refusal('unavailable', 'The push could not be started. Repeat the request.', {
            ...{ retryAfterMs: 2_000, cause },
          });
        });
      response.status(report.isDone ? 200 : 202).json(presentPush(id, report));
    })
    .all(refuseMethod('POST'));
  router
    .route('/ops/plans/push/:id')
    .get(async (request, response) => {
      const caller = operator(request, readOps);
      const id = pathParam(request, 'id');
      const report = isId('job', id) ? await deps.temporal.readPush(id, caller.projectId, caller.live) : null;
      if (!report) throw refusal('job_not_found', 'No job of yours has this id.');
      response.json(presentPush(id, report));
    })
    .all(refuseMethod('GET'));
  return router;
}
