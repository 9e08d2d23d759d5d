/**
 * What a meter counts of an event, as SQL over two rows: a meter (of `meters`, alias `m`) and an event (of
 * `usage_events`, alias `e`). The roller, the tail of readings, recounts and reports all join by it, so they cannot
 * disagree. Filters are data that the statement reads; none of their text ever becomes SQL.
 *
 * @example
 * select e.organization_id, m.id, ${hourOfEvent} as hour, sum(${meterValue})
 * from usage_events e join meters m on ${meterCondition} where e.xid >= ? and e.xid < ? group by 1, 2, 3
 */

/** The property that is aggregated, as JSON; null: the event has none of it. */
const aggregated = `(e.properties -> m.property)`;

/** The same, where it is a number: a cast of anything else would fail the statement. */
const aggregatedNumber = `case when jsonb_typeof${aggregated} = 'number' then ${aggregated}::numeric end`;

/**
 * Corrections of a count: one that takes the whole event back takes one away, any other leaves the event standing. The
 * corrected event never changes and was there before, so this is the same whenever it is asked.
 */
const takenBack = `case when exists (
  select from usage_events corrected where corrected.event_key = usage_event_key(e.project_id, e.live, e.organization_id, e.corrects)
    and corrected.quantity = - e.quantity) then -1 else 0 end`;

/**
 * The event's value for the meter, `numeric`: its quantity, or the numeric property. `count`: 1, or what a correction
 * changes. null where the event has no value for it, and for `unique`, whose values are text (`meterText`).
 */
export const meterValue = `(case m.aggregation
  when 'unique' then null
  when 'count' then case when e.corrects is null then 1 else ${takenBack} end
  else case when m.property is null then e.quantity else ${aggregatedNumber} end end)`;

/** The value of a meter that counts different ones, as text; null for all others. */
export const meterText = `(case when m.aggregation = 'unique' then e.properties ->> m.property end)`;

/** The same as 16 bytes, as `usage_uniques` and reports keep it. */
export const meterTextKey = `md5(${meterText})::uuid`;

/** Whole hours of UTC since 1970: `hourOf` in SQL. */
export const hourOfEvent = `date_bin('1 hour', e.occurred_at, timestamptz '1970-01-01 00:00:00+00')`;

/** Of one clause `c`: what the event has, and what it is compared with. */
const had = `(e.properties -> (c ->> 'property'))`;
const wanted = `(c -> 'value')`;

/** Numbers as numbers, everything else as text in order of its code points. JSON numbers compare without a cast. */
function compared(operator: '=' | '>' | '>=' | '<' | '<=', value = wanted): string {
  return `(case when jsonb_typeof${had} = 'number' and jsonb_typeof(${value}) = 'number' then ${had} ${operator} ${value}
    else (${had} #>> '{}') collate "C" ${operator} (${value} #>> '{}') end)`;
}

/** Whether the event fulfils the clause. A missing property fulfils `ne` (and `exists: false`) alone. */
const fulfilled = `coalesce(case c ->> 'operator'
  when 'eq' then ${compared('=')}
  when 'ne' then not coalesce(${compared('=')}, false)
  when 'gt' then ${compared('>')}
  when 'gte' then ${compared('>=')}
  when 'lt' then ${compared('<')}
  when 'lte' then ${compared('<=')}
  when 'in' then exists (select from jsonb_array_elements(${wanted}) as item where ${compared('=', 'item')})
  when 'exists' then (${had} is not null) = (${wanted} = 'true'::jsonb) end, false)`;

/** Most meters have no filter, or no property: asked first, these cost nothing. */
const hasValue = `(m.aggregation = 'count' or m.property is null or
  case when m.aggregation = 'unique' then ${aggregated} is not null else jsonb_typeof${aggregated} = 'number' end)`;

/**
 * Largest, last and different values are facts that a difference cannot change: corrections count in sums and counts
 * alone.
 */
const takesCorrections = `(e.corrects is null or m.aggregation in ('sum', 'count'))`;

/**
 * Whether the meter `m` counts the event `e`: same project and mode, its event's name, every clause of its filter, and a
 * value to aggregate.
 */
export const meterCondition = `(m.project_id = e.project_id and m.live = e.live and m.event_name = e.event_name
  and ${takesCorrections} and ${hasValue}
  and (m.filter = '[]'::jsonb or not exists (select from jsonb_array_elements(m.filter) as c where not ${fulfilled})))`;
