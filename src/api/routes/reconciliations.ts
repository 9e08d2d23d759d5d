import { Router, type Request, type RequestHandler } from 'express';
import type { ReconciliationRun } from '../../db/entities/reconciliation.ts';
import { isId } from '../../db/new-id.ts';
import { countOpenDifferences, countOpenReviews, measureDrift } from '../../db/queries/reconciliation-drift.ts';
import {
  countDifferences,
  findRun,
  listDifferences,
  listOpenRuns,
  listRuns,
} from '../../db/queries/reconciliations.ts';
import type { Db } from '../../db/orm.ts';
import { presentDifference, presentDrift, presentReconciliation } from '../../present/reconciliation.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import type { Caller } from '../caller.ts';
import { csvLine } from '../csv.ts';
import { decodeIdCursor, toPage } from '../cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import { requestReconciliation } from '../reconciliation/request-reconciliation.ts';
import { steerReconciliation } from '../reconciliation/steer-reconciliation.ts';
import { parseInput } from '../schemas/parse.ts';
import { csvQuery, listDifferencesQuery, listReconciliationsQuery } from '../schemas/reconciliation.ts';
import { operator, readOps } from './managed-project.ts';
import { operateOnce } from './operate-once.ts';

/** Comparisons of our rows with the providers' accounts. What they do is their workflows'. */
export function createReconciliationRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/ops/reconciliations')
    .get(list(deps))
    .post(operateOnce(deps, 'rec', (operating) => requestReconciliation(deps, operating)))
    .all(refuseMethod('GET', 'POST'));
  router.route('/ops/reconciliations/summary').get(summarize(deps)).all(refuseMethod('GET'));
  router
    .route('/ops/reconciliations/:id')
    .get(async (request, response) => {
      const { em, run } = await runIn(deps, request);
      response.json(presentReconciliation(run, await countDifferences(em, [run.id])));
    })
    .all(refuseMethod('GET'));
  router.route('/ops/reconciliations/:id/differences').get(listDiffering(deps)).all(refuseMethod('GET'));
  router.route('/ops/reconciliations/:id/differences.csv').get(loadDiffering(deps)).all(refuseMethod('GET'));
  for (const act of ['pause', 'resume', 'cancel'] as const)
    router
      .route(`/ops/reconciliations/:id/${act}`)
      .post(
        operateOnce(deps, 'rec', async ({ em, caller, request }) =>
          steerReconciliation(deps, { em, caller, run: await findOwn(em, caller, request), act }),
        ),
      )
      .all(refuseMethod('POST'));
  return router;
}

function list(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const caller = operator(request, readOps);
    const { limit, cursor, provider, status } = parseInput(listReconciliationsQuery, request.query);
    const em = deps.orm.em.fork();
    const rows = await listRuns(em, caller, {
      ...(provider !== undefined && { provider }),
      ...(status !== undefined && { status }),
      ...{ before: decodeIdCursor(cursor), limit },
    });
    const counts = await countDifferences(
      em,
      rows.map(({ id }) => id),
    );
    response.json(
      toPage(
        rows,
        limit,
        (row) => [row.id],
        (row) => presentReconciliation(row, counts),
      ),
    );
  };
}

/** Every provider that the project has an account at, or had when it was compared. */
function summarize(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const { projectId, live } = operator(request, readOps);
    const scope = { projectId, live };
    const em = deps.orm.em.fork();
    const configured = await deps.providers.configured(projectId, live);
    const drifts = await measureDrift(em, scope);
    const differences = await countOpenDifferences(em, scope);
    const reviews = await countOpenReviews(em, scope);
    const open = await listOpenRuns(em, scope);
    const data = deps.providers
      .ids()
      .filter((id) => configured.has(id) || drifts.some(({ provider }) => provider === id))
      .map((id) =>
        presentDrift(id, drifts.find(({ provider }) => provider === id) ?? null, {
          openId: open.find(({ provider }) => provider === id)?.id ?? null,
          openReviews: reviews.get(id) ?? 0,
          openDifferences: differences.filter(({ provider }) => provider === id),
        }),
      );
    response.json({ data, next_cursor: null });
  };
}

function listDiffering(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const { em, run } = await runIn(deps, request);
    const { limit, cursor, kind, status } = parseInput(listDifferencesQuery, request.query);
    const rows = await listDifferences(em, run, {
      ...{ runId: run.id, before: decodeIdCursor(cursor), limit },
      ...(kind !== undefined && { kind }),
      ...(status !== undefined && { status }),
    });
    response.json(toPage(rows, limit, (row) => [row.id], presentDifference));
  };
}

const csvPage = 1_000;
const columns = [
  ...['id', 'kind', 'status', 'object_kind', 'object_id', 'entity_kind', 'entity_id', 'organization_id'],
  ...['ours', 'theirs', 'review_id', 'why', 'found_at', 'updated_at'],
];

/** Page by page, so that a long list costs neither side its memory. */
function loadDiffering(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const { run } = await runIn(deps, request);
    const asked = parseInput(csvQuery, request.query);
    const filter = {
      ...(asked.kind !== undefined && { kind: asked.kind }),
      ...(asked.status !== undefined && { status: asked.status }),
    };
    response.type('text/csv').attachment(`${run.id}-differences.csv`);
    response.write(csvLine(columns));
    for (let before: string | null = null; ;) {
      const rows = await listDifferences(deps.orm.em.fork(), run, { runId: run.id, ...filter, before, limit: csvPage });
      for (const row of rows.slice(0, csvPage)) {
        const { object, entity, ...shown } = presentDifference(row);
        response.write(
          csvLine([
            ...[shown.id, shown.kind, shown.status, object.kind, object.id, entity?.kind ?? null, entity?.id ?? null],
            ...[shown.organization_id, JSON.stringify(shown.ours), JSON.stringify(shown.theirs), shown.review_id],
            ...[shown.why, shown.found_at, shown.updated_at],
          ]),
        );
      }
      if (rows.length <= csvPage) break;
      before = rows[csvPage - 1]?.id ?? null;
    }
    response.end();
  };
}

async function runIn(deps: ApiDeps, request: Request): Promise<{ readonly em: Db; readonly run: ReconciliationRun }> {
  const em = deps.orm.em.fork();
  return { em, run: await findOwn(em, operator(request, readOps), request) };
}

async function findOwn(em: Db, caller: Caller, request: Request): Promise<ReconciliationRun> {
  const id = pathParam(request, 'id');
  const run = isId('rec', id) ? await findRun(em, caller, id) : null;
  if (run === null) throw refusal('reconciliation_not_found', 'No reconciliation has this id.');
  return run;
}
