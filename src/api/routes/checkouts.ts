import { Router, type Request, type Response } from 'express';
import type { Checkout } from '../../db/entities/checkout.ts';
import { isId } from '../../db/new-id.ts';
import { findCheckout, findCheckoutPayment, listCheckouts, listTimeline } from '../../db/queries/checkouts.ts';
import type { Db } from '../../db/orm.ts';
import { pathParam, refuseMethod, sendAnswer } from '../answer.ts';
import { authorize, authorizeFor, callerOf, visibleOrganizations, type Need } from '../caller.ts';
import { readCheckoutFacts } from '../checkout/checkout-facts.ts';
import { createCheckout } from '../checkout/create-checkout.ts';
import { explainFailure } from '../checkout/explain-failure.ts';
import { decodeIdCursor, toPage } from '../cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import { runIdempotent } from '../idempotency.ts';
import { expireCheckout, openCheckout } from '../open-checkout.ts';
import { presentCheckout, presentCheckoutDetail } from '../../present/checkout.ts';
import { createCheckoutBody, listCheckoutsQuery } from '../schemas/checkout.ts';
import { parseInput } from '../schemas/parse.ts';

const readOne: Need = { scope: 'billing:read', permission: 'read', openToPublishable: true };
const readMany: Need = { scope: 'billing:read', permission: 'read' };
const end: Need = { scope: 'billing:write', permission: 'manage' };

export function createCheckoutRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/billing/checkout')
    .post(startCheckout(deps, { preferredProvider: null, present: presentCheckout }))
    .all(refuseMethod('POST'));
  router
    .route('/billing/checkouts')
    .get(async (request, response) => {
      const query = parseInput(listCheckoutsQuery, request.query);
      const caller = callerOf(request);
      const rows = await listCheckouts(deps.orm.em.fork(), caller, {
        organizationIds: visibleOrganizations(caller, readMany, query.organization_id),
        before: decodeIdCursor(query.cursor),
        limit: query.limit,
      });
      response.json(toPage(rows, query.limit, (row) => [row.id], presentCheckout));
    })
    .all(refuseMethod('GET'));
  router
    .route('/billing/checkouts/:id')
    .get(async (request, response) => {
      const em = deps.orm.em.fork();
      const row = await visibleCheckout(em, request, readOne);
      await sendDetail(em, response, row);
    })
    .all(refuseMethod('GET'));
  router
    .route('/billing/checkouts/:id/expire')
    .post(async (request, response) => {
      const em = deps.orm.em.fork();
      const caller = callerOf(request);
      const row = await visibleCheckout(em, request, end);
      const answer = await runIdempotent({
        ...{ em, caller, request, body: request.body ?? {}, publicUrl: deps.settings.publicUrl, prefix: 'chk' },
        handle: async () => {
          const ended = await expireCheckout({ em, temporal: deps.temporal, logger: deps.logger, checkout: row });
          return { status: 200, body: presentCheckout(ended) };
        },
      });
      sendAnswer(request, response, answer);
    })
    .all(refuseMethod('POST'));
  return router;
}

/** `POST /billing/checkout` and its aliases: they differ in the preferred provider and in how much they answer. */
export function startCheckout(
  deps: ApiDeps,
  options: { readonly preferredProvider: string | null; readonly present: (row: Checkout) => unknown },
) {
  return async (request: Request, response: Response): Promise<void> => {
    const caller = callerOf(request);
    const body = parseInput(createCheckoutBody, request.body ?? {});
    const em = deps.orm.em.fork();
    const facts = readCheckoutFacts(em, caller, body);
    // Whoever needs them hears of it; a repeat does not.
    facts.catch(() => undefined);
    const answer = await runIdempotent({
      ...{ em, caller, request, body, publicUrl: deps.settings.publicUrl, prefix: 'chk' },
      handle: async (checkoutId, isFirst) => {
        const checkout = await createCheckout(em, deps, {
          ...{ caller, body, request, checkoutId, facts },
          hasIdempotencyKey: request.get('idempotency-key') !== undefined,
          isFirst,
          preferredProvider: options.preferredProvider,
        });
        const opened = await openCheckout({ em, temporal: deps.temporal, logger: deps.logger, checkout });
        count(deps, opened);
        if (opened.status === 'failed') throw explainFailure(opened);
        return { status: opened.status === 'creating' ? 202 : 201, body: options.present(opened) };
      },
    });
    if (answer.status === 202) response.set('Retry-After', '2');
    sendAnswer(request, response, answer);
  };
}

async function visibleCheckout(em: Db, request: Request, need: Need): Promise<Checkout> {
  const caller = callerOf(request);
  authorize(caller, need);
  const id = pathParam(request, 'id');
  const row = isId('chk', id) ? await findCheckout(em, caller, id) : null;
  if (!row) throw refusal('checkout_not_found', 'No checkout has this id.');
  authorizeFor(caller, need, row.organizationId, 'checkout_not_found');
  return row;
}

async function sendDetail(em: Db, response: Response, row: Checkout): Promise<void> {
  const payment = await findCheckoutPayment(em, row);
  const timeline = await listTimeline(em, row.projectId, row.id);
  response.json(presentCheckoutDetail(row, payment, timeline));
}

function count(deps: ApiDeps, row: Checkout): void {
  deps.metrics.checkouts.inc({ provider: row.provider ?? 'none', status: row.status });
  if (row.fallback === null) return;
  const { attempted_provider: attempted, fallback_provider, reason } = row.fallback;
  deps.metrics.fallbacks.inc({ attempted, fallback: fallback_provider ?? 'none', reason });
}
