import { Router } from 'express';
import type { Order } from '../../db/entities/payment.ts';
import { isId } from '../../db/new-id.ts';
import type { Db } from '../../db/orm.ts';
import { findPaidOrder, listOrders } from '../../db/queries/orders.ts';
import { listPlanKeys } from '../../db/queries/plans.ts';
import { presentOrder } from '../../present/order.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import { authorize, authorizeFor, callerOf, visibleOrganizations, type Caller, type Need } from '../caller.ts';
import { decodeIdCursor, toPage } from '../cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import { listOrdersQuery } from '../schemas/order.ts';
import { parseInput } from '../schemas/parse.ts';

const read: Need = { scope: 'billing:read', permission: 'read' };

export function createOrderRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/billing/orders')
    .get(async (request, response) => {
      const { limit, cursor, organization_id } = parseInput(listOrdersQuery, request.query);
      const caller = callerOf(request);
      const em = deps.orm.em.fork();
      const rows = await listOrders(em, caller, {
        organizationIds: visibleOrganizations(caller, read, organization_id),
        before: decodeIdCursor(cursor),
        limit,
      });
      response.json(toPage(rows, limit, ({ id }) => [id], await presenterOf(em, caller, rows)));
    })
    .all(refuseMethod('GET'));
  router
    .route('/billing/orders/:id')
    .get(async (request, response) => {
      const caller = callerOf(request);
      authorize(caller, read);
      const id = pathParam(request, 'id');
      const em = deps.orm.em.fork();
      const row = isId('ord', id) ? await findPaidOrder(em, caller, id) : null;
      if (!row) throw refusal('order_not_found', 'No order has this id.');
      authorizeFor(caller, read, row.organizationId, 'order_not_found');
      response.json((await presenterOf(em, caller, [row]))(row));
    })
    .all(refuseMethod('GET'));
  return router;
}

async function presenterOf(em: Db, caller: Caller, rows: readonly Order[]) {
  const keys = await listPlanKeys(em, caller.projectId, [...new Set(rows.map(({ planId }) => planId))]);
  return (row: Order) => presentOrder(row, keys);
}
