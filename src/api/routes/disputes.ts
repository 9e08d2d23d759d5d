import { Router } from 'express';
import type { Dispute } from '../../db/entities/payment.ts';
import { isId } from '../../db/new-id.ts';
import type { Db } from '../../db/orm.ts';
import { findDispute, listDisputes } from '../../db/queries/disputes.ts';
import { listPaymentsById } from '../../db/queries/refunds.ts';
import { presentDispute } from '../../present/dispute.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import { authorize, authorizeFor, callerOf, visibleOrganizations, type Caller, type Need } from '../caller.ts';
import { decodeIdCursor, toPage } from '../cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import { listDisputesQuery } from '../schemas/dispute.ts';
import { parseInput } from '../schemas/parse.ts';

const read: Need = { scope: 'billing:read', permission: 'read' };

export function createDisputeRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/billing/disputes')
    .get(async (request, response) => {
      const { limit, cursor, organization_id, status } = parseInput(listDisputesQuery, request.query);
      const caller = callerOf(request);
      const em = deps.orm.em.fork();
      const rows = await listDisputes(em, caller, {
        organizationIds: visibleOrganizations(caller, read, organization_id),
        ...(status !== undefined && { status }),
        before: decodeIdCursor(cursor),
        limit,
      });
      const page = toPage(
        rows,
        limit,
        ({ id }) => [id],
        (row) => row,
      );
      response.json({ ...page, data: await present(em, caller, page.data) });
    })
    .all(refuseMethod('GET'));
  router
    .route('/billing/disputes/:id')
    .get(async (request, response) => {
      const caller = callerOf(request);
      authorize(caller, read);
      const id = pathParam(request, 'id');
      const em = deps.orm.em.fork();
      const row = isId('dsp', id) ? await findDispute(em, caller, id) : null;
      if (!row) throw refusal('dispute_not_found', 'No dispute has this id.');
      authorizeFor(caller, read, row.organizationId, 'dispute_not_found');
      const [shown] = await present(em, caller, [row]);
      response.json(shown);
    })
    .all(refuseMethod('GET'));
  return router;
}

async function present(em: Db, caller: Caller, rows: readonly Dispute[]) {
  const payments = await listPaymentsById(
    em,
    caller,
    rows.map(({ paymentId }) => paymentId),
  );
  const unseen = { invoiceId: null, checkoutId: null, subscriptionId: null };
  return rows.map((row) => presentDispute(row, payments.get(row.paymentId) ?? unseen));
}
