import { Pool } from 'pg';
import type { EntitlementFact } from '../../domain/entitlement/access.ts';
import type { MeterReading } from '../../domain/entitlement/limit.ts';
import type { Db } from '../orm.ts';
import { executePrepared, preparedQuery } from '../prepared.ts';
import { entitlementFact, entitlementRows, msOf, type EntitlementKey } from './entitlements.ts';
import { usageParts, valueOfParts } from './usage-parts.ts';

export interface LimitQuestion extends EntitlementKey {
  /** The name of a limit, which is a meter's key. */
  readonly name: string;
  /** Where no subscription's period counts, this does: the beginning of the month, in ms since 1970. */
  readonly monthStartMs: number;
}

export interface LimitFacts {
  readonly facts: readonly EntitlementFact[];
  /** null: there is no meter of that name. */
  readonly meter: MeterReading | null;
}

/**
 * Reads limits with what was used of them, on a few connections of its own: while usage cannot be read, those wait, and
 * nothing else.
 */
export interface LimitReader {
  /** Rights and use in one round trip. @throws when it is not answered within the patience. */
  read(question: LimitQuestion): Promise<LimitFacts>;
  close(): Promise<void>;
}

const meterSettings = `'unit', meter.unit, 'limitBehavior', meter.limit_behavior, 'whenUnreadable', meter.when_unreadable`;
const meterOfName = 'meter.project_id = ? and meter.live = ? and meter.key = ?';

/**
 * Which period decides is not for SQL to say: use is counted from the beginning of each subscription that may, and of the
 * month. Parts are read once, from the earliest of them.
 */
const limitQuery = `
  with given as (
    select ${entitlementFact} as fact, subscription.current_period_start as since,
      entitlement.is_allowed and jsonb_exists(plan.limits, ?) as is_counted
    ${entitlementRows}),
  periods as (
    select distinct since, date_bin('1 hour', since, timestamptz '1970-01-01 00:00:00+00') as since_hour
    from (select since from given where is_counted and since is not null union all select ?::timestamptz) as begun (since)),
  m as (
    select meter.*, ?::text as organization_id, (select min(since_hour) from periods) as from_hour,
      null::timestamptz as to_hour, mark.xid as mark
    from meters meter cross join usage_marks mark where mark.name = 'rollup' and ${meterOfName}),
  ${usageParts},
  readings as (
    select period.since,
      ${valueOfParts('(select count(distinct uniques.value_key) from uniques where uniques.hour >= period.since_hour)')} as used
    from m cross join periods period left join parts on parts.hour >= period.since_hour
    group by period.since, period.since_hour, m.aggregation)
  select (select coalesce(json_agg(fact), '[]') from given) as facts,
    (select json_build_object(${meterSettings},
      'usedSince', (select json_object_agg(${msOf('since')}, used) from readings)) from m meter) as meter`;

/** The same without a look at usage. */
const termsQuery = `
  select (select coalesce(json_agg(${entitlementFact}), '[]') ${entitlementRows}) as facts,
    (select json_build_object(${meterSettings}, 'usedSince', null) from meters meter where ${meterOfName}) as meter`;

/** Opens the reader; `close()` it. */
export function openLimitReader(
  databaseUrl: string,
  options: { readonly poolSize?: number; readonly patienceMs?: number } = {},
): LimitReader {
  const { poolSize = 8, patienceMs = 250 } = options;
  const pool = new Pool({
    ...{ connectionString: databaseUrl, max: poolSize, connectionTimeoutMillis: 2 * patienceMs },
    // The server gives up first, so that a connection is free again; the driver is for a server that says nothing.
    ...{ statement_timeout: patienceMs, query_timeout: 2 * patienceMs },
  });
  // An idle connection that breaks is replaced at the next use.
  pool.on('error', () => {});
  return {
    async read({ projectId, live, organizationId, name, monthStartMs }) {
      const month = new Date(monthStartMs).toISOString();
      const params = [name, projectId, live, organizationId, month, organizationId, projectId, live, name];
      const { rows } = await pool.query<LimitFacts>(preparedQuery({ sql: limitQuery, params }));
      return factsOf(rows[0]);
    },
    close: () => pool.end(),
  };
}

/** What a limit is made of and how its meter behaves, without what was used: for when that cannot be read. */
export async function readLimitTerms(em: Db, question: Omit<LimitQuestion, 'monthStartMs'>): Promise<LimitFacts> {
  const { projectId, live, organizationId, name } = question;
  const [row] = await executePrepared<LimitFacts>(em, {
    sql: termsQuery,
    params: [projectId, live, organizationId, projectId, live, name],
  });
  return factsOf(row);
}

function factsOf(row: LimitFacts | undefined): LimitFacts {
  return row ?? { facts: [], meter: null };
}
