import { Router } from 'express';
import { isId } from '../../db/new-id.ts';
import { recordAudit } from '../../db/queries/audit.ts';
import { presentMeterPush } from '../../present/meter.ts';
import type { MeterPushReport } from '../../workflows/messages.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal, refusal } from '../error-codes.ts';
import type { Answer } from '../idempotency.ts';
import { pushMetersBody } from '../schemas/meter.ts';
import { parseInput } from '../schemas/parse.ts';
import { operator, readOps } from './managed-project.ts';
import { operateOnce, type Operating } from './operate-once.ts';

/** Our meters, created at the providers. Without `dry_run: false` it only says what would be done. */
export function createMeterPushRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/ops/meters/push')
    .post(operateOnce(deps, 'job', (operating) => push(deps, operating)))
    .all(refuseMethod('POST'));
  router
    .route('/ops/meters/push/:id')
    .get(async (request, response) => {
      const caller = operator(request, readOps);
      const id = pathParam(request, 'id');
      const report = isId('job', id) ? await deps.temporal.readMeterPush(id, caller.projectId, caller.live) : null;
      if (!report) throw refusal('job_not_found', 'No job of yours has this id.');
      response.json(presentMeterPush(id, report));
    })
    .all(refuseMethod('GET'));
  return router;
}

async function push(deps: ApiDeps, { em, caller, body, id, before }: Operating): Promise<Answer> {
  const { projectId, live, actor } = caller;
  if (before !== null) {
    const report = await deps.temporal.readMeterPush(id, projectId, live);
    return report ? answer(id, report) : before;
  }
  const { dry_run: dryRun, provider } = parseInput(pushMetersBody, body);
  const configured = await deps.providers.configured(projectId, live);
  if (provider !== null && !configured.has(provider))
    throw fieldRefusal('provider_account_not_found', '/provider', 'The project has no account at this provider.');
  const providers = provider === null ? [...configured] : [provider];
  if (!dryRun) {
    recordAudit(em, {
      ...{ projectId, live, actor, action: 'meters.pushed', detail: `to ${providers.join(', ')}` },
      ...{ entityKind: 'meter_push', entityId: id, after: { providers } },
    });
    await em.flush();
  }
  const report = await deps.temporal.pushMeters(id, { projectId, live, providers, dryRun }).catch((cause: unknown) => {
    throw refusal('unavailable', 'The push could not be started. Repeat the request.', {
      ...{ retryAfterMs: 2_000, cause },
    });
  });
  return answer(id, report);
}

function answer(id: string, report: MeterPushReport): Answer {
  return { status: report.isDone ? 200 : 202, body: presentMeterPush(id, report) };
}
