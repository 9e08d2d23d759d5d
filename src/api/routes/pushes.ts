import { Router } from 'express';
import { isId } from '../../db/new-id.ts';
import { recordAudit } from '../../db/queries/audit.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal, refusal } from '../error-codes.ts';
import type { Answer } from '../idempotency.ts';
import { parseInput } from '../schemas/parse.ts';
import type { pushBody } from '../schemas/push.ts';
import { operator, readOps } from './managed-project.ts';
import { operateOnce, type Operating } from './operate-once.ts';

/** Something of ours that is brought to the providers by a workflow. */
export interface Push<Report extends { readonly isDone: boolean }> {
  readonly path: string;
  readonly body: ReturnType<typeof pushBody>;
  /** What a provider must be able to do. */
  readonly operation: string;
  readonly audited: { readonly action: string; readonly entityKind: string };
  start(
    id: string,
    input: {
      readonly projectId: string;
      readonly live: boolean;
      readonly providers: readonly string[];
      readonly dryRun: boolean;
    },
  ): Promise<Report>;
  read(id: string, projectId: string, live: boolean): Promise<Report | null>;
  present(id: string, report: Report): object;
}

/** `POST <path>` begins a push, `GET <path>/{id}` tells how far it is. */
export function createPushRoutes<Report extends { readonly isDone: boolean }>(
  deps: ApiDeps,
  push: Push<Report>,
): Router {
  const router = Router();
  router
    .route(push.path)
    .post(operateOnce(deps, 'job', (operating) => begin(deps, push, operating)))
    .all(refuseMethod('POST'));
  router
    .route(`${push.path}/:id`)
    .get(async (request, response) => {
      const caller = operator(request, readOps);
      const id = pathParam(request, 'id');
      const report = isId('job', id) ? await push.read(id, caller.projectId, caller.live) : null;
      if (!report) throw refusal('job_not_found', 'No job of yours has this id.');
      response.json(push.present(id, report));
    })
    .all(refuseMethod('GET'));
  return router;
}

async function begin<Report extends { readonly isDone: boolean }>(
  deps: ApiDeps,
  push: Push<Report>,
  { em, caller, body, id, before }: Operating,
): Promise<Answer> {
  const { projectId, live, actor } = caller;
  const answer = (report: Report) => ({ status: report.isDone ? 200 : 202, body: push.present(id, report) });
  if (before !== null) {
    const report = await push.read(id, projectId, live);
    return report ? answer(report) : before;
  }
  const { dry_run: dryRun, provider } = parseInput(push.body, body);
  const configured = await deps.providers.configured(projectId, live);
  if (provider !== null && !configured.has(provider))
    throw fieldRefusal('provider_account_not_found', '/provider', 'The project has no account at this provider.');
  const able = [...configured].filter((name) => deps.providers.operations(name).includes(push.operation));
  const providers = provider === null ? able : able.filter((name) => name === provider);
  if (!dryRun) {
    recordAudit(em, {
      ...{ projectId, live, actor, ...push.audited, entityId: id },
      ...{ detail: `to ${providers.join(', ')}`, after: { providers } },
    });
    await em.flush();
  }
  const report = await push.start(id, { projectId, live, providers, dryRun }).catch((cause: unknown) => {
    throw refusal('unavailable', 'The push could not be started. Repeat the request.', { retryAfterMs: 2_000, cause });
  });
  return answer(report);
}
