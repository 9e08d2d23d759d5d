import type { Meter } from '../entities/usage.ts';
import type { Db } from '../orm.ts';
import { executePrepared } from '../prepared.ts';
import { meterCondition, meterTextKey, meterValue } from './meter-sql.ts';
import { newestOf, usageParts, valueOfParts } from './usage-parts.ts';
import { positionBefore } from './usage-rollup.ts';

/** What is asked of one meter and organization. Times in ms since 1970, whole hours; `toMs` is left out. */
export interface UsageQuestion {
  readonly meter: Pick<Meter, 'id'>;
  readonly organizationId: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export type TimeGroup = 'hour' | 'day' | 'month';

/** A decimal as text, and how many events it is made of. */
export interface UsageFigure {
  readonly value: string;
  readonly events: number;
}

export interface UsageSeries<Row extends UsageFigure> {
  readonly rows: readonly Row[];
  readonly total: UsageFigure;
}

/** The meter with the question: `m`, as `usageParts` knows it. Five parameters. */
const asked = `
  m as materialized (
    select meter.*, ?::text as organization_id, ?::timestamptz as from_hour, ?::timestamptz as to_hour, mark.xid as mark,
      ?::text as grouped_by
    from meters meter cross join usage_marks mark where mark.name = 'rollup' and meter.id = ?)`;

const paramsOf = ({ meter, organizationId, fromMs, toMs }: UsageQuestion, groupedBy: string) => [
  organizationId,
  new Date(fromMs).toISOString(),
  new Date(toMs).toISOString(),
  groupedBy,
  meter.id,
];

const bucketOf = (hour: string) => `date_trunc((select grouped_by from m), ${hour}, 'UTC')`;

const byTime = `
  with ${asked}, ${usageParts},
  different as (
    select ${bucketOf('hour')} as bucket, count(distinct value_key) as count from uniques
    group by grouping sets ((bucket), ())),
  grouped as (
    select ${bucketOf('parts.hour')} as bucket, sum(parts.events) as events, ${valueOfParts('null')} as value
    from parts group by grouping sets ((bucket), ()))
  select (extract(epoch from bucket) * 1000)::float8 as "startMs", coalesce(events, 0)::float8 as events,
    case (select aggregation from m) when 'unique' then
      coalesce((select count from different where different.bucket is not distinct from grouped.bucket), 0)::text
      else value end as value
  from grouped order by bucket nulls first`;

/** By hours, days or months of UTC in which something was counted, oldest first, with every event that is committed. */
export async function readUsageByTime(
  em: Db,
  question: UsageQuestion,
  group: TimeGroup,
): Promise<UsageSeries<UsageFigure & { readonly startMs: number }>> {
  const rows = await executePrepared<UsageFigure & { startMs: number | null }>(em, {
    sql: byTime,
    params: paramsOf(question, group),
  });
  const [total, ...others] = rows;
  return {
    rows: others.flatMap(({ startMs, value, events }) => (startMs === null ? [] : [{ startMs, value, events }])),
    total: { value: total?.value ?? '0', events: total?.events ?? 0 },
  };
}

/** Values of a property in one answer; the rest is told by the total alone. */
export const propertyValuesShown = 1_000;

const byProperty = `
  with ${asked},
  counted as materialized (
    select e.properties ->> m.grouped_by as property_value, ${meterValue} as value, ${meterTextKey} as value_key,
      e.occurred_at, e.event_key
    from m join usage_events e on e.project_id = m.project_id and e.live = m.live and e.organization_id = m.organization_id
      and e.xid >= ${positionBefore('m.from_hour')} and e.xid <= '9223372036854775807'::xid8
      and e.occurred_at >= m.from_hour and e.occurred_at < m.to_hour and ${meterCondition})
  select grouping(property_value) = 1 as "isTotal", property_value as "propertyValue", count(*)::float8 as events,
    trim_scale(coalesce(case (select aggregation from m) when 'unique' then count(distinct value_key)
      when 'max' then max(value) when 'last' then ((${newestOf('value', 'occurred_at', 'event_key')}
        filter (where (select aggregation from m) = 'last'))[3])::numeric
      else sum(value) end, 0))::text as value
  from counted group by grouping sets ((property_value), ())
  order by "isTotal" desc, events desc, property_value limit ${propertyValuesShown + 1}`;

/** By the values of a property, most events first; null: events without it. Reads the events themselves. */
export async function readUsageByProperty(
  em: Db,
  question: UsageQuestion,
  property: string,
): Promise<UsageSeries<UsageFigure & { readonly propertyValue: string | null }>> {
  const rows = await em.execute<(UsageFigure & { isTotal: boolean; propertyValue: string | null })[]>(
    byProperty,
    paramsOf(question, property),
  );
  const total = rows.find(({ isTotal }) => isTotal);
  return {
    rows: rows.flatMap(({ isTotal, propertyValue, value, events }) =>
      isTotal ? [] : [{ propertyValue, value, events }],
    ),
    total: { value: total?.value ?? '0', events: total?.events ?? 0 },
  };
}

/** A stored event. `xid` and `key` say where it stands in the order of arrival. */
export interface StoredEvent {
  readonly key: string;
  readonly xid: string;
  readonly organizationId: string;
  readonly eventId: string;
  readonly eventName: string;
  readonly quantity: string;
  readonly properties: Readonly<Record<string, string | number | boolean>> | null;
  readonly corrects: string | null;
  readonly occurredAtMs: number;
  readonly receivedAtMs: number;
}

/** What arrived last first, one more than `limit`. */
export async function listUsageEvents(
  em: Db,
  scope: { readonly projectId: string; readonly live: boolean; readonly organizationId: string },
  query: {
    readonly eventName: string | null;
    /** The last one's of the page before. */
    readonly before: { readonly xid: string; readonly key: string } | null;
    readonly limit: number;
  },
): Promise<readonly StoredEvent[]> {
  const { eventName, before, limit } = query;
  return em.execute<StoredEvent[]>(
    `select event_key::text as key, xid::text as xid, organization_id as "organizationId", event_id as "eventId",
       event_name as "eventName", trim_scale(quantity)::text as quantity, properties, corrects,
       (extract(epoch from occurred_at) * 1000)::float8 as "occurredAtMs",
       (extract(epoch from received_at) * 1000)::float8 as "receivedAtMs"
     from usage_events e
     where project_id = ? and live = ? and organization_id = ? and (?::text is null or event_name = ?)
       and (?::xid8 is null or xid <= ?::xid8) and (?::xid8 is null or (xid, event_key) < (?::xid8, ?::uuid))
     order by e.xid desc, event_key desc limit ?`,
    [
      ...[scope.projectId, scope.live, scope.organizationId, eventName, eventName],
      ...[before?.xid ?? null, before?.xid ?? null, before?.xid ?? null, before?.xid ?? null, before?.key ?? null],
      limit + 1,
    ],
  );
}
