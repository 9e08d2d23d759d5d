import type { UsageItemStatus, UsageReportStatus } from '../../domain/usage/report.ts';
import type { Db } from '../orm.ts';

interface Whose {
  readonly projectId: string;
  readonly live: boolean;
}

/** Every project and mode. */
const owners = `owner as (
  select project.id as project_id, mode.live, project.usage_report_minutes
  from projects project cross join (values (true), (false)) as mode (live))`;

export interface UnreportedUsage extends Whose {
  /** When the oldest event arrived that is in no report, or in one that is not over or failed. */
  readonly oldestAt: Date;
  /** How often the project's usage shall be reported. */
  readonly everyMinutes: number;
}

/** Projects and modes with events that still have to be reported. Costs a look at an index per organization. */
export async function measureUnreported(em: Db): Promise<readonly UnreportedUsage[]> {
  const rows = await em.execute<(Whose & { oldestAt: Date | string; everyMinutes: number })[]>(
    `with ${owners}, mark as (
       select owner.*, coalesce(last.xid, '0'::xid8) as xid
       from owner left join lateral (
         select case when report.status = 'succeeded' then report.to_xid else report.from_xid end as xid
         from usage_reports report
         where report.project_id = owner.project_id and report.live = owner.live and report.to_xid is not null
         order by report.id desc limit 1) last on true)
     select mark.project_id as "projectId", mark.live, mark.usage_report_minutes as "everyMinutes",
       min(first.received_at) as "oldestAt"
     from mark join organizations organization on organization.project_id = mark.project_id
       and organization.live = mark.live
     cross join lateral (
       select event.received_at from usage_events event
       where event.project_id = mark.project_id and event.live = mark.live
         and event.organization_id = organization.id and event.xid >= mark.xid
       order by event.xid limit 1) first
     group by mark.project_id, mark.live, mark.usage_report_minutes`,
  );
  return rows.map((row) => ({ ...row, oldestAt: new Date(row.oldestAt) }));
}

export interface ItemFigure extends Whose {
  readonly provider: string | null;
  readonly status: UsageItemStatus;
  readonly code: string | null;
  readonly items: number;
}

/**
 * Items that are open, however old, and those that are rejected of the reports made since. What is reported is most of
 * all, and is not counted over and over: each report says how much it was as it ends.
 */
export async function countTroubledItems(em: Db, sinceMs: number): Promise<readonly ItemFigure[]> {
  return em.execute<ItemFigure[]>(
    `select project_id as "projectId", live, provider, status, code, count(*)::float8 as items
     from usage_report_items where status in ('pending', 'sending', 'unknown')
     group by project_id, live, provider, status, code
     union all
     select item.project_id, item.live, item.provider, item.status, item.code, count(*)::float8
     from usage_report_items item where item.report_id >= ? and item.status = 'rejected'
     group by item.project_id, item.live, item.provider, item.status, item.code`,
    [firstIdSince(sinceMs)],
  );
}

export interface LastReport extends Whose {
  readonly status: Extract<UsageReportStatus, 'succeeded' | 'failed'>;
  readonly differing: number;
  /** Events, as it told them when it ended; null: that is told no more. */
  readonly reported: number | null;
  readonly rejected: number | null;
  readonly pending: number | null;
}

/** Of each project and mode the newest report that is over, as it ended. */
export async function listLastReports(em: Db): Promise<readonly LastReport[]> {
  return em.execute<LastReport[]>(
    `with ${owners}
     select owner.project_id as "projectId", owner.live, last.status, last.differing,
       (told.data->>'reported')::float8 as reported, (told.data->>'rejected')::float8 as rejected,
       (told.data->>'pending')::float8 as pending
     from owner cross join lateral (
       select report.id, report.status, coalesce(jsonb_array_length(report.differences), 0) as differing
       from usage_reports report
       where report.project_id = owner.project_id and report.live = owner.live
         and report.status in ('succeeded', 'failed')
       order by report.id desc limit 1) last
     left join lateral (
       select event.data from outbound_events event
       where event.project_id = owner.project_id and event.object_id = last.id and event.type = 'usage.reported'
       order by event.sequence desc limit 1) told on true`,
  );
}

/** Ids begin with the time at which they were made (UUIDv7), so that the primary key finds what is new. */
function firstIdSince(ms: number): string {
  return `ur_${ms.toString(16).padStart(12, '0')}`;
}
