import { Router, type Request, type RequestHandler, type Response } from 'express';
import { hashItemToken, openItemToken } from '../../crypto/item-link.ts';
import type { MigrationItem } from '../../db/entities/migration.ts';
import { MigrationItemEntity } from '../../db/entities/migration.ts';
import { findItemByLink } from '../../db/queries/migration-items.ts';
import type { Db } from '../../db/orm.ts';
import { BillingError } from '../../domain/errors.ts';
import { pathParam } from '../answer.ts';
import type { ApiDeps } from '../deps.ts';
import { beginMove } from '../migrate/begin-move.ts';
import { canBegin, readMove, type MoveView } from '../migrate/move-view.ts';
import { renderMove, renderNoMove } from '../migrate/render-move.ts';
import { pickTongue } from '../portal/language.ts';
import { refuseForeignForm } from '../portal/portal-forms.ts';
import { contentSecurityPolicy } from '../portal/style.ts';
import { limitPerKey } from '../rate-limits.ts';

/**
 * The page of a customer who is asked to change providers. The path's token is the credential: it opens this one move,
 * and can do no more than open its checkout.
 */
export function createMigratePages(deps: ApiDeps): Router {
  const router = Router();
  // The form's answer leads on to a provider's page, which `form-action` would stop.
  const policy = contentSecurityPolicy.replace("form-action 'self'", "form-action 'self' https: http:");
  router.use('/migrate', limitPerKey(deps.settings.rateLimitPerMinute), (_request, response, next) => {
    response.set({
      'Cache-Control': 'no-store',
      'Content-Security-Policy': policy,
      'Referrer-Policy': 'no-referrer',
      'X-Frame-Options': 'DENY',
      'X-Robots-Tag': 'noindex',
    });
    next();
  });
  router.get('/migrate/:token', showMove(deps));
  router.post('/migrate/:token', refuseForeignForm, openMove(deps));
  return router;
}

function showMove(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const em = deps.orm.em.fork();
    const nowMs = Date.now();
    const view = await findMove(deps, em, request, nowMs);
    if (view === null) return sendNoMove(request, response);
    if (request.query['back'] !== undefined) await tell(deps, view.item);
    const notice = request.query['notice'];
    const page = renderMove({
      ...{ tongue: tongueOf(request), view, nowMs, action: pagePath(deps, request) },
      notice: notice === 'busy' || notice === 'failed' ? notice : null,
    });
    response.vary('Accept-Language').type('html').send(page);
  };
}

function openMove(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const em = deps.orm.em.fork();
    const nowMs = Date.now();
    const view = await findMove(deps, em, request, nowMs);
    if (view === null) return sendNoMove(request, response);
    const page = pagePath(deps, request);
    if (!canBegin(view, nowMs)) return response.redirect(303, page);
    const returnTo = `${deps.settings.publicUrl}/migrate/${pathParam(request, 'token')}?back=1`;
    const { locale } = tongueOf(request);
    const to = await beginMove(deps, { em, request, view, returnTo, locale, nowMs }).then(
      ({ checkoutUrl, status }) => checkoutUrl ?? `${page}?notice=${status === 'failed' ? 'failed' : 'busy'}`,
      (error: unknown) => {
        if (!(error instanceof BillingError) || error.kind === 'bug') throw error;
        deps.logger.warn({ code: error.code, item: view.item.id }, 'the checkout of a move could not be opened');
        return `${page}?notice=failed`;
      },
    );
    response.redirect(303, to);
  };
}

async function findMove(deps: ApiDeps, em: Db, request: Request, nowMs: number): Promise<MoveView | null> {
  const item = await findItemOf(deps, em, pathParam(request, 'token'), nowMs);
  return item && readMove(em, item, nowMs);
}

/** Every sealed link is good until its end; of others only the newest is known. */
async function findItemOf(deps: ApiDeps, em: Db, token: string, nowMs: number): Promise<MigrationItem | null> {
  if (!/^[\w-]{20,400}$/.test(token)) return null;
  const id = openItemToken(deps.keyRing, token, nowMs);
  return id === null ? findItemByLink(em, hashItemToken(token)) : em.findOne(MigrationItemEntity, { id });
}

async function tell(deps: ApiDeps, { migrationId, id }: MigrationItem): Promise<void> {
  await deps.temporal.tellMigrationItem(migrationId, id).catch((err: unknown) => {
    deps.logger.warn({ err, item: id }, 'the move was not told that its customer is back');
  });
}

function sendNoMove(request: Request, response: Response): void {
  response
    .status(404)
    .type('html')
    .send(renderNoMove(tongueOf(request)));
}

function tongueOf(request: Request) {
  return pickTongue(request.get('accept-language'));
}

/** As browsers see it: a proxy may have put us below a path. */
function pagePath({ settings }: ApiDeps, request: Request): string {
  const { pathname } = new URL(settings.publicUrl);
  return `${pathname.replace(/\/$/, '')}/migrate/${pathParam(request, 'token')}`;
}
