import type { Db } from '../orm.ts';
import { hourOfEvent, meterCondition, meterTextKey, meterValue } from './meter-sql.ts';
import { hourFigures } from './usage-parts.ts';

/** Events of transactions in `[from, to)`. Transaction ids are decimals as text. */
export interface XidRange {
  readonly from: string;
  readonly to: string;
}

/** Events at a time: a fold of so many takes about half a second, and whoever needs the mark waits no longer. */
export const foldedAtOnce = 50_000;

/** Rows of `meters`. */
const everyMeter = 'meters m';

/** One meter that is not stored yet, as seven parameters: see `addMeter`. */
export const givenMeter = `(select ?::text as id, ?::text as project_id, ?::boolean as live, ?::text as event_name,
  ?::jsonb as filter, ?::text as aggregation, ?::text as property) m`;

/** Hours of organizations, from events that `where` chooses: what a fold adds and a recount compares. */
export function hoursOfEvents(meters: string, where: string): string {
  return `counted as materialized (
      select m.id as meter_id, m.aggregation, e.organization_id, ${hourOfEvent} as hour, ${meterValue} as value,
        ${meterTextKey} as value_key, e.occurred_at, e.event_key
      from usage_events e join ${meters} on ${meterCondition} where ${where}),
    hours as (
      select meter_id, organization_id, hour, events, sum, max, newest[3]::numeric as last,
        (newest[1] || '+00')::timestamptz as last_at, newest[2]::uuid as last_key
      from (
        select meter_id, organization_id, hour, ${hourFigures}
        from counted group by meter_id, organization_id, hour) grouped)`;
}

const isNewer = `(excluded.last_key is not null and (kept.last_key is null
  or (excluded.last_at, excluded.last_key) > (kept.last_at, kept.last_key)))`;

/** Adds what `hoursOfEvents` has counted to the rollups. Which order chunks come in makes no difference. */
export const addHours = `new_values as (
    insert into usage_uniques (meter_id, organization_id, hour, value_key)
    select distinct meter_id, organization_id, hour, value_key from counted where value_key is not null
    on conflict do nothing)
  insert into usage_rollups as kept (meter_id, organization_id, hour, events, sum, max, last, last_at, last_key)
  select meter_id, organization_id, hour, events, sum, max, last, last_at, last_key from hours
  on conflict (meter_id, organization_id, hour) do update set
    events = kept.events + excluded.events, sum = kept.sum + excluded.sum, max = greatest(kept.max, excluded.max),
    last = case when ${isNewer} then excluded.last else kept.last end,
    last_at = case when ${isNewer} then excluded.last_at else kept.last_at end,
    last_key = case when ${isNewer} then excluded.last_key else kept.last_key end`;

const within = 'e.xid >= ?::xid8 and e.xid < ?::xid8';
const foldStatement = `with ${hoursOfEvents(everyMeter, within)}, ${addHours}`;
const foldForStatement = `with ${hoursOfEvents(givenMeter, within)}, ${addHours}`;

/** Counts the events of a range for every meter. */
export async function foldEvents(tx: Db, { from, to }: XidRange): Promise<void> {
  await tx.execute(foldStatement, [from, to], 'run');
}

/** Counts the events of a range for one meter, stored or not. */
export async function foldEventsFor(tx: Db, meter: readonly unknown[], { from, to }: XidRange): Promise<void> {
  await tx.execute(foldForStatement, [...meter, from, to], 'run');
}

/**
 * Cuts about `size` events off the beginning of a range, whole transactions at a time.
 *
 * @returns where the next chunk begins: the range's end where this was the last one; null: the range has no events.
 */
export async function endOfChunk(em: Db, { from, to }: XidRange, size: number): Promise<string | null> {
  const [row] = await em.execute<{ end: string | null }[]>(
    `select case when first.xid is null then null
       when beyond.xid is null then ?
       when beyond.xid > first.xid then beyond.xid::text
       else (beyond.xid::text::numeric + 1)::text end as end
     from (select 1) as one
     left join (select xid from usage_events where xid >= ?::xid8 and xid < ?::xid8 order by xid limit 1) first on true
     left join (select xid from usage_events where xid >= ?::xid8 and xid < ?::xid8 order by xid offset ? limit 1) beyond
       on true`,
    [to, from, to, from, to, size],
  );
  return row?.end ?? null;
}

/**
 * Holds the mark until the transaction ends: nothing is counted meanwhile.
 *
 * @param wait false: null where somebody else holds it.
 */
export async function lockMark(tx: Db, wait: boolean): Promise<XidRange | null> {
  const [row] = await tx.execute<XidRange[]>(
    `select xid::text as from, pg_snapshot_xmin(pg_current_snapshot())::text as to
     from usage_marks where name = 'rollup' for update ${wait ? '' : 'skip locked'}`,
  );
  return row ?? null;
}

/**
 * Moves the mark, and notes where it stood when this hour began: an event that occurred two hours after an hour was
 * received after that mark, for events are at most five minutes ahead, and clocks of our machines less than that.
 */
export async function moveMark(tx: Db, { from, to }: XidRange): Promise<void> {
  await tx.execute(`update usage_marks set xid = ?::xid8, updated_at = now() where name = 'rollup'`, [to], 'run');
  await tx.execute(
    `insert into usage_hours (hour, xid) values (date_trunc('hour', now(), 'UTC'), ?::xid8) on conflict do nothing`,
    [from],
    'run',
  );
}

/** SQL: a position below every event that occurred at or after a time, which is SQL too. */
export function positionBefore(at: string): string {
  return `coalesce((select xid from usage_hours where hour <= ${at} - interval '2 hours' order by hour desc limit 1), '0'::xid8)`;
}

export interface RollupLag {
  /** Accepted and not in the rollups yet; readings count them one by one. At most a million are counted. */
  readonly events: number;
  /** How long ago the oldest of them was received. */
  readonly seconds: number;
}

export async function measureRollupLag(em: Db): Promise<RollupLag> {
  const [row] = await em.execute<RollupLag[]>(
    `with mark as (select xid from usage_marks where name = 'rollup')
     select (select count(*) from (select from usage_events where xid >= (select xid from mark) limit 1000000) waiting)::integer
         as events,
       coalesce(extract(epoch from now() - (select received_at from usage_events where xid >= (select xid from mark)
         order by xid limit 1)), 0)::float8 as seconds`,
  );
  return row ?? { events: 0, seconds: 0 };
}
