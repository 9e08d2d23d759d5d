import { Router } from 'express';
import type { OutboundEvent } from '../../db/entities/outbound.ts';
import { isId } from '../../db/new-id.ts';
import { recordAudit } from '../../db/queries/audit.ts';
import {
  findOutboundEvent,
  listDeliveriesOfEndpoint,
  listDeliveriesOfEvent,
  listOutboundEvents,
  queueEventAgain,
  queueMissedEvents,
  queueTestEvent,
} from '../../db/queries/outbound-events.ts';
import type { Db } from '../../db/orm.ts';
import { presentDelivery, presentEvent, presentEventDetail, presentWebhookEndpoint } from '../../present/outbound.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import type { Caller } from '../caller.ts';
import { decodeSequenceCursor, toPage } from '../cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import {
  listDeliveriesQuery,
  listEventsQuery,
  recoverBody,
  replayBody,
  testEndpointBody,
} from '../schemas/outbound.ts';
import { parseInput } from '../schemas/parse.ts';
import type { Answer } from '../idempotency.ts';
import { operator, readOps } from './managed-project.ts';
import { operateOnce, type Operating } from './operate-once.ts';
import { auditEndpoint, endpointIn, findOwnEndpoint } from './webhook-endpoints.ts';

/** What the caller's project was told, and how that arrived. Sending is the relay's: these routes only queue. */
export function createOutboundEventRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/ops/events')
    .get(async (request, response) => {
      const caller = operator(request, readOps);
      const { limit, cursor, ...asked } = parseInput(listEventsQuery, request.query);
      const filter = {
        ...(asked.type !== undefined && { type: asked.type }),
        ...(asked.object_kind !== undefined && { objectKind: asked.object_kind }),
        ...(asked.object_id !== undefined && { objectId: asked.object_id }),
        ...(asked.organization_id !== undefined && { organizationId: asked.organization_id }),
      };
      const page = { before: decodeSequenceCursor(cursor), limit };
      const rows = await listOutboundEvents(deps.orm.em.fork(), caller, filter, page);
      response.json(toPage(rows, limit, (row) => [row.sequence], presentEvent));
    })
    .all(refuseMethod('GET'));
  router
    .route('/ops/events/:id')
    .get(async (request, response) => {
      const em = deps.orm.em.fork();
      const event = await findEvent(em, operator(request, readOps), pathParam(request, 'id'));
      response.json(presentEventDetail(event, await listDeliveriesOfEvent(em, event.id)));
    })
    .all(refuseMethod('GET'));
  router
    .route('/ops/events/:id/replay')
    .post(operateOnce(deps, 'evt', replay))
    .all(refuseMethod('POST'));
  addEndpointActions(router, deps);
  return router;
}

function addEndpointActions(router: Router, deps: ApiDeps): void {
  const path = '/ops/webhook-endpoints/:id';
  router
    .route(`${path}/deliveries`)
    .get(async (request, response) => {
      const { em, row } = await endpointIn(deps, request, readOps);
      const { limit, cursor, status } = parseInput(listDeliveriesQuery, request.query);
      const page = { before: decodeSequenceCursor(cursor), limit, ...(status !== undefined && { status }) };
      const rows = await listDeliveriesOfEndpoint(em, row.id, page);
      response.json(toPage(rows, limit, (delivery) => [delivery.sequence], presentDelivery));
    })
    .all(refuseMethod('GET'));
  router
    .route(`${path}/test`)
    .post(operateOnce(deps, 'evt', test))
    .all(refuseMethod('POST'));
  router
    .route(`${path}/recover`)
    .post(operateOnce(deps, 'evt', recover))
    .all(refuseMethod('POST'));
}

/** A repeat sends nothing again: it is told how the deliveries stand now. */
async function replay({ em, caller, request, body, before }: Operating): Promise<Answer> {
  const event = await findEvent(em, caller, pathParam(request, 'id'));
  const { endpoint_id: endpointId } = parseInput(replayBody, body);
  if (before === null) {
    if (endpointId !== null) requireEnabled(await findOwnEndpoint(em, caller, endpointId));
    await em.transactional(async (tx) => {
      const count = await queueEventAgain(tx, event, endpointId);
      auditReplay(tx, caller, event, `to ${endpointId ?? `${count} endpoints`}`);
    });
  }
  return { status: 202, body: presentEventDetail(event, await listDeliveriesOfEvent(em, event.id)) };
}

async function test({ em, caller, request, body, id, before }: Operating): Promise<Answer> {
  const row = await findOwnEndpoint(em, caller, pathParam(request, 'id'));
  parseInput(testEndpointBody, body);
  if (before === null && !(await findOutboundEvent(em, caller, id))) {
    requireEnabled(row);
    await em.transactional(async (tx) => {
      auditEndpoint(tx, caller, row, 'tested', null);
      await queueTestEvent(tx, row, id, { ...presentWebhookEndpoint(row) });
    });
  }
  const event = await findEvent(em, caller, id);
  return { status: 202, body: presentEventDetail(event, await listDeliveriesOfEvent(em, id)) };
}

async function recover({ em, caller, request, body, before }: Operating): Promise<Answer> {
  if (before !== null) return before;
  const row = await findOwnEndpoint(em, caller, pathParam(request, 'id'));
  const since = new Date(parseInput(recoverBody, body).since);
  requireEnabled(row);
  const events = await em.transactional(async (tx) => {
    const { projectId, live, id: endpointId } = row;
    const count = await queueMissedEvents(tx, { projectId, live, endpointId }, since);
    auditEndpoint(tx, caller, row, 'recovered', null, `${count} events since ${since.toISOString()}`);
    return count;
  });
  return { status: 202, body: { endpoint_id: row.id, since: since.toISOString(), events } };
}

async function findEvent(em: Db, caller: Caller, id: string): Promise<OutboundEvent> {
  const event = isId('evt', id) ? await findOutboundEvent(em, caller, id) : null;
  if (!event) throw refusal('event_not_found', 'No event of yours has this id.');
  return event;
}

/** A relay sends nothing to a disabled endpoint. */
function requireEnabled(row: { readonly status: string }): void {
  if (row.status !== 'enabled') throw refusal('webhook_endpoint_disabled', 'Enable the endpoint first.');
}

function auditReplay(em: Db, caller: Caller, event: OutboundEvent, detail: string): void {
  const { projectId, live, actor } = caller;
  const entity = { entityKind: 'event', entityId: event.id };
  recordAudit(em, { projectId, live, actor, action: 'event.replayed', ...entity, detail });
}
