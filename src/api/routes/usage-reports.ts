import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Router, type Request, type RequestHandler } from 'express';
import type { UsageReport } from '../../db/entities/usage.ts';
import { isId } from '../../db/new-id.ts';
import { countOrganizations } from '../../db/queries/usage-report-breakdown.ts';
import { listItems, type ItemFilter, type ItemPlace } from '../../db/queries/usage-report-rows.ts';
import { findReport } from '../../db/queries/usage-reports.ts';
import type { Db } from '../../db/orm.ts';
import { presentUsageItem, presentUsageOfOrganization } from '../../present/usage-report.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import { authorize, callerOf, type Caller, type Need } from '../caller.ts';
import { decodeCursor, decodeIdCursor, toPage } from '../cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import type { Answer } from '../idempotency.ts';
import { parseInput } from '../schemas/parse.ts';
import {
  createUsageReportBody,
  listUsageItemsQuery,
  listUsageOrganizationsQuery,
  listUsageReportsQuery,
  retryUsageReportBody,
  usageItemsCsvQuery,
} from '../schemas/usage-report.ts';
import { readReport, readReports } from '../usage-report/read-report.ts';
import { requestUsageReport } from '../usage-report/request-report.ts';
import { retryUsageReport } from '../usage-report/retry-report.ts';
import { streamItemsCsv } from '../usage-report/stream-items.ts';
import { operateOnce, type Operating } from './operate-once.ts';

const read: Need = { scope: 'billing:read', permission: null };
const write: Need = { scope: 'billing:write', permission: null };

/** What the providers were told of usage. Telling them is the reports' workflows'. */
export function createUsageReportRoutes(deps: ApiDeps): Router {
  const router = Router();
  router.route('/billing/usage-reports').get(list(deps)).post(begin(deps)).all(refuseMethod('GET', 'POST'));
  // Before the report itself, whose id would have the ending.
  router.route('/billing/usage-reports/:id.csv').get(loadItems(deps)).all(refuseMethod('GET'));
  router.route('/billing/usage-reports/:id').get(show(deps)).all(refuseMethod('GET'));
  router.route('/billing/usage-reports/:id/items').get(showItems(deps)).all(refuseMethod('GET'));
  router.route('/billing/usage-reports/:id/organizations').get(showOrganizations(deps)).all(refuseMethod('GET'));
  router.route('/billing/usage-reports/:id/retry').post(retry(deps)).all(refuseMethod('POST'));
  return router;
}

function list(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const caller = wholeProject(request, read);
    const { limit, cursor, status } = parseInput(listUsageReportsQuery, request.query);
    const rows = await readReports(deps.orm.em.fork(), caller, {
      ...(status !== undefined && { status }),
      ...{ before: decodeIdCursor(cursor), limit },
    });
    response.json(
      toPage(
        rows,
        limit,
        ({ id }) => [id],
        (row) => row,
      ),
    );
  };
}

function begin(deps: ApiDeps): RequestHandler {
  return once(deps, async (operating) => {
    parseInput(createUsageReportBody, operating.body);
    return requestUsageReport(deps, operating);
  });
}

function show(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const caller = wholeProject(request, read);
    const id = pathParam(request, 'id');
    const report = isId('ur', id) ? await readReport(deps.orm.em.fork(), caller, id) : null;
    if (report === null) throw unknownReport();
    response.json(report);
  };
}

function showItems(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const caller = wholeProject(request, read);
    const em = deps.orm.em.fork();
    const report = await findOwn(em, caller, request);
    const { limit, cursor, ...asked } = parseInput(listUsageItemsQuery, request.query);
    const rows = await listItems(em, caller, {
      ...{ reportId: report.id, after: placeOf(cursor), limit },
      ...filterOf(asked),
    });
    response.json(toPage(rows, limit, ({ place }) => place, presentUsageItem));
  };
}

function showOrganizations(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const caller = wholeProject(request, read);
    const em = deps.orm.em.fork();
    const report = await findOwn(em, caller, request);
    const { limit, cursor } = parseInput(listUsageOrganizationsQuery, request.query);
    const rows = await countOrganizations(em, report.id, { after: decodeIdCursor(cursor), limit });
    response.json(toPage(rows, limit, ({ organizationId }) => [organizationId], presentUsageOfOrganization));
  };
}

function loadItems(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const caller = wholeProject(request, read);
    const report = await findOwn(deps.orm.em.fork(), caller, request);
    const filter = filterOf(parseInput(usageItemsCsvQuery, request.query));
    response.type('text/csv').attachment(`${report.id}.csv`);
    const lines = streamItemsCsv(() => deps.orm.em.fork(), caller, { reportId: report.id, ...filter });
    try {
      await pipeline(Readable.from(lines), response);
    } catch (error) {
      // Whoever stopped reading needs no answer. What could not be read cuts the file off, which clients see.
      if (hasLeft(error)) return;
      deps.logger.error({ err: error, usage_report: report.id }, 'a CSV was cut off');
    }
  };
}

function hasLeft(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}

function retry(deps: ApiDeps): RequestHandler {
  return once(deps, async ({ em, caller, request, body, before }) => {
    const { code } = parseInput(retryUsageReportBody, body);
    const report = await findOwn(em, caller, request);
    // Done before: only how it stands is asked.
    if (before !== null) return { status: 202, body: await readReport(em.fork(), caller, report.id) };
    return retryUsageReport(deps, { em, caller, report, code: code ?? null });
  });
}

/** A route that has something done, once per `Idempotency-Key`. */
function once(deps: ApiDeps, act: (operating: Operating) => Promise<Answer>): RequestHandler {
  return operateOnce(deps, 'ur', act, (request) => wholeProject(request, write));
}

/** Reports are of every organization: whoever is narrowed to some sees none. */
function wholeProject(request: Request, need: Need): Caller {
  const caller = callerOf(request);
  authorize(caller, need);
  if (caller.organizations !== null)
    throw refusal('insufficient_scope', 'Reports are of every organization: call without a session.');
  return caller;
}

async function findOwn(em: Db, caller: Caller, request: Request): Promise<UsageReport> {
  const id = pathParam(request, 'id');
  const report = isId('ur', id) ? await findReport(em, caller, id) : null;
  if (report === null) throw unknownReport();
  return report;
}

function unknownReport() {
  return refusal('usage_report_not_found', 'No usage report has this id.');
}

function filterOf(asked: {
  readonly status?: ItemFilter['status'] | undefined;
  readonly counted_as?: ItemFilter['countedAs'] | undefined;
  readonly provider?: string | undefined;
  readonly organization_id?: string | undefined;
  readonly meter?: string | undefined;
  readonly code?: string | undefined;
}): ItemFilter {
  const { status, counted_as: countedAs, provider, organization_id: organizationId, meter, code } = asked;
  return {
    ...(status !== undefined && { status }),
    ...(countedAs !== undefined && { countedAs }),
    ...(provider !== undefined && { provider: provider === 'none' ? null : provider }),
    ...(organizationId !== undefined && { organizationId }),
    ...(meter !== undefined && { meter }),
    ...(code !== undefined && { code }),
  };
}

function placeOf(cursor: string | undefined): ItemPlace | null {
  if (cursor === undefined) return null;
  const [organizationId, meterId, bucket, value] = decodeCursor(cursor, ['string', 'string', 'string', 'string']).map(
    String,
  );
  if (organizationId === undefined || meterId === undefined || !isTime(bucket) || !isUuid(value))
    throw refusal('cursor_invalid', 'The cursor is not a next_cursor of this list.');
  return [organizationId, meterId, bucket, value];
}

function isTime(text: string | undefined): text is string {
  return text !== undefined && /^\d{4}-[\d-]{5}T[\d:]{8}\.\d{6}Z$/.test(text) && !Number.isNaN(Date.parse(text));
}

function isUuid(text: string | undefined): text is string {
  return text !== undefined && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}
