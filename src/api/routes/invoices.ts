import { Router } from 'express';
import { isId } from '../../db/new-id.ts';
import { findInvoice, listInvoices } from '../../db/queries/invoices.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import { authorize, authorizeFor, callerOf, visibleOrganizations, type Need } from '../caller.ts';
import { decodeIdCursor, toPage } from '../cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import { presentInvoice } from '../../present/invoice.ts';
import { listInvoicesQuery } from '../schemas/invoice.ts';
import { parseInput } from '../schemas/parse.ts';

const read: Need = { scope: 'billing:read', permission: 'read' };

export function createInvoiceRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/billing/invoices')
    .get(async (request, response) => {
      const { limit, cursor, organization_id, subscription_id } = parseInput(listInvoicesQuery, request.query);
      const caller = callerOf(request);
      const rows = await listInvoices(deps.orm.em.fork(), caller, {
        organizationIds: visibleOrganizations(caller, read, organization_id),
        ...(subscription_id !== undefined && { subscriptionId: subscription_id }),
        before: decodeIdCursor(cursor),
        limit,
      });
      response.json(toPage(rows, limit, (row) => [row.id], presentInvoice));
    })
    .all(refuseMethod('GET'));
  router
    .route('/billing/invoices/:id')
    .get(async (request, response) => {
      const caller = callerOf(request);
      const id = pathParam(request, 'id');
      authorize(caller, read);
      const row = isId('inv', id) ? await findInvoice(deps.orm.em.fork(), caller, id) : null;
      if (!row) throw refusal('invoice_not_found', 'No invoice has this id.');
      authorizeFor(caller, read, row.organizationId, 'invoice_not_found');
      response.json(presentInvoice(row));
    })
    .all(refuseMethod('GET'));
  return router;
}
