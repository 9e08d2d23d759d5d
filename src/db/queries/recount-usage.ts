import type { Db } from '../orm.ts';
import { addHours, hoursOfEvents, lockMark, positionBefore } from './usage-rollup.ts';

export interface RecountScope {
  /** null: every organization. */
  readonly organizationId: string | null;
  /** Whole hours, in ms since 1970; null: no bound. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

/** An hour of an organization whose rollup is not what its events add up to; null: there is none. */
export interface RecountDifference {
  readonly organizationId: string;
  readonly hour: string;
  readonly kept: RecountedHour | null;
  readonly counted: RecountedHour | null;
}

export interface RecountedHour {
  readonly events: number;
  /** A decimal as text; null: it has none. */
  readonly value: string | null;
}

export interface Recount {
  /** How many hours of organizations were compared. */
  readonly hours: number;
  readonly different: number;
  /** The first thousand. */
  readonly differences: readonly RecountDifference[];
}

/**
 * `m`: the meter and what is asked of it. `erased`: whose events an erasure has emptied. Where the meter asks for
 * properties, these cannot be counted any more, and their rollups stand as they are.
 */
const asked = `
  m as materialized (
    select meter.*, asked.*, mark.xid as mark, case when from_at is null then '0'::xid8 else ${positionBefore('from_at')} end
      as position
    from meters meter cross join usage_marks mark
    cross join (select ?::text as only_organization, ?::timestamptz as from_at, ?::timestamptz as to_at) asked
    where meter.id = ? and mark.name = 'rollup'),
  erased as materialized (
    select job.organization_id from m join customer_data_jobs job on job.project_id = m.project_id and job.live = m.live
    where job.kind = 'erasure' and job.status = 'done' and (m.filter <> '[]'::jsonb or m.property is not null))`;

const isAsked = (owner: string, at: string) => `(m.only_organization is null or ${owner} = m.only_organization)
  and (m.from_at is null or ${at} >= m.from_at) and (m.to_at is null or ${at} < m.to_at)
  and ${owner} not in (select organization_id from erased)`;

const counted = hoursOfEvents(
  'm',
  `e.xid >= m.position and e.xid < m.mark and ${isAsked('e.organization_id', 'e.occurred_at')}`,
);

const uniquesOf = (table: string) => `select organization_id, hour, count(*) as uniques,
    md5(string_agg(value_key::text, '' order by value_key)) as digest
  from (${table}) as one_each group by organization_id, hour`;

const valueOf = (
  side: string,
) => `trim_scale(case (select aggregation from m) when 'unique' then coalesce(${side}.uniques, 0)
  when 'max' then ${side}.max when 'last' then ${side}.last else ${side}.sum end)::text`;

const hourAs = (side: string) => `case when ${side}.events is not null then
  json_build_object('events', ${side}.events, 'value', ${valueOf(side)}) end`;

const compareStatement = `
  with ${asked}, ${counted},
  their_uniques as (${uniquesOf('select distinct organization_id, hour, value_key from counted where value_key is not null')}),
  our_uniques as (${uniquesOf(`select u.organization_id, u.hour, u.value_key from m join usage_uniques u on u.meter_id = m.id
    where ${isAsked('u.organization_id', 'u.hour')}`)}),
  theirs as (select hours.*, uniques, digest from hours left join their_uniques using (organization_id, hour)),
  ours as (
    select r.*, uniques, digest from m join usage_rollups r on r.meter_id = m.id
    left join our_uniques using (organization_id, hour) where ${isAsked('r.organization_id', 'r.hour')}),
  compared as (
    select coalesce(ours.organization_id, theirs.organization_id) as organization_id,
      coalesce(ours.hour, theirs.hour) as hour, ${hourAs('ours')} as kept, ${hourAs('theirs')} as counted,
      (ours.events, ours.sum, ours.max, ours.last, ours.last_key, ours.digest)
        is distinct from (theirs.events, theirs.sum, theirs.max, theirs.last, theirs.last_key, theirs.digest) as is_different
    from ours full join theirs on theirs.organization_id = ours.organization_id and theirs.hour = ours.hour)
  select count(*)::integer as hours, count(*) filter (where is_different)::integer as different,
    (select coalesce(json_agg(json_build_object('organizationId', organization_id,
        'hour', to_char(hour at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.000"Z"'), 'kept', kept, 'counted', counted)), '[]')
      from (select * from compared where is_different order by organization_id, hour limit 1000) first) as differences
  from compared`;

/** Compares a meter's rollups with its events, one by one. Writes nothing; takes as long as reading the events does. */
export async function recountUsage(em: Db, meterId: string, scope: RecountScope): Promise<Recount> {
  const [found] = await em.execute<Recount[]>(compareStatement, paramsOf(meterId, scope));
  return found ?? { hours: 0, different: 0, differences: [] };
}

/**
 * Has the rollups say what the events add up to. Nothing is counted meanwhile: new events are read one by one until then.
 *
 * @returns what was different before.
 */
export async function repairRollups(tx: Db, meterId: string, scope: RecountScope): Promise<Recount> {
  await lockMark(tx, true);
  const before = await recountUsage(tx, meterId, scope);
  if (before.different === 0) return before;
  const params = paramsOf(meterId, scope);
  for (const table of ['usage_uniques', 'usage_rollups'])
    await tx.execute(
      `with ${asked} delete from ${table} kept using m
       where kept.meter_id = m.id and ${isAsked('kept.organization_id', 'kept.hour')}`,
      params,
      'run',
    );
  await tx.execute(`with ${asked}, ${counted}, ${addHours}`, params, 'run');
  return before;
}

function paramsOf(meterId: string, { organizationId, fromMs, toMs }: RecountScope): unknown[] {
  const isoOf = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return [organizationId, isoOf(fromMs), isoOf(toMs), meterId];
}
