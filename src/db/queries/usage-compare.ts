import type { Aggregation } from '../../domain/usage/meter.ts';
import type { UsageDifference } from '../../domain/usage/report.ts';
import type { UsageReport } from '../entities/usage.ts';
import type { Db } from '../orm.ts';
import type { ProviderScope } from './usage-items.ts';

/** One customer's meter at a provider, and the time that a report told of it. */
export interface Compared {
  readonly organizationId: string;
  readonly meterId: string;
  readonly providerCustomerId: string;
  readonly aggregation: Aggregation;
  /** Whole hours, in ms since 1970. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** The place of one in the order of `listCompared`. */
export type ComparedPlace = readonly [organizationId: string, meterId: string, providerCustomerId: string];

/** What a report told a provider, by customer and meter; also what it refused later. */
export function listCompared(
  em: Db,
  input: {
    readonly reportId: string;
    readonly provider: string;
    readonly after: ComparedPlace;
    readonly limit: number;
  },
): Promise<readonly Compared[]> {
  return em.execute<Compared[]>(
    `select item.organization_id as "organizationId", item.meter_id as "meterId",
       item.provider_customer_id as "providerCustomerId", meter.aggregation,
       (extract(epoch from date_trunc('hour', min(item.occurred_at), 'UTC')) * 1000)::float8 as "fromMs",
       (extract(epoch from date_trunc('hour', max(item.occurred_at), 'UTC')) * 1000)::float8 + 3600000 as "toMs"
     from usage_report_items item join meters meter on meter.id = item.meter_id
     where item.report_id = ? and item.provider = ? and item.provider_customer_id is not null
       and (item.status in ('reported', 'replaced') or item.generation > 1)
       and (item.organization_id, item.meter_id, item.provider_customer_id) > (?, ?, ?)
     group by 1, 2, 3, 4 order by 1, 2, 3 limit ?`,
    [input.reportId, input.provider, ...input.after, input.limit],
  );
}

/** What one customer's meter was told between two instants, by all reports, as the provider would count it. */
export async function sumTold(em: Db, scope: ProviderScope, told: Compared): Promise<string> {
  const value = {
    sum: 'sum(quantity)',
    count: 'sum(quantity)',
    max: 'max(quantity)',
    last: '(array_agg(quantity order by occurred_at desc, last_key desc))[1]',
    unique: 'count(distinct value_key)::numeric',
  }[told.aggregation];
  const [row] = await em.execute<{ readonly told: string }[]>(
    `select trim_scale(coalesce(${value}, 0))::text as told from usage_report_items
     where meter_id = ? and organization_id = ? and project_id = ? and live = ? and provider = ?
       and provider_customer_id = ? and status = 'reported'
       and bucket >= to_timestamp(?) - interval '1 hour' and bucket < to_timestamp(?)
       and occurred_at >= to_timestamp(?) and occurred_at < to_timestamp(?)`,
    [
      ...[told.meterId, told.organizationId, scope.projectId, scope.live, scope.provider, told.providerCustomerId],
      ...[told.fromMs / 1_000, told.toMs / 1_000, told.fromMs / 1_000, told.toMs / 1_000],
    ],
  );
  return row?.told ?? '0';
}

/** More than these are not listed: something is wrong as a whole. */
export const mostDifferences = 1_000;

/** Puts what was found of some customers' meters in the place of what was found of them before. */
export async function noteDifferences(
  em: Db,
  report: Pick<UsageReport, 'id'>,
  looked: { readonly provider: string; readonly at: readonly Compared[]; readonly found: readonly UsageDifference[] },
): Promise<void> {
  const keys = looked.at.map(({ organizationId, meterId }) => ({ organizationId, meterId }));
  await em.execute(
    `update usage_reports report set version = version + 1, updated_at = now(), differences = (
       select coalesce(jsonb_agg(one.found order by one.place), '[]') from (
         select found, place from (
           select found, place from jsonb_array_elements(coalesce(report.differences, '[]')) with ordinality as old (found, place)
           where found ->> 'provider' <> ? or not exists (
             select from jsonb_to_recordset(?::jsonb) as at ("organizationId" text, "meterId" text)
             where at."organizationId" = found ->> 'organizationId' and at."meterId" = found ->> 'meterId')
           union all
           select found, place + 1000000 from jsonb_array_elements(?::jsonb) with ordinality as new (found, place)) both_of
         order by place limit ?) one)
     where id = ? and status = 'running'`,
    [looked.provider, JSON.stringify(keys), JSON.stringify(looked.found), mostDifferences, report.id],
    'run',
  );
}
