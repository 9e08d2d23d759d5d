import type { UsageReport } from '../entities/usage.ts';
import type { Db } from '../orm.ts';
import { hourOfEvent, meterCondition, meterText, meterTextKey, meterValue } from './meter-sql.ts';
import type { Scope } from './subscriptions.ts';

/** Events by their transaction ids: those of `[from, to)`. */
export interface XidRange {
  readonly from: string;
  readonly to: string;
}

/**
 * The events of a project and mode in a range, by the index on transaction ids: the empty text keeps PostgreSQL from that
 * of a project's organizations, which has all of its history.
 */
const inRange = `e.project_id || '' = ? and e.live = ? and e.xid >= ?::text::xid8 and e.xid < ?::text::xid8`;

/**
 * Takes a report up: it covers what came since the last one of its project and mode, up to where every transaction has
 * ended. Those that are still writing are in the next one. One that was begun before goes on with what it covers.
 */
export async function beginReport(tx: Db, { projectId, live }: Scope, id: string): Promise<void> {
  await tx.execute(
    `with covered as (
       select coalesce(max(to_xid), '0'::xid8) as from_xid, pg_snapshot_xmin(pg_current_snapshot()) as to_xid
       from usage_reports where project_id = ? and live = ?)
     update usage_reports report set status = 'running', started_at = now(), version = version + 1, updated_at = now(),
       from_xid = coalesce(report.from_xid, least(covered.from_xid, covered.to_xid)),
       cursor = coalesce(report.cursor, least(covered.from_xid, covered.to_xid)),
       to_xid = coalesce(report.to_xid, covered.to_xid), covered_until = coalesce(report.covered_until, now())
     from covered where report.id = ? and report.project_id = ? and report.live = ? and report.status = 'requested'`,
    [projectId, live, id, projectId, live],
    'run',
  );
}

/**
 * The next stretch of a report's events, about `limit` of them: transactions are never split.
 *
 * @returns null: none is left.
 */
export async function nextStretch(tx: Db, report: UsageReport, limit: number): Promise<XidRange | null> {
  const { projectId, live, cursor, toXid } = report;
  if (cursor === null || toXid === null) return null;
  const [row] = await tx.execute<{ readonly to: string | null }[]>(
    `select (max(xid)::text::numeric + 1)::text as to from (
       select e.xid from usage_events e where ${inRange} order by e.xid limit ?) one`,
    [projectId, live, cursor, toXid, limit],
  );
  return row?.to == null ? null : { from: cursor, to: row.to };
}

/** Whose events they are. */
export async function organizationsOf(tx: Db, { projectId, live }: Scope, range: XidRange): Promise<readonly string[]> {
  const rows = await tx.execute<{ readonly id: string }[]>(
    `select distinct e.organization_id as id from usage_events e where ${inRange}`,
    [projectId, live, range.from, range.to],
  );
  return rows.map(({ id }) => id);
}

/** An instant at which an organization's hour is cut: what is before it is of another period. */
export interface Cut {
  readonly organizationId: string;
  readonly at: string;
}

/** Where the event counts: its hour, or the part of it that begins with the period. */
const bucketOfEvent = `case when cut.at > ${hourOfEvent} and e.occurred_at >= cut.at then cut.at else ${hourOfEvent} end`;

const noKey = `'00000000-0000-0000-0000-000000000000'::uuid`;

const collectSql = `
  with counted as materialized (
    select e.event_key, e.organization_id, e.occurred_at, ${bucketOfEvent} as bucket,
      m.id as meter_id, m.aggregation, ${meterValue} as value, ${meterText} as text, ${meterTextKey} as text_key
    from usage_events e
    left join jsonb_to_recordset(?::jsonb) as cut ("organizationId" text, at timestamptz)
      on cut."organizationId" = e.organization_id
    left join meters m on ${meterCondition}
    where ${inRange}),
  singles as materialized (
    select organization_id, bucket,
      coalesce(array_agg(meter_id order by meter_id) filter (where meter_id is not null), '{}') as meter_ids
    from counted group by event_key, organization_id, bucket),
  grouped as (
    insert into usage_report_groups as known (report_id, organization_id, bucket, meter_ids, events)
    select ?, organization_id, bucket, meter_ids, count(*) from singles group by organization_id, bucket, meter_ids
    on conflict (report_id, organization_id, bucket, meter_ids) do update set events = known.events + excluded.events),
  summed as (
    select organization_id, meter_id, aggregation, bucket, text_key, min(text) as text, count(*) as events,
      case aggregation when 'max' then max(value) when 'unique' then 1 when 'last'
        then (array_agg(value order by occurred_at desc, event_key desc) filter (where aggregation = 'last'))[1]
        else sum(value) end as quantity, max(occurred_at) as occurred_at,
      (array_agg(event_key order by occurred_at desc, event_key desc) filter (where aggregation = 'last'))[1] as last_key
    from counted where meter_id is not null
    group by organization_id, meter_id, aggregation, bucket, text_key),
  itemized as (
    insert into usage_report_items as known (id, report_id, organization_id, meter_id, bucket, value_key, value, events,
      quantity, occurred_at, last_key, status, project_id, live)
    select 'uri_' || left(encode(sha256(convert_to(jsonb_build_array(
        ?::text, organization_id, meter_id, extract(epoch from bucket), text_key)::text, 'UTF8')), 'hex'), 32),
      ?, organization_id, meter_id, bucket, text_key, text, events, quantity, occurred_at, last_key, 'pending', ?, ?
    from summed
    on conflict (report_id, organization_id, meter_id, bucket, coalesce(value_key, ${noKey})) do update set
      events = known.events + excluded.events,
      quantity = case (select aggregation from meters where meters.id = excluded.meter_id)
        when 'max' then greatest(known.quantity, excluded.quantity) when 'unique' then 1
        when 'last' then case when (excluded.occurred_at, excluded.last_key) > (known.occurred_at, known.last_key)
          then excluded.quantity else known.quantity end
        else known.quantity + excluded.quantity end,
      last_key = case when (excluded.occurred_at, excluded.last_key) > (known.occurred_at, known.last_key)
        then excluded.last_key else known.last_key end,
      occurred_at = greatest(known.occurred_at, excluded.occurred_at))
  select count(*)::float8 as events from singles`;

/**
 * Adds a stretch of events to a report's groups and items, in the transaction that moves its cursor: none is counted
 * twice, whatever is repeated.
 *
 * @returns how many events they are.
 */
export async function collectStretch(
  tx: Db,
  report: UsageReport,
  range: XidRange,
  cuts: readonly Cut[],
): Promise<number> {
  const { id, projectId, live } = report;
  // A stretch is sorted and grouped in memory.
  await tx.execute(`set local work_mem = '64MB'`);
  const [row] = await tx.execute<{ readonly events: number }[]>(collectSql, [
    ...[JSON.stringify(cuts), projectId, live, range.from, range.to],
    ...[id, id, id, projectId, live],
  ]);
  return row?.events ?? 0;
}

/** Moves a report on: to its next stretch, or to the sending when there is none. */
export async function advanceCollection(
  tx: Db,
  report: UsageReport,
  to: { readonly cursor: string | null; readonly received: number },
): Promise<void> {
  await tx.execute(
    `update usage_reports set received = received + ?, cursor = coalesce(?::text::xid8, to_xid),
       phase = case when ?::text is null then 'send' else phase end, version = version + 1, updated_at = now()
     where id = ? and status = 'running'`,
    [to.received, to.cursor, to.cursor, report.id],
    'run',
  );
}

/** A project and mode with something to report whose last report is long enough ago. */
export interface Due {
  readonly projectId: string;
  readonly live: boolean;
}

/** What comes a little early is not a whole tick too late. */
const earlySecs = 300;
/** After a report that did not go through, at the latest. */
const afterFailureMinutes = 60;

/**
 * Where a report is due: events came since the last one, or items are still to be told. Events are looked for by
 * organization, for which there is an index: a project that is quiet must not read everybody else's.
 */
export function listDueReports(em: Db): Promise<readonly Due[]> {
  return em.execute<Due[]>(
    `select project.id as "projectId", mode.live
     from projects project
     cross join (values (true), (false)) as mode (live)
     left join lateral (
       select max(to_xid) as to_xid, max(started_at) as started_at, bool_or(status in ('requested', 'running')) as is_open,
         (array_agg(status order by started_at desc nulls first))[1] as status
       from usage_reports where project_id = project.id and live = mode.live) last on true
     where not coalesce(last.is_open, false)
       and (last.started_at is null or last.started_at <= now() + make_interval(secs => ?) - make_interval(
         mins => case when last.status = 'failed' then least(project.usage_report_minutes, ?)
           else project.usage_report_minutes end))
       and (exists (select from usage_report_items item where item.project_id = project.id and item.live = mode.live
           and item.status in ('pending', 'sending'))
         or exists (
           select from organizations organization
           cross join lateral (
             select 1 from usage_events event
             where event.project_id = organization.project_id and event.live = organization.live
               and event.organization_id = organization.id and event.xid >= coalesce(last.to_xid, '0'::xid8)
               and event.xid < pg_snapshot_xmin(pg_current_snapshot())
             order by event.xid limit 1) one
           where organization.project_id = project.id and organization.live = mode.live))
     order by project.id, mode.live desc`,
    [earlySecs, afterFailureMinutes],
  );
}
