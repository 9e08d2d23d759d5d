import { hourOfEvent, meterCondition, meterTextKey, meterValue } from './meter-sql.ts';

/** The newest of rows with a time, a key that settles ties, and a value: `max` of what sorts by the first two. */
export function newestOf(value: string, at: string, key: string): string {
  return `max(array[to_char(${at} at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), ${key}::text, ${value}::text] collate "C")`;
}

/**
 * What one hour of a meter keeps, from rows with `aggregation`, `value`, `occurred_at` and `event_key`: aggregates named
 * `events`, `sum`, `max` and `newest` (time, key and value as text).
 */
export const hourFigures = `count(*) as events, coalesce(sum(value), 0) as sum,
  max(value) filter (where aggregation = 'max') as max,
  ${newestOf('value', 'occurred_at', 'event_key')} filter (where aggregation = 'last') as newest`;

/**
 * What a reading is made of, as common table expressions that know `m`: one row of `meters` with `organization_id`,
 * `from_hour`, `to_hour` (null: no end) and `mark`. Rollups hold every event below the mark and the tail every other, in
 * the snapshot of one statement: an event counts as soon as it is committed, and never twice.
 *
 * Whose events and from which on are values of their own, not a join with `m`, and the upper bound of `xid` is always
 * true: so the planner takes both bounds for a narrow range of one index. Joined, or open, it expects a third of all
 * events, and reads the whole table where an organization has many of them (1.6 s of a million, 2026-11-22).
 */
const tail = `tail as materialized (
  select ${hourOfEvent} as hour, ${meterValue} as value, ${meterTextKey} as value_key, e.occurred_at, e.event_key,
    m.aggregation
  from usage_events e join m on e.occurred_at >= m.from_hour and (m.to_hour is null or e.occurred_at < m.to_hour)
    and ${meterCondition}
  where e.project_id = (select project_id from m) and e.live = (select live from m)
    and e.organization_id = (select organization_id from m)
    and e.xid >= (select mark from m) and e.xid <= '9223372036854775807'::xid8)`;

/** By hour: what the rollups have, and what the tail adds. */
const parts = `parts as (
  select r.hour, r.events, r.sum, r.max, r.last, r.last_at, r.last_key
  from m join usage_rollups r on r.meter_id = m.id and r.organization_id = m.organization_id
    and r.hour >= m.from_hour and (m.to_hour is null or r.hour < m.to_hour)
  union all
  select hour, events, sum, max, newest[3]::numeric, (newest[1] || '+00')::timestamptz, newest[2]::uuid
  from (select hour, ${hourFigures} from tail group by hour) hours)`;

/** Different values by hour, of meters that count those. */
const uniques = `uniques as (
  select u.hour, u.value_key
  from m join usage_uniques u on m.aggregation = 'unique' and u.meter_id = m.id
    and u.organization_id = m.organization_id and u.hour >= m.from_hour and (m.to_hour is null or u.hour < m.to_hour)
  union all
  select hour, value_key from tail where value_key is not null)`;

export const usageParts = `${tail}, ${parts}, ${uniques}`;

/** The value of parts together, as exact text; what has no events is 0. */
export function valueOfParts(countUniques: string): string {
  return `trim_scale(coalesce(case (select aggregation from m)
    when 'unique' then ${countUniques}
    when 'max' then max(parts.max)
    when 'last' then ((${newestOf('parts.last', 'parts.last_at', 'parts.last_key')}
      filter (where parts.last_at is not null and (select aggregation from m) = 'last'))[3])::numeric
    else sum(parts.sum) end, 0))::text`;
}
