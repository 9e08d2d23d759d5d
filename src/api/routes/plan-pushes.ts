import { Router } from 'express';
import type { PushReport } from '../../workflows/messages.ts';
import { isId } from '../../db/new-id.ts';
import { recordAudit } from '../../db/queries/audit.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal, refusal } from '../error-codes.ts';
import type { Answer } from '../idempotency.ts';
import { presentPush } from '../../present/project.ts';
import { parseInput } from '../schemas/parse.ts';
import { pushPlansBody } from '../schemas/project.ts';
import { operator, readOps } from './managed-project.ts';
import { operateOnce, type Operating } from './operate-once.ts';

/** Our catalogue, created or updated at the providers. Without `dry_run: false` it only says what would be done. */
export function createPlanPushRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/ops/plans/push')
    .post(operateOnce(deps, 'job', (operating) => push(deps, operating)))
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

async function push(deps: ApiDeps, { em, caller, body, id, before }: Operating): Promise<Answer> {
  const { projectId, live, actor } = caller;
  if (before !== null) {
    const report = await deps.temporal.readPush(id, projectId, live);
    return report ? answer(id, report) : before;
  }
  const { dry_run: dryRun, provider } = parseInput(pushPlansBody, body);
  const configured = await deps.providers.configured(projectId, live);
  if (provider !== null && !configured.has(provider))
    throw fieldRefusal('provider_account_not_found', '/provider', 'The project has no account at this provider.');
  const able = [...configured].filter((name) => deps.providers.operations(name).includes('catalog.ensurePrice'));
  const providers = provider === null ? able : able.filter((name) => name === provider);
  if (!dryRun) {
    const entity = { entityKind: 'plan_push', entityId: id, detail: `to ${providers.join(', ')}` };
    recordAudit(em, { projectId, live, actor, action: 'plans.pushed', ...entity });
    await em.flush();
  }
  const report = await deps.temporal.pushPlans(id, { projectId, live, providers, dryRun }).catch((cause: unknown) => {
    throw refusal('unavailable', 'The push could not be started. Repeat the request.', {
      ...{ retryAfterMs: 2_000, cause },
    });
  });
  return answer(id, report);
}

function answer(id: string, report: PushReport): Answer {
  return { status: report.isDone ? 200 : 202, body: presentPush(id, report) };
}
