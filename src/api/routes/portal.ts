import { setTimeout as sleep } from 'node:timers/promises';
import { Router, type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express';
import type { PortalLink } from '../../db/entities/portal-link.ts';
import { findInvoice } from '../../db/queries/invoices.ts';
import { findPortalLink } from '../../db/queries/portal.ts';
import { readPortalRows } from '../../db/queries/portal-page.ts';
import type { Db } from '../../db/orm.ts';
import { BillingError } from '../../domain/errors.ts';
import { pathParam } from '../answer.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import { statusOf, toBillingError } from '../errors.ts';
import { hashSecret } from '../keys.ts';
import { refreshPaymentMethods } from '../payment-method/refresh-payment-methods.ts';
import { createFormat } from '../portal/format.ts';
import { findInvoiceDocument } from '../portal/invoice-document.ts';
import { pickTongue } from '../portal/language.ts';
import { noticeOf, withNotice } from '../portal/notice.ts';
import type { PortalActs } from '../portal/portal-acts.ts';
import { listPossibleActs } from '../portal/possible-acts.ts';
import { actOnMethod, actOnSubscription, refuseForeignForm } from '../portal/portal-forms.ts';
import { renderPortal, renderTrouble } from '../portal/render-portal.ts';
import { contentSecurityPolicy } from '../portal/style.ts';
import { wordsOf } from '../portal/words.ts';
import { limitPerKey } from '../rate-limits.ts';

const methodsFreshForMs = 10 * 60_000;
/** How long the page waits for methods to be read anew. */
const patienceMs = 1_500;

/**
 * Our own portal, where the provider has none. The path's token is the credential: the log has the route's pattern, the
 * browser sends it to nobody (no referrer), and a form of another site is refused by what browsers say of its origin.
 */
export function createPortalRoutes(deps: ApiDeps, acts: PortalActs): Router {
  const router = Router();
  router.use('/portal', limitPerKey(deps.settings.rateLimitPerMinute), (_request, response, next) => {
    response.set({
      'Cache-Control': 'no-store',
      'Content-Security-Policy': contentSecurityPolicy,
      'Referrer-Policy': 'no-referrer',
      'X-Frame-Options': 'DENY',
      'X-Robots-Tag': 'noindex',
    });
    next();
  });
  router.get('/portal/:token', showPage(deps));
  router.get('/portal/:token/invoices/:id', backToPage(deps, showInvoice));
  router.post('/portal/:token/subscriptions/:id/:act', refuseForeignForm, backToPage(deps, actOnSubscription(acts)));
  router.post('/portal/:token/payment-methods/:id/:act', refuseForeignForm, backToPage(deps, actOnMethod(acts)));
  router.use('/portal', createTroublePage(deps));
  return router;
}

function showPage(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const em = deps.orm.em.fork();
    const link = await requireLink(em, request);
    await refreshBriefly(deps, em, link);
    const rows = await readPortalRows(em, link);
    if (!rows) throw refusal('portal_link_unknown', 'The project is gone.');
    const tongue = pickTongue(request.get('accept-language'));
    const words = wordsOf[tongue.language];
    const mayManage = link.permissions.includes('manage');
    const base = pagePath(deps, request);
    const page = renderPortal({
      ...{ tongue, rows, returnUrl: link.returnUrl, notice: noticeOf(words, request.query) },
      context: {
        ...{ words, format: createFormat(tongue), mayManage },
        actionPath: (below) => `${base}/${below}`,
        possible: mayManage ? await listPossibleActs(deps, em, rows.subscriptions) : new Map(),
      },
    });
    response.vary('Accept-Language').type('html').send(page);
  };
}

/** No webhook tells of every stored method: they are asked for now and then. A slow provider does not hold the page up. */
async function refreshBriefly(deps: ApiDeps, em: Db, link: PortalLink): Promise<void> {
  const { organizationId } = link;
  const refreshed = refreshPaymentMethods(deps, em, link, { organizationId, olderThanMs: methodsFreshForMs });
  const heard = refreshed.catch((err: unknown) => deps.logger.warn({ err }, 'stored methods were not refreshed'));
  await Promise.race([heard, sleep(patienceMs, undefined, { ref: false })]);
}

/** @returns where to send the browser: out, or null for the page with what it says. */
type FormWork = (visit: {
  readonly deps: ApiDeps;
  readonly em: Db;
  readonly link: PortalLink;
  readonly request: Request;
}) => Promise<{ readonly to: string } | { readonly done: string }>;

/** Does the work and shows the page again; a refusal is told there, in words. */
function backToPage(deps: ApiDeps, work: FormWork): RequestHandler {
  return async (request, response) => {
    const em = deps.orm.em.fork();
    const link = await requireLink(em, request);
    const base = pagePath(deps, request);
    try {
      const came = await work({ deps, em, link, request });
      response.redirect(303, 'to' in came ? came.to : withNotice(base, came));
    } catch (error) {
      if (!(error instanceof BillingError) || statusOf(error) >= 500) throw error;
      response.redirect(303, withNotice(base, { failed: error.code }));
    }
  };
}

const showInvoice: FormWork = async ({ deps, em, link, request }) => {
  const row = await findInvoice(em, link, pathParam(request, 'id'));
  if (row?.organizationId !== link.organizationId) throw refusal('invoice_not_found', 'No invoice has this id.');
  return { to: await findInvoiceDocument(deps, row) };
};

/** @throws {BillingError} `portal_link_unknown` */
async function requireLink(em: Db, request: Request): Promise<PortalLink> {
  const token = pathParam(request, 'token');
  const link = /^[\w-]{43}$/.test(token) ? await findPortalLink(em, hashSecret(token)) : null;
  if (!link) throw refusal('portal_link_unknown', 'The link is unknown or has expired.');
  return link;
}

/** As browsers see it: a proxy may have put us below a path. */
function pagePath({ settings }: ApiDeps, request: Request): string {
  const { pathname } = new URL(settings.publicUrl);
  return `${pathname.replace(/\/$/, '')}/portal/${pathParam(request, 'token')}`;
}

/** People get a page, not a problem in JSON. */
function createTroublePage(deps: ApiDeps): ErrorRequestHandler {
  return (thrown: unknown, request: Request, response: Response, next) => {
    if (response.headersSent) {
      next(thrown);
      return;
    }
    const error = toBillingError(thrown);
    const status = statusOf(error);
    if (status >= 500) deps.logger.error({ err: thrown }, 'the portal page failed');
    const tongue = pickTongue(request.get('accept-language'));
    response.status(status).type('html');
    response.send(renderTrouble(tongue, error.kind === 'not_found' ? 'gone' : 'busy'));
  };
}
