import { Router, type Request } from 'express';
import type { ProviderEvent } from '../../db/entities/records.ts';
import { isId } from '../../db/new-id.ts';
import { listAuditEntries } from '../../db/queries/audit-log.ts';
import { listFallbacks } from '../../db/queries/checkouts.ts';
import { findProviderEvent, listProviderEvents, replayProviderEvent } from '../../db/queries/provider-events.ts';
import type { Db } from '../../db/orm.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import type { Caller } from '../caller.ts';
import { decodeIdCursor, toPage } from '../cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import { presentAuditEntry, presentFallback, presentProvider, presentWebhookEvent } from '../../present/ops.ts';
import { listAuditQuery, listQuery, listWebhookEventsQuery } from '../schemas/ops.ts';
import { parseInput } from '../schemas/parse.ts';
import { operator, readOps } from './managed-project.ts';
import { operateOnce } from './operate-once.ts';

/** What operators look at; all under `/ops`. */
export function createOpsRoutes(deps: ApiDeps): Router {
  const router = Router();
  addWebhookEvents(router, deps);
  router
    .route('/ops/fallbacks')
    .get(async (request, response) => {
      const caller = operator(request, readOps);
      const { limit, cursor } = parseInput(listQuery, request.query);
      const rows = await listFallbacks(deps.orm.em.fork(), caller, { before: decodeIdCursor(cursor), limit });
      response.json(toPage(rows, limit, (row) => [row.id], presentFallback));
    })
    .all(refuseMethod('GET'));
  router
    .route('/ops/providers')
    .get(async (request, response) => {
      const { projectId, live } = operator(request, readOps);
      const configured = await deps.providers.configured(projectId, live);
      const healthOf = (provider: string) => deps.health.viewOf({ projectId, live, provider });
      const data = deps.providers.ids().map((id) => presentProvider(deps.providers, configured, id, healthOf(id)));
      response.json({ data, next_cursor: null });
    })
    .all(refuseMethod('GET'));
  router
    .route('/ops/audit')
    .get(async (request, response) => {
      const caller = operator(request, readOps);
      const { limit, cursor, ...asked } = parseInput(listAuditQuery, request.query);
      const filter = {
        ...(asked.entity_kind !== undefined && { entityKind: asked.entity_kind }),
        ...(asked.entity_id !== undefined && { entityId: asked.entity_id }),
        ...(asked.actor !== undefined && { actor: asked.actor }),
        ...(asked.action !== undefined && { actionPrefix: asked.action }),
        ...(asked.since !== undefined && { since: new Date(asked.since) }),
        ...(asked.until !== undefined && { until: new Date(asked.until) }),
      };
      const page = { before: decodeIdCursor(cursor), limit };
      const rows = await listAuditEntries(deps.orm.em.fork(), caller, filter, page);
      response.json(toPage(rows, limit, (row) => [row.id], presentAuditEntry));
    })
    .all(refuseMethod('GET'));
  return router;
}

function addWebhookEvents(router: Router, deps: ApiDeps): void {
  router
    .route('/ops/webhook-events')
    .get(async (request, response) => {
      const caller = operator(request, readOps);
      const { limit, cursor, provider, status } = parseInput(listWebhookEventsQuery, request.query);
      const rows = await listProviderEvents(deps.orm.em.fork(), caller, {
        ...(provider !== undefined && { provider }),
        ...(status !== undefined && { status }),
        before: decodeIdCursor(cursor),
        limit,
      });
      response.json(toPage(rows, limit, (row) => [row.id], presentWebhookEvent));
    })
    .all(refuseMethod('GET'));
  router
    .route('/ops/webhook-events/:id')
    .get(async (request, response) => {
      const caller = operator(request, readOps);
      response.json(presentWebhookEvent(await findEvent(deps.orm.em.fork(), caller, request)));
    })
    .all(refuseMethod('GET'));
  router
    .route('/ops/webhook-events/:id/replay')
    .post(
      operateOnce(deps, 'evt', async ({ em, caller, request }) => {
        const event = await replayProviderEvent(em, await findEvent(em, caller, request), caller.actor);
        deps.inbox.wake();
        return { status: 200, body: presentWebhookEvent(event) };
      }),
    )
    .all(refuseMethod('POST'));
}

async function findEvent(em: Db, caller: Caller, request: Request): Promise<ProviderEvent> {
  const id = pathParam(request, 'id');
  const event = isId('evt', id) ? await findProviderEvent(em, caller, id) : null;
  if (!event) throw refusal('webhook_event_not_found', 'No webhook event has this id.');
  return event;
}
