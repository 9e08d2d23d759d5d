import { Router, type Request } from 'express';
import type { Refund } from '../../db/entities/payment.ts';
import { isId } from '../../db/new-id.ts';
import type { Db } from '../../db/orm.ts';
import { findRefund, listPaymentsById, listRefunds } from '../../db/queries/refunds.ts';
import { isRefundAnswered } from '../../domain/payment/refund.ts';
import { presentRefund } from '../../present/refund.ts';
import { pathParam, refuseMethod, sendAnswer } from '../answer.ts';
import { authorize, authorizeFor, callerOf, visibleOrganizations, type Caller, type Need } from '../caller.ts';
import { decodeIdCursor, toPage } from '../cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import { runIdempotent } from '../idempotency.ts';
import { makeRefund } from '../make-refund.ts';
import { parseInput } from '../schemas/parse.ts';
import { createRefundBody, listRefundsQuery } from '../schemas/refund.ts';

const read: Need = { scope: 'billing:read', permission: 'read' };
/** Money leaves the project: no session of a buyer suffices. */
const pay: Need = { scope: 'billing:write', permission: null };

export function createRefundRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/billing/refunds')
    .post(async (request, response) => {
      const caller = callerOf(request);
      authorize(caller, pay);
      const body = parseInput(createRefundBody, request.body ?? {});
      const em = deps.orm.em.fork();
      const answer = await runIdempotent({
        ...{ em, caller, request, body, publicUrl: deps.settings.publicUrl, prefix: 're' },
        handle: async (refundId) => {
          const made = await makeRefund(em, deps, { caller, body, refundId });
          const [shown] = await present(em, caller, [made]);
          return { status: isRefundAnswered(made.status) ? 201 : 202, body: shown };
        },
      });
      if (answer.status === 202) response.set('Retry-After', '2');
      sendAnswer(request, response, answer);
    })
    .get(async (request, response) => {
      const { limit, cursor, organization_id } = parseInput(listRefundsQuery, request.query);
      const caller = callerOf(request);
      const em = deps.orm.em.fork();
      const rows = await listRefunds(em, caller, {
        organizationIds: visibleOrganizations(caller, read, organization_id),
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
    .all(refuseMethod('GET', 'POST'));
  router
    .route('/billing/refunds/:id')
    .get(async (request, response) => {
      const em = deps.orm.em.fork();
      const caller = callerOf(request);
      const [shown] = await present(em, caller, [await visibleRefund(em, request)]);
      response.json(shown);
    })
    .all(refuseMethod('GET'));
  return router;
}

async function visibleRefund(em: Db, request: Request): Promise<Refund> {
  const caller = callerOf(request);
  authorize(caller, read);
  const id = pathParam(request, 'id');
  const row = isId('re', id) ? await findRefund(em, caller, id) : null;
  if (!row) throw refusal('refund_not_found', 'No refund has this id.');
  authorizeFor(caller, read, row.organizationId, 'refund_not_found');
  return row;
}

async function present(em: Db, caller: Caller, rows: readonly Refund[]) {
  const payments = await listPaymentsById(
    em,
    caller,
    rows.map(({ paymentId }) => paymentId),
  );
  return rows.map((row) => presentRefund(row, payments.get(row.paymentId) ?? { subscriptionId: null }));
}
