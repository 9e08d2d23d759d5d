import { Router, type RequestHandler } from 'express';
import { findOrganization } from '../../db/queries/organizations.ts';
import type { Meter } from '../../db/entities/usage.ts';
import { findMeter, listMeters } from '../../db/queries/meters.ts';
import { listLiveSubscriptions, type Scope } from '../../db/queries/subscriptions.ts';
import {
  listUsageEvents,
  readUsageByProperty,
  readUsageByTime,
  type TimeGroup,
  type UsageQuestion,
} from '../../db/queries/usage-series.ts';
import type { Db } from '../../db/orm.ts';
import { monthOf } from '../../domain/entitlement/limit.ts';
import { hourMs, hourOf } from '../../domain/usage/meter.ts';
import { presentUsage, presentUsageEvent, type UsageLine } from '../../present/usage-reading.ts';
import { refuseMethod } from '../answer.ts';
import { callerOf, type Need } from '../caller.ts';
import { decodeCursor, toPage } from '../cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal, refusal } from '../error-codes.ts';
import { namedOrganization } from '../named-organization.ts';
import { parseInput } from '../schemas/parse.ts';
import {
  listUsageEventsQuery,
  readEveryUsageQuery,
  readUsageQuery,
  timeGroups,
  type ReadUsageQuery,
  type UsageAnswer,
} from '../schemas/usage-reading.ts';

const read: Need = { scope: 'billing:read', permission: 'read' };

/** Readings in one answer. */
const maxMeters = 50;
/** Lines in one answer. */
const maxLines = 2_000;
/** Reading by a property reads the events themselves: some seconds of one core for so many. */
const maxEventsByProperty = 2_000_000;
const groupMs = { hour: hourMs, day: 24 * hourMs, month: 28 * 24 * hourMs } as const;

/** What was used. Writing comes before these, and leaves other methods to them. */
export function createUsageReadingRoutes(deps: ApiDeps): Router {
  const router = Router();
  router.route('/billing/usage').get(showUsage(deps)).all(refuseMethod('GET', 'POST'));
  router.route('/billing/usage/events').get(showUsageEvents(deps)).all(refuseMethod('GET'));
  return router;
}

/** What one organization has used of one meter: every event that was accepted before the question. */
export function showUsage(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const query = parseInput(readUsageQuery, request.query);
    const caller = callerOf(request);
    const organizationId = namedOrganization(caller, read, query.organization_id);
    const em = deps.orm.em.fork();
    const meter = await findMeter(em, caller, query.meter);
    if (!meter) throw fieldRefusal('meter_not_found', '/meter', 'No meter has this key or id.');
    await requireOrganization(em, caller, organizationId);
    response.json(await readingOf(em, caller, { organizationId, meter, query }));
  };
}

/** As `showUsage`, but without a meter, of every active one: under a provider's name nobody has to know ours. */
export function showUsageOfMeters(deps: ApiDeps): RequestHandler {
  const showOne = showUsage(deps);
  return async (request, response, next) => {
    if (request.query['meter'] !== undefined) return showOne(request, response, next);
    const query = parseInput(readEveryUsageQuery, request.query);
    const caller = callerOf(request);
    const organizationId = namedOrganization(caller, read, query.organization_id);
    const em = deps.orm.em.fork();
    await requireOrganization(em, caller, organizationId);
    const meters = await listMeters(em, caller, { status: 'active', before: null, limit: maxMeters });
    const data: UsageAnswer[] = [];
    for (const meter of meters.slice(0, maxMeters))
      data.push(await readingOf(em, caller, { organizationId, meter, query }));
    response.json({ data, next_cursor: null });
  };
}

async function readingOf(
  em: Db,
  scope: Scope,
  asked: {
    readonly organizationId: string;
    readonly meter: Meter;
    readonly query: Pick<ReadUsageQuery, 'from' | 'to' | 'group_by'>;
  },
): Promise<UsageAnswer> {
  const { organizationId, meter, query } = asked;
  const groupBy = query.group_by;
  const range = await rangeOf(em, scope, organizationId, query);
  const { lines, total } = await readLines(em, { meter, organizationId, ...range }, groupBy);
  return presentUsage({ organizationId, meter, ...range, groupBy, total, lines });
}

/** The stored events of one organization, what arrived last first. */
export function showUsageEvents(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const { limit, cursor, organization_id, event_name } = parseInput(listUsageEventsQuery, request.query);
    const caller = callerOf(request);
    const organizationId = namedOrganization(caller, read, organization_id);
    const { projectId, live } = caller;
    const em = deps.orm.em.fork();
    await requireOrganization(em, caller, organizationId);
    const rows = await listUsageEvents(
      em,
      { projectId, live, organizationId },
      { eventName: event_name ?? null, before: decodeEventCursor(cursor), limit },
    );
    response.json(toPage(rows, limit, ({ xid, key }) => [xid, key], presentUsageEvent));
  };
}

async function readLines(em: Db, question: UsageQuestion, groupBy: string) {
  const group = timeGroups.find((known) => known === groupBy);
  if (group === undefined) return readLinesByProperty(em, question, groupBy);
  if ((question.toMs - question.fromMs) / groupMs[group] > maxLines)
    throw fieldRefusal(
      'usage_range_too_wide',
      '/from',
      `More than ${maxLines} times one ${group}: ask for less at once.`,
    );
  const { rows, total } = await readUsageByTime(em, question, group);
  const lines = rows.map(({ startMs, value, events }): UsageLine => {
    const bounds = {
      startMs: Math.max(startMs, question.fromMs),
      endMs: Math.min(endOf(startMs, group), question.toMs),
    };
    return { ...bounds, propertyValue: null, value, events };
  });
  return { lines, total };
}

/** @throws {BillingError} `usage_range_too_wide` before anything slow is begun */
async function readLinesByProperty(em: Db, question: UsageQuestion, property: string) {
  const { total: all } = await readUsageByTime(em, question, 'month');
  if (all.events > maxEventsByProperty)
    throw fieldRefusal(
      'usage_range_too_wide',
      '/from',
      `More than ${maxEventsByProperty} events: ask for less at once.`,
    );
  const { rows, total } = await readUsageByProperty(em, question, property);
  return { lines: rows.map((row): UsageLine => ({ ...row, startMs: null, endMs: null })), total };
}

function endOf(startMs: number, group: TimeGroup): number {
  return group === 'month' ? monthOf(startMs).endMs : startMs + groupMs[group];
}

/** Whole hours; what is not given is the current period's. */
async function rangeOf(
  em: Db,
  scope: Scope,
  organizationId: string,
  { from, to }: Pick<ReadUsageQuery, 'from' | 'to'>,
) {
  const period = from !== undefined && to !== undefined ? null : await currentPeriod(em, scope, organizationId);
  const fromMs = hourOf(from === undefined ? (period?.startMs ?? 0) : Date.parse(from));
  const toMs = hourOf(to === undefined ? (period?.endMs ?? 0) : Date.parse(to));
  if (toMs <= fromMs)
    throw fieldRefusal(
      'usage_range_invalid',
      to === undefined ? '/from' : '/to',
      'There is no whole hour between them.',
    );
  return { fromMs, toMs };
}

/** That of the newest live subscription, else the month. In ms since 1970. */
async function currentPeriod(em: Db, scope: Scope, organizationId: string) {
  for (const { currentPeriodStart, currentPeriodEnd } of await listLiveSubscriptions(em, scope, organizationId))
    if (currentPeriodStart && currentPeriodEnd)
      return { startMs: currentPeriodStart.getTime(), endMs: currentPeriodEnd.getTime() };
  return monthOf(Date.now());
}

/** @throws {BillingError} `organization_not_found` */
async function requireOrganization(em: Db, { projectId, live }: Scope, id: string): Promise<void> {
  if (await findOrganization(em, { projectId, live, id })) return;
  throw refusal('organization_not_found', 'No organization has this id.');
}

function decodeEventCursor(cursor: string | undefined): { readonly xid: string; readonly key: string } | null {
  if (cursor === undefined) return null;
  const [xid, key] = decodeCursor(cursor, ['string', 'string']).map(String);
  if (xid !== undefined && key !== undefined && /^\d{1,19}$/.test(xid) && /^[0-9a-f-]{36}$/.test(key))
    return { xid, key };
  throw refusal('cursor_invalid', 'The cursor is not a next_cursor of this list.');
}
