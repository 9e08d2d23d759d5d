import { Router, type Request } from 'express';
import {
  liveSecrets,
  mintEndpointSecret,
  openEndpointSecrets,
  sealEndpointSecrets,
} from '../../crypto/endpoint-secrets.ts';
import type { OutboundEndpoint } from '../../db/entities/outbound.ts';
import { isId } from '../../db/new-id.ts';
import { recordAudit } from '../../db/queries/audit.ts';
import {
  addEndpoint,
  countEndpoints,
  disableEndpoint,
  findEndpoint,
  listEndpoints,
  lockEndpoint,
} from '../../db/queries/outbound-endpoints.ts';
import type { Db } from '../../db/orm.ts';
import { faultOfUrl } from '../../egress/egress-rules.ts';
import { auditedEndpoint, presentWebhookEndpoint } from '../../present/outbound.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import type { Caller, Need } from '../caller.ts';
import { decodeIdCursor, toPage } from '../cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal, refusal } from '../error-codes.ts';
import type { Answer } from '../idempotency.ts';
import { requireKeyRing } from '../require-key-ring.ts';
import { listQuery } from '../schemas/ops.ts';
import {
  createEndpointBody,
  patchEndpointBody,
  rotateSecretBody,
  type PatchEndpointBody,
} from '../schemas/outbound.ts';
import { parseInput } from '../schemas/parse.ts';
import { operator, readOps } from './managed-project.ts';
import { operateOnce, type Operating } from './operate-once.ts';

const path = '/ops/webhook-endpoints';
const maxEndpoints = 20;

/** Where the caller's project hears of events, in the caller's mode. */
export function createWebhookEndpointRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route(path)
    .get(async (request, response) => {
      const caller = operator(request, readOps);
      const { limit, cursor } = parseInput(listQuery, request.query);
      const rows = await listEndpoints(deps.orm.em.fork(), caller, { before: decodeIdCursor(cursor), limit });
      response.json(toPage(rows, limit, (row) => [row.id], presentWebhookEndpoint));
    })
    .post(operateOnce(deps, 'we', (operating) => create(deps, operating)))
    .all(refuseMethod('GET', 'POST'));
  router
    .route(`${path}/:id`)
    .get(async (request, response) => {
      response.json(presentWebhookEndpoint((await endpointIn(deps, request, readOps)).row));
    })
    .patch(operateOnce(deps, 'we', (operating) => change(deps, operating)))
    .delete(operateOnce(deps, 'we', remove))
    .all(refuseMethod('GET', 'PATCH', 'DELETE'));
  router
    .route(`${path}/:id/rotate-secret`)
    .post(operateOnce(deps, 'we', (operating) => rotate(deps, operating)))
    .all(refuseMethod('POST'));
  return router;
}

async function create(deps: ApiDeps, { em, caller, body: sent, id }: Operating): Promise<Answer> {
  const body = parseInput(createEndpointBody, sent);
  checkUrl(deps, body.url);
  const known = await findEndpoint(em, caller, id);
  if (known) return once(201, presentWebhookEndpoint(known), null);
  const secret = mintEndpointSecret();
  const key = { id, projectId: caller.projectId, live: caller.live };
  const secrets = sealEndpointSecrets(requireKeyRing(deps), key, [{ secret, expiresAt: null }]);
  const row = await em.transactional(async (tx) => {
    if ((await countEndpoints(tx, caller)) >= maxEndpoints)
      throw refusal('too_many_webhook_endpoints', `A project has at most ${maxEndpoints} endpoints in each mode.`);
    const { url, description, event_types: eventTypes } = body;
    const made = addEndpoint(tx, { ...key, url, description, eventTypes, secrets });
    auditEndpoint(tx, caller, made, 'created', null);
    return made;
  });
  return once(201, presentWebhookEndpoint(row), secret);
}

async function change(deps: ApiDeps, { em, caller, request, body: sent }: Operating): Promise<Answer> {
  const row = await findOwnEndpoint(em, caller, pathParam(request, 'id'));
  const body = parseInput(patchEndpointBody, sent);
  if (body.url !== undefined) checkUrl(deps, body.url);
  const before = auditedEndpoint(row);
  await em.transactional(async (tx) => {
    if (body.enabled === false && row.status === 'enabled') await turnOff(tx, row, 'Disabled by an operator.');
    tx.assign(row, changesOf(row, body));
    auditEndpoint(tx, caller, row, 'updated', before);
  });
  return { status: 200, body: presentWebhookEndpoint(row) };
}

async function remove({ em, caller, request }: Operating): Promise<Answer> {
  const row = await findOwnEndpoint(em, caller, pathParam(request, 'id'));
  const before = auditedEndpoint(row);
  await em.transactional(async (tx) => {
    await turnOff(tx, row, 'Deleted.');
    tx.assign(row, { deletedAt: new Date(), secrets: Buffer.alloc(0) });
    auditEndpoint(tx, caller, row, 'deleted', before);
  });
  return { status: 204, body: null };
}

/** The secret before goes on signing beside the new one; one before that ends. */
async function rotate(deps: ApiDeps, { em, caller, request, body }: Operating): Promise<Answer> {
  const row = await findOwnEndpoint(em, caller, pathParam(request, 'id'));
  const { expires_in: expiresIn } = parseInput(rotateSecretBody, body);
  const ring = requireKeyRing(deps);
  const secret = mintEndpointSecret();
  const expiresAt = expiresIn === 0 ? null : new Date(Date.now() + expiresIn * 1000).toISOString();
  await em.transactional(async (tx) => {
    const locked = await lockEndpoint(tx, row.id);
    const [current] = liveSecrets(openEndpointSecrets(ring, locked, locked.secrets), new Date());
    const kept = current === undefined || expiresAt === null ? [] : [{ secret: current, expiresAt }];
    tx.assign(locked, { secrets: sealEndpointSecrets(ring, locked, [{ secret, expiresAt: null }, ...kept]) });
    const detail = expiresAt === null ? 'the one before ended' : `the one before signs until ${expiresAt}`;
    auditEndpoint(tx, caller, locked, 'secret_rotated', null, detail);
  });
  return once(200, { ...presentWebhookEndpoint(row), previous_secret_expires_at: expiresAt }, secret);
}

/** A secret is shown once: what is kept for repeats has none. */
function once(status: number, shown: object, secret: string | null): Answer {
  return { status, body: { ...shown, secret }, kept: { ...shown, secret: null } };
}

interface EndpointInPath {
  readonly em: Db;
  readonly caller: Caller;
  readonly row: OutboundEndpoint;
}

/** @throws {BillingError} `webhook_endpoint_not_found`, `insufficient_scope` */
export async function endpointIn(deps: ApiDeps, request: Request, need: Need): Promise<EndpointInPath> {
  const caller = operator(request, need);
  const em = deps.orm.em.fork();
  return { em, caller, row: await findOwnEndpoint(em, caller, pathParam(request, 'id')) };
}

export async function findOwnEndpoint(em: Db, caller: Caller, id: string): Promise<OutboundEndpoint> {
  const row = isId('we', id) ? await findEndpoint(em, caller, id) : null;
  if (!row) throw refusal('webhook_endpoint_not_found', 'No webhook endpoint of yours has this id.');
  return row;
}

export function auditEndpoint(
  em: Db,
  caller: Caller,
  row: OutboundEndpoint,
  act: string,
  before: unknown,
  detail?: string,
): void {
  const { projectId, live, actor } = caller;
  recordAudit(em, {
    ...{ projectId, live, actor, action: `webhook_endpoint.${act}` },
    ...{ entityKind: 'webhook_endpoint', entityId: row.id },
    ...(detail !== undefined && { detail }),
    ...((before !== null || act === 'created') && { before, after: auditedEndpoint(row) }),
  });
}

function checkUrl(deps: ApiDeps, url: string): void {
  const fault = faultOfUrl(url, deps.egress);
  if (fault !== null) throw fieldRefusal('validation_failed', '/url', `The URL must ${fault}.`);
}

function changesOf(row: OutboundEndpoint, body: PatchEndpointBody): Partial<OutboundEndpoint> {
  return {
    ...(body.url !== undefined && { url: body.url }),
    ...(body.description !== undefined && { description: body.description }),
    ...(body.event_types !== undefined && { eventTypes: body.event_types }),
    ...(body.enabled === true &&
      row.status === 'disabled' && { status: 'enabled', disabledReason: null, failingSince: null }),
  };
}

/** The row in memory follows the statement, so that answer and log show what is stored. */
async function turnOff(tx: Db, row: OutboundEndpoint, reason: string): Promise<void> {
  await disableEndpoint(tx, row.id, reason);
  tx.assign(row, { status: 'disabled', disabledReason: reason });
}
