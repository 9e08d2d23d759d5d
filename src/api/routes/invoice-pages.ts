import { Router, type Request } from 'express';
import type { Invoice } from '../../db/entities/payment.ts';
import type { Db } from '../../db/orm.ts';
import { findInvoiceById } from '../../db/queries/invoices.ts';
import { pathParam } from '../answer.ts';
import type { ApiDeps } from '../deps.ts';
import { openInvoiceToken, ownInvoiceLinks } from '../invoice/invoice-links.ts';
import { goneInvoicePage, invoicePage } from '../invoice/invoice-page.ts';
import { invoicePdf } from '../invoice/invoice-pdf.ts';
import { invoiceWords } from '../invoice/invoice-words.ts';
import { readPaper } from '../invoice/read-paper.ts';

/** Our own invoices for the customer's browser: the link is the key, for a day. */
export function createInvoicePages(deps: ApiDeps): Router {
  const router = Router();
  router.use('/invoices', (_request, response, next) => {
    response.set({ 'Cache-Control': 'private, no-store', 'X-Robots-Tag': 'noindex' });
    next();
  });
  router.get('/invoices/:token', async (request, response) => {
    const em = deps.orm.em.fork();
    const invoice = await openInvoice(em, deps, request);
    const accepted = request.get('accept-language');
    if (invoice === null) {
      response
        .status(404)
        .type('html')
        .send(goneInvoicePage(invoiceWords(accepted)));
      return;
    }
    const paper = await readPaper(em, deps, invoice, accepted);
    response.type('html').send(invoicePage(paper, ownInvoiceLinks(deps, invoice).pdfUrl ?? ''));
  });
  router.get('/invoices/:token/pdf', async (request, response) => {
    const em = deps.orm.em.fork();
    const invoice = await openInvoice(em, deps, request);
    const accepted = request.get('accept-language');
    if (invoice === null) {
      response
        .status(404)
        .type('html')
        .send(goneInvoicePage(invoiceWords(accepted)));
      return;
    }
    response
      .type('pdf')
      .set('Content-Disposition', `inline; filename="${fileName(invoice)}"`)
      .send(await invoicePdf(await readPaper(em, deps, invoice, accepted)));
  });
  return router;
}

/** A name that every file system takes. */
export function fileName(invoice: Invoice): string {
  return `${(invoice.number ?? invoice.id).replaceAll(/[^A-Za-z0-9_-]/g, '-')}.pdf`;
}

async function openInvoice(em: Db, deps: ApiDeps, request: Request): Promise<Invoice | null> {
  const named = openInvoiceToken(deps.keyRing, pathParam(request, 'token'), Date.now());
  return named && findInvoiceById(em, named.projectId, named.id);
}
