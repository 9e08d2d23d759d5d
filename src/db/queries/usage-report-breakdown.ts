import type { Aggregation } from '../../domain/usage/meter.ts';
import type { UsageCounts } from '../../domain/usage/report.ts';
import type { Db } from '../orm.ts';

/** In which of the three an item's events count: `countedAs` of the domain, as SQL. */
export const countedAs = `case when item.status in ('reported', 'replaced') then 'reported'
  when item.status = 'rejected' then 'rejected' else 'pending' end`;

export type Counted = Exclude<keyof UsageCounts, 'received'>;

export interface ItemCount {
  readonly reportId: string;
  /** null: nobody bills. */
  readonly provider: string | null;
  readonly countedAs: Counted;
  readonly items: number;
  readonly events: number;
}

/** How many items of each report, and events of those, stand where, by provider. */
export async function countItems(em: Db, reportIds: readonly string[]): Promise<readonly ItemCount[]> {
  if (reportIds.length === 0) return [];
  return em.execute<ItemCount[]>(
    `select item.report_id as "reportId", item.provider, ${countedAs} as "countedAs",
       count(*)::float8 as items, sum(item.events)::float8 as events
     from usage_report_items item where item.report_id in (${reportIds.map(() => '?').join(', ')})
     group by 1, 2, 3 order by item.provider nulls last`,
    [...reportIds],
  );
}

export interface ProviderCounts {
  /** null: nobody bills. */
  readonly provider: string | null;
  readonly items: UsageCounts;
  /** That the items are made of. */
  readonly events: UsageCounts;
}

/** What of each provider stands where, in the order of `rows`. */
export function countByProvider(rows: readonly ItemCount[]): readonly ProviderCounts[] {
  return [...Map.groupBy(rows, ({ provider }) => provider)].map(([provider, theirs]) => ({
    ...{ provider, items: sumUp(theirs, 'items'), events: sumUp(theirs, 'events') },
  }));
}

export function sumUp(rows: readonly ItemCount[], what: 'items' | 'events'): UsageCounts {
  const of = (counted: Counted) =>
    rows.filter((each) => each.countedAs === counted).reduce((sum, each) => sum + each[what], 0);
  const [reported, rejected, pending] = [of('reported'), of('rejected'), of('pending')];
  return { received: reported + rejected + pending, reported, rejected, pending };
}

export interface MeterCount {
  readonly meterId: string;
  readonly key: string;
  readonly aggregation: Aggregation;
  readonly unit: string;
  readonly countedAs: Counted;
  readonly events: number;
  /** What its items added there, a decimal: of one that replaces another only the difference. */
  readonly quantity: string;
}

/** What of each meter stands where in a report. */
export async function countMeters(em: Db, reportId: string): Promise<readonly MeterCount[]> {
  return em.execute<MeterCount[]>(
    `select meter.id as "meterId", meter.key, meter.aggregation, meter.unit, ${countedAs} as "countedAs",
       sum(item.events)::float8 as events, sum(item.quantity - coalesce(replaced.quantity, 0))::text as quantity
     from usage_report_items item join meters meter on meter.id = item.meter_id
     left join usage_report_items replaced on replaced.id = item.replaces
     where item.report_id = ? group by meter.id, 5 order by meter.key`,
    [reportId],
  );
}

export interface RejectionCount {
  readonly provider: string | null;
  /** null: the provider gave none. */
  readonly code: string | null;
  readonly detail: string | null;
  readonly items: number;
  readonly events: number;
}

/** Why items of a report were rejected, most events first. */
export async function countRejections(em: Db, reportId: string): Promise<readonly RejectionCount[]> {
  return em.execute<RejectionCount[]>(
    `select item.provider, item.code, max(item.detail) as detail,
       count(*)::float8 as items, sum(item.events)::float8 as events
     from usage_report_items item where item.report_id = ? and item.status = 'rejected'
     group by item.provider, item.code order by sum(item.events) desc, item.provider, item.code`,
    [reportId],
  );
}

/** How many events of a report no meter counts. */
export async function countUnmetered(em: Db, reportId: string): Promise<number> {
  const [row] = await em.execute<{ events: number }[]>(
    `select coalesce(sum(events), 0)::float8 as events from usage_report_groups where report_id = ? and meter_ids = '{}'`,
    [reportId],
  );
  return row?.events ?? 0;
}

export interface OrganizationCounts extends UsageCounts {
  readonly organizationId: string;
}

/**
 * How the events of each organization in a report stand: as `countReport` counts them, so that these add up to that.
 *
 * @param page `after`: by organization, one more than `limit`. `top`: those with the most events.
 */
export async function countOrganizations(
  em: Db,
  reportId: string,
  page: { readonly after: string | null; readonly limit: number } | { readonly top: number },
): Promise<readonly OrganizationCounts[]> {
  const isTop = 'top' in page;
  return em.execute<OrganizationCounts[]>(
    `with shown as (
       select organization_id from usage_report_groups where report_id = ? and (?::text is null or organization_id > ?)
       group by organization_id order by ${isTop ? 'sum(events) desc, organization_id' : 'organization_id'} limit ?)
     select organization_id as "organizationId", sum(events)::float8 as received,
       coalesce(sum(events) filter (where worst = 3), 0)::float8 as reported,
       coalesce(sum(events) filter (where worst = 1), 0)::float8 as rejected,
       coalesce(sum(events) filter (where worst = 2), 0)::float8 as pending
     from (
       select one.organization_id, one.events, coalesce((
         select min(case ${countedAs} when 'rejected' then 1 when 'pending' then 2 else 3 end)
         from usage_report_items item
         where item.report_id = one.report_id and item.organization_id = one.organization_id
           and item.meter_id = any (one.meter_ids) and item.bucket = one.bucket), 1) as worst
       from usage_report_groups one join shown using (organization_id) where one.report_id = ?) judged
     group by organization_id order by ${isTop ? 'received desc, organization_id' : 'organization_id'}`,
    isTop ? [reportId, null, null, page.top, reportId] : [reportId, page.after, page.after, page.limit + 1, reportId],
  );
}
