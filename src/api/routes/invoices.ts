import { Router, type Request } from 'express';
import type { Invoice } from '../../db/entities/payment.ts';
import { isId } from '../../db/new-id.ts';
import type { Db } from '../../db/orm.ts';
import { findInvoice, listInvoices } from '../../db/queries/invoices.ts';
import { presentInvoice } from '../../present/invoice.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import { authorize, authorizeFor, callerOf, visibleOrganizations, type Need } from '../caller.ts';
import { decodeIdCursor, toPage } from '../cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import { freshInvoiceLinks, storedInvoiceLinks } from '../invoice/invoice-links.ts';
import { invoicePdf } from '../invoice/invoice-pdf.ts';
import { readPaper } from '../invoice/read-paper.ts';
import { listInvoicesQuery } from '../schemas/invoice.ts';
import { parseInput } from '../schemas/parse.ts';
import { fileName } from './invoice-pages.ts';

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
      const present = (row: Invoice) => presentInvoice(row, storedInvoiceLinks(deps, row));
      response.json(toPage(rows, limit, (row) => [row.id], present));
    })
    .all(refuseMethod('GET'));
  router
    .route('/billing/invoices/:id')
    .get(async (request, response) => {
      const row = await visibleInvoice(deps.orm.em.fork(), request);
      response.set('Cache-Control', 'private, no-store');
      response.json(presentInvoice(row, await freshInvoiceLinks(deps, row)));
    })
    .all(refuseMethod('GET'));
  router
    .route('/billing/invoices/:id/pdf')
    .get(async (request, response) => {
      const em = deps.orm.em.fork();
      const row = await visibleInvoice(em, request);
      const paper = await readPaper(em, deps, row, request.get('accept-language'));
      response
        .type('pdf')
        .set({
          'Cache-Control': 'private, no-store',
          'Content-Disposition': `inline; filename="${fileName(row)}"`,
        })
        .send(await invoicePdf(paper));
    })
    .all(refuseMethod('GET'));
  return router;
}

async function visibleInvoice(em: Db, request: Request): Promise<Invoice> {
  const caller = callerOf(request);
  const id = pathParam(request, 'id');
  authorize(caller, read);
  const row = isId('inv', id) ? await findInvoice(em, caller, id) : null;
  if (!row) throw refusal('invoice_not_found', 'No invoice has this id.');
  authorizeFor(caller, read, row.organizationId, 'invoice_not_found');
  return row;
}
