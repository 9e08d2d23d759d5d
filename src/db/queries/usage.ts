import { hourOf, type Aggregation, type LimitBehavior, type WhenUnreadable } from '../../domain/usage/meter.ts';
import type { Db } from '../orm.ts';
import { executePrepared } from '../prepared.ts';
import type { Scope } from './subscriptions.ts';
import { usageParts, valueOfParts } from './usage-parts.ts';

/** A meter, and what an organization has used of it. */
export interface UsageReading {
  readonly meterId: string;
  readonly key: string;
  readonly unit: string;
  readonly aggregation: Aggregation;
  readonly status: 'active' | 'archived';
  readonly limitBehavior: LimitBehavior;
  readonly whenUnreadable: WhenUnreadable;
  /** A decimal as text, exact; '0' without events. */
  readonly value: string;
  readonly events: number;
}

const usageQuery = `
  with m as (
    select meter.*, ?::text as organization_id, ?::timestamptz as from_hour, null::timestamptz as to_hour, mark.xid as mark
    from meters meter cross join usage_marks mark
    where mark.name = 'rollup' and meter.project_id = ? and meter.live = ? and meter.key = ?),
  ${usageParts}
  select m.id as "meterId", m.key, m.unit, m.aggregation, m.status, m.limit_behavior as "limitBehavior",
    m.when_unreadable as "whenUnreadable",
    ${valueOfParts('(select count(distinct uniques.value_key) from uniques)')} as value,
    coalesce(sum(parts.events), 0)::float8 as events
  from m left join parts on true
  group by m.id, m.key, m.unit, m.aggregation, m.status, m.limit_behavior, m.when_unreadable`;

/**
 * What an organization has used of one meter from a time on, with every event that is committed. One round trip, outside
 * transactions.
 *
 * @param question.fromMs In ms since 1970; counted from the beginning of its hour.
 * @returns null: there is no such meter.
 */
export async function readUsage(
  em: Db,
  question: Scope & { readonly organizationId: string; readonly meterKey: string; readonly fromMs: number },
): Promise<UsageReading | null> {
  const { projectId, live, organizationId, meterKey, fromMs } = question;
  const from = new Date(hourOf(fromMs)).toISOString();
  const params = [organizationId, from, projectId, live, meterKey];
  const [row] = await executePrepared<Row>(em, { sql: usageQuery, params });
  return row ?? null;
}

/** As the driver takes it. */
type Row = { readonly [Key in keyof UsageReading]: UsageReading[Key] };
