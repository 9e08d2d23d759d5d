import { Router } from 'express';
import { listMeters } from '../../db/queries/meters.ts';
import { presentMeter } from '../../present/meter.ts';
import { refuseMethod } from '../answer.ts';
import { authorize, callerOf, type Need } from '../caller.ts';
import { decodeIdCursor, toPage } from '../cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { listMetersQuery } from '../schemas/meter.ts';
import { parseInput } from '../schemas/parse.ts';

/** What is counted is no secret: a price page shows it. */
const read: Need = { scope: 'billing:read', permission: 'read', openToPublishable: true };

export function createMeterRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/billing/meters')
    .get(async (request, response) => {
      const caller = callerOf(request);
      authorize(caller, read);
      const { limit, cursor, status = 'active' } = parseInput(listMetersQuery, request.query);
      const rows = await listMeters(deps.orm.em.fork(), caller, { status, before: decodeIdCursor(cursor), limit });
      response.json(toPage(rows, limit, ({ id }) => [id], presentMeter));
    })
    .all(refuseMethod('GET'));
  return router;
}
