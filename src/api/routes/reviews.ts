import { Router, type Request } from 'express';
import type { ReviewItem } from '../../db/entities/reconciliation.ts';
import { isId } from '../../db/new-id.ts';
import type { Db } from '../../db/orm.ts';
import { closeReview, findReview, listReviews } from '../../db/queries/reviews.ts';
import { presentReview } from '../../present/review.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import type { Caller } from '../caller.ts';
import { decodeIdCursor, toPage } from '../cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import { parseInput } from '../schemas/parse.ts';
import { closeReviewBody, listReviewsQuery } from '../schemas/review.ts';
import { operator, readOps } from './managed-project.ts';
import { operateOnce } from './operate-once.ts';

/** What only a person may decide: read, and closed with a note. */
export function createReviewRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/ops/reviews')
    .get(async (request, response) => {
      const caller = operator(request, readOps);
      const { limit, cursor, status, kind } = parseInput(listReviewsQuery, request.query);
      const rows = await listReviews(deps.orm.em.fork(), caller, {
        ...(status !== undefined && { status }),
        ...(kind !== undefined && { kind }),
        ...{ before: decodeIdCursor(cursor), limit },
      });
      response.json(toPage(rows, limit, ({ id }) => [id], presentReview));
    })
    .all(refuseMethod('GET'));
  router
    .route('/ops/reviews/:id')
    .get(async (request, response) => {
      const caller = operator(request, readOps);
      response.json(presentReview(await find(deps.orm.em.fork(), caller, request)));
    })
    .all(refuseMethod('GET'));
  for (const [act, status] of [
    ['resolve', 'resolved'],
    ['dismiss', 'dismissed'],
  ] as const)
    router.route(`/ops/reviews/:id/${act}`).post(close(deps, status)).all(refuseMethod('POST'));
  return router;
}

function close(deps: ApiDeps, status: 'resolved' | 'dismissed') {
  return operateOnce(deps, 'rev', async ({ em, caller, request, body }) => {
    const { note } = parseInput(closeReviewBody, body);
    const item = await find(em, caller, request);
    const closed = await closeReview(em, item, { status, note, actor: caller.actor });
    if (!closed) throw refusal('review_closed', 'Somebody has closed it.');
    return { status: 200, body: presentReview(closed) };
  });
}

async function find(em: Db, caller: Caller, request: Request): Promise<ReviewItem> {
  const id = pathParam(request, 'id');
  const item = isId('rev', id) ? await findReview(em, caller, id) : null;
  if (!item) throw refusal('review_not_found', 'No review has this id.');
  return item;
}
