import { Router, type Request, type RequestHandler } from 'express';
import type { Rollout } from '../../db/entities/rollout.ts';
import { isId } from '../../db/new-id.ts';
import type { Db } from '../../db/orm.ts';
import { judgeRollout } from '../../db/queries/judge-rollout.ts';
import { listAssignments } from '../../db/queries/rollout-assignments.ts';
import { findRollout, listLooks, listRollouts } from '../../db/queries/rollouts.ts';
import { isRolloutOver } from '../../domain/rollout/steer.ts';
import { presentAssignment, presentRollout, presentRolloutDetail } from '../../present/rollout.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import type { Caller } from '../caller.ts';
import { decodeIdCursor, toPage } from '../cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import { requestRollout } from '../rollout/request-rollout.ts';
import { steerRollout } from '../rollout/steer-rollout.ts';
import { parseInput } from '../schemas/parse.ts';
import { listAssignmentsQuery, listRolloutsQuery } from '../schemas/rollout.ts';
import { operator, readOps } from './managed-project.ts';
import { operateOnce } from './operate-once.ts';

const shownLooks = 50;

/** New customers of one provider led to another. What follows from the figures is the workflows' to do. */
export function createRolloutRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/ops/rollouts')
    .get(list(deps))
    .post(operateOnce(deps, 'ro', (operating) => requestRollout(deps, operating)))
    .all(refuseMethod('GET', 'POST'));
  router.route('/ops/rollouts/:id').get(read(deps)).all(refuseMethod('GET'));
  router.route('/ops/rollouts/:id/assignments').get(listPlaced(deps)).all(refuseMethod('GET'));
  for (const act of ['pause', 'resume', 'promote', 'rollback', 'stage'] as const)
    router
      .route(`/ops/rollouts/:id/${act}`)
      .post(
        operateOnce(deps, 'ro', async (operating) => {
          const { em, caller, request } = operating;
          return steerRollout(deps, operating, await findOwn(em, caller, request), act);
        }),
      )
      .all(refuseMethod('POST'));
  return router;
}

function list(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const caller = operator(request, readOps);
    const { limit, cursor, status } = parseInput(listRolloutsQuery, request.query);
    const rows = await listRollouts(deps.orm.em.fork(), caller, {
      ...(status !== undefined && { status }),
      ...{ before: decodeIdCursor(cursor), limit },
    });
    response.json(toPage(rows, limit, (row) => [row.id], presentRollout));
  };
}

/** Both arms as they are now, whatever the last look has seen. */
function read(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const em = deps.orm.em.fork();
    const row = await findOwn(em, operator(request, readOps), request);
    const { control, treatment, ...decided } = await judgeRollout(em, row, new Date());
    const looks = await listLooks(em, row.id, shownLooks);
    const isOver = isRolloutOver(row.status);
    response.json(presentRolloutDetail(row, { control, treatment, looks, decided: isOver ? null : decided }));
  };
}

function listPlaced(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const em = deps.orm.em.fork();
    const row = await findOwn(em, operator(request, readOps), request);
    const { limit, cursor, arm } = parseInput(listAssignmentsQuery, request.query);
    const rows = await listAssignments(em, row, { arm: arm ?? null, after: decodeIdCursor(cursor), limit });
    response.json(toPage(rows, limit, ({ organizationId }) => [organizationId], presentAssignment));
  };
}

async function findOwn(em: Db, caller: Caller, request: Request): Promise<Rollout> {
  const id = pathParam(request, 'id');
  const row = isId('ro', id) ? await findRollout(em, caller, id) : null;
  if (row === null) throw refusal('rollout_not_found', 'No rollout has this id.');
  return row;
}
