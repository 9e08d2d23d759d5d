import type { UsageItemStatus, UsageReportStatus } from '../../domain/usage/report.ts';
import { MeterEntity, UsageReportEntity, type UsageReport } from '../entities/usage.ts';
import type { Db } from '../orm.ts';
import type { Scope } from './subscriptions.ts';
import { countedAs, type Counted } from './usage-report-breakdown.ts';

/** Newest first, one more than `limit`. */
export function listReports(
  em: Db,
  { projectId, live }: Scope,
  query: { readonly status?: UsageReportStatus; readonly before: string | null; readonly limit: number },
): Promise<readonly UsageReport[]> {
  const { status, before, limit } = query;
  return em.find(
    UsageReportEntity,
    {
      ...{ projectId, live },
      ...(status !== undefined && { status }),
      ...(before !== null && { id: { $lt: before } }),
    },
    { orderBy: { id: 'desc' }, limit: limit + 1 },
  );
}

/** Until when the report before each reaches: events since then are in this one. Absent: there is none before it. */
export async function findBeginnings(em: Db, reportIds: readonly string[]): Promise<ReadonlyMap<string, Date>> {
  if (reportIds.length === 0) return new Map();
  const rows = await em.execute<{ id: string; at: Date | string }[]>(
    `select report.id, max(before.covered_until) as at
     from usage_reports report join usage_reports before on before.project_id = report.project_id
       and before.live = report.live and before.to_xid = report.from_xid and before.id < report.id
     where report.id in (${reportIds.map(() => '?').join(', ')}) and before.covered_until is not null group by report.id`,
    [...reportIds],
  );
  return new Map(rows.map(({ id, at }) => [id, new Date(at)]));
}

export interface ItemRow {
  readonly id: string;
  readonly reportId: string;
  readonly organizationId: string;
  readonly meterId: string;
  readonly meter: string;
  readonly unit: string;
  readonly bucket: Date | string;
  readonly value: string | null;
  readonly provider: string | null;
  readonly providerCustomerId: string | null;
  readonly events: number;
  readonly quantity: string;
  readonly occurredAt: Date | string;
  readonly status: UsageItemStatus;
  readonly countedAs: Counted;
  readonly code: string | null;
  readonly detail: string | null;
  readonly replaces: string | null;
  readonly attempts: number;
  readonly sentAt: Date | string | null;
  readonly reportedAt: Date | string | null;
  readonly updatedAt: Date | string;
  /** Where the list goes on after it. */
  readonly place: ItemPlace;
}

/** Organization, meter, bucket and value, as the index has them. */
export type ItemPlace = readonly [string, string, string, string];

export interface ItemFilter {
  readonly status?: UsageItemStatus;
  readonly countedAs?: Counted;
  /** null: nobody bills. */
  readonly provider?: string | null;
  readonly organizationId?: string;
  /** The meter's key. */
  readonly meter?: string;
  readonly code?: string;
}

const noValue = "'00000000-0000-0000-0000-000000000000'::uuid";
const itemColumns = `item.id, item.report_id as "reportId", item.organization_id as "organizationId",
  item.meter_id as "meterId", meter.key as meter, meter.unit, item.bucket, item.value, item.provider,
  item.provider_customer_id as "providerCustomerId", item.events::float8 as events, item.quantity::text as quantity,
  item.occurred_at as "occurredAt", item.status, ${countedAs} as "countedAs", item.code, item.detail, item.replaces,
  item.attempts, item.sent_at as "sentAt", item.reported_at as "reportedAt", item.updated_at as "updatedAt"`;

/**
 * Items of a report by organization, meter, hour and value, one more than `limit`: in the order of the index that keeps
 * them apart, so that the last page of a million costs what the first does.
 */
export async function listItems(
  em: Db,
  { projectId, live }: Scope,
  query: { readonly reportId: string; readonly after: ItemPlace | null; readonly limit: number } & ItemFilter,
): Promise<readonly ItemRow[]> {
  const { reportId, after, limit } = query;
  const wheres = wheresOf(query);
  if (after !== null)
    wheres.push([
      `(item.organization_id, item.meter_id, item.bucket, coalesce(item.value_key, ${noValue}))
         > (?, ?, ?::timestamptz, ?::uuid)`,
      [...after],
    ]);
  return em.execute<ItemRow[]>(
    `select ${itemColumns}, jsonb_build_array(item.organization_id, item.meter_id,
       to_char(item.bucket at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), coalesce(item.value_key, ${noValue})) as place
     from usage_report_items item join meters meter on meter.id = item.meter_id
     where item.report_id = ? and item.project_id = ? and item.live = ?
       ${wheres.map(([sql]) => `and ${sql}`).join(' ')}
     order by item.organization_id, item.meter_id, item.bucket, coalesce(item.value_key, ${noValue}) limit ?`,
    [reportId, projectId, live, ...wheres.flatMap(([, params]) => params), limit + 1],
  );
}

function wheresOf({ status, countedAs: counted, provider, organizationId, meter, code }: ItemFilter) {
  const wheres: [sql: string, params: readonly unknown[]][] = [];
  if (status !== undefined) wheres.push(['item.status = ?', [status]]);
  if (counted !== undefined) wheres.push([`${countedAs} = ?`, [counted]]);
  if (provider !== undefined) wheres.push(['item.provider is not distinct from ?', [provider]]);
  if (organizationId !== undefined) wheres.push(['item.organization_id = ?', [organizationId]]);
  if (meter !== undefined) wheres.push(['meter.key = ?', [meter]]);
  if (code !== undefined) wheres.push(['item.code = ?', [code]]);
  return wheres;
}

/** By id. */
export async function findMeterKeys(em: Db, meterIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (meterIds.length === 0) return new Map();
  const rows = await em.find(MeterEntity, { id: { $in: [...meterIds] } }, { fields: ['id', 'key'] });
  return new Map(rows.map(({ id, key }) => [id, key]));
}
