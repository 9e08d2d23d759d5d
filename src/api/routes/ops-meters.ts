import { Router, type Request } from 'express';
import type { z } from 'zod';
import type { Meter } from '../../db/entities/usage.ts';
import { recordAudit } from '../../db/queries/audit.ts';
import { addMeter, findMeter, listMeters, readMeterLinks } from '../../db/queries/meters.ts';
import { recountUsage, repairRollups, type RecountScope } from '../../db/queries/recount-usage.ts';
import type { Db } from '../../db/orm.ts';
import { hourOf } from '../../domain/usage/meter.ts';
import { presentOperatorMeter, presentRecount } from '../../present/meter.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import type { Caller } from '../caller.ts';
import { decodeIdCursor, toPage } from '../cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal, refusal } from '../error-codes.ts';
import type { Answer } from '../idempotency.ts';
import {
  createMeterBody,
  listMetersQuery,
  patchMeterBody,
  recountBody,
  type PatchMeterBody,
} from '../schemas/meter.ts';
import { parseInput } from '../schemas/parse.ts';
import { operator, readOps } from './managed-project.ts';
import { operateOnce, type Operating } from './operate-once.ts';

/** What of the apps' events is counted. */
export function createOpsMeterRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/ops/meters')
    .get(async (request, response) => {
      const caller = operator(request, readOps);
      const { limit, cursor, status } = parseInput(listMetersQuery, request.query);
      const em = deps.orm.em.fork();
      const rows = await listMeters(em, caller, { ...(status && { status }), before: decodeIdCursor(cursor), limit });
      response.json(toPage(rows, limit, ({ id }) => [id], await presenterOf(em, rows)));
    })
    .post(operateOnce(deps, 'mtr', define))
    .all(refuseMethod('GET', 'POST'));
  router
    .route('/ops/meters/:id')
    .get(async (request, response) => {
      const caller = operator(request, readOps);
      const em = deps.orm.em.fork();
      response.json((await answer(em, await requireMeter(em, caller, request))).body);
    })
    .patch(
      operateOnce(deps, 'mtr', async ({ em, caller, request, body }) => {
        const changes = parseInput(patchMeterBody, body);
        return answer(em, await change(em, caller, await requireMeter(em, caller, request), changes));
      }),
    )
    .all(refuseMethod('GET', 'PATCH'));
  router
    .route('/ops/meters/:id/archive')
    .post(
      operateOnce(deps, 'mtr', async ({ em, caller, request }) =>
        answer(em, await archive(em, caller, await requireMeter(em, caller, request))),
      ),
    )
    .all(refuseMethod('POST'));
  router
    .route('/ops/meters/:id/recount')
    .post(operateOnce(deps, 'job', recount))
    .all(refuseMethod('POST'));
  return router;
}

async function define({ em, caller, body: sent, id }: Operating): Promise<Answer> {
  const body = parseInput(createMeterBody, sent);
  const row = (await findMeter(em, caller, id)) ?? (await add(em, caller, id, body));
  return { ...(await answer(em, row)), status: 201 };
}

async function add(em: Db, caller: Caller, id: string, body: z.output<typeof createMeterBody>): Promise<Meter> {
  const { projectId, live } = caller;
  const definition = {
    ...{ eventName: body.event_name, filter: body.filter, aggregation: body.aggregation, property: body.property },
  };
  const settings = { unit: body.unit, limitBehavior: body.limit_behavior, whenUnreadable: body.when_unreadable };
  const made = await addMeter(
    em,
    { ...{ id, projectId, live, key: body.key, name: body.name }, ...definition, ...settings },
    (tx, row) => audit(tx, caller, row, 'meter.defined', { after: { key: body.key, ...definition, ...settings } }),
  );
  if (!made) throw fieldRefusal('meter_key_taken', '/key', 'Another meter has this key.');
  return made;
}

function change(em: Db, caller: Caller, row: Meter, changes: PatchMeterBody): Promise<Meter> {
  return em.transactional(async (tx) => {
    const before = settingsOf(row);
    const { name, unit, limit_behavior: limitBehavior, when_unreadable: whenUnreadable } = changes;
    tx.assign(row, {
      ...(name !== undefined && { name }),
      ...(unit !== undefined && { unit }),
      ...(limitBehavior !== undefined && { limitBehavior }),
      ...(whenUnreadable !== undefined && { whenUnreadable }),
    });
    audit(tx, caller, row, 'meter.changed', { before, after: settingsOf(row) });
    await tx.flush();
    return row;
  });
}

/** It goes on counting, so that what was reported of it stays explained. */
function archive(em: Db, caller: Caller, row: Meter): Promise<Meter> {
  if (row.status === 'archived') return Promise.resolve(row);
  return em.transactional(async (tx) => {
    tx.assign(row, { status: 'archived' });
    audit(tx, caller, row, 'meter.archived', { before: { status: 'active' }, after: { status: 'archived' } });
    await tx.flush();
    return row;
  });
}

async function recount({ em, caller, request, body }: Operating): Promise<Answer> {
  const { organization_id: organizationId, from, to, repair } = parseInput(recountBody, body);
  const meter = await requireMeter(em, caller, request);
  const hourOrNull = (at: string | null) => (at === null ? null : hourOf(Date.parse(at)));
  const scope: RecountScope = { organizationId, fromMs: hourOrNull(from), toMs: hourOrNull(to) };
  if (scope.fromMs !== null && scope.toMs !== null && scope.toMs <= scope.fromMs)
    throw fieldRefusal('usage_range_invalid', '/to', 'There is no whole hour between them.');
  if (!repair) return { status: 200, body: presentRecount(meter.id, await recountUsage(em, meter.id, scope), false) };
  const found = await em.transactional(async (tx) => {
    const before = await repairRollups(tx, meter.id, scope);
    const detail = `${before.different} of ${before.hours} hours were different`;
    audit(tx, caller, meter, 'meter.recounted', { detail, after: { ...scope, different: before.different } });
    await tx.flush();
    return before;
  });
  return { status: 200, body: presentRecount(meter.id, found, true) };
}

function settingsOf({ name, unit, limitBehavior, whenUnreadable }: Meter) {
  return { name, unit, limit_behavior: limitBehavior, when_unreadable: whenUnreadable };
}

function audit(
  tx: Db,
  { projectId, live, actor }: Caller,
  row: Meter,
  action: string,
  more: { readonly detail?: string; readonly before?: unknown; readonly after?: unknown },
): void {
  recordAudit(tx, { ...{ projectId, live, actor, action, entityKind: 'meter', entityId: row.id }, ...more });
}

/** By its id or key. @throws {BillingError} `meter_not_found` */
async function requireMeter(em: Db, caller: Caller, request: Request): Promise<Meter> {
  const row = await findMeter(em, caller, pathParam(request, 'id'));
  if (!row) throw refusal('meter_not_found', 'No meter has this id or key.');
  return row;
}

async function answer(em: Db, row: Meter): Promise<Answer> {
  return { status: 200, body: (await presenterOf(em, [row]))(row) };
}

async function presenterOf(em: Db, rows: readonly Meter[]) {
  const links = await readMeterLinks(
    em,
    rows.map(({ id }) => id),
  );
  return (row: Meter) => presentOperatorMeter(row, links.get(row.id) ?? {});
}
