import type { Scope } from '../../db/queries/subscriptions.ts';
import { listItems, type ItemFilter, type ItemPlace } from '../../db/queries/usage-report-rows.ts';
import type { Db } from '../../db/orm.ts';
import { presentUsageItem } from '../../present/usage-report.ts';
import { csvLine } from '../csv.ts';
import type { UsageReportItemAnswer } from '../schemas/usage-report.ts';

const pageSize = 1_000;

const columns = [
  ...['id', 'report_id', 'organization_id', 'meter', 'unit', 'bucket', 'value', 'provider', 'provider_customer_id'],
  ...['events', 'quantity', 'occurred_at', 'status', 'counted_as', 'code', 'detail', 'fix', 'replaces', 'attempts'],
  ...['sent_at', 'reported_at'],
] as const satisfies readonly (keyof UsageReportItemAnswer)[];

/**
 * A report's items as CSV, a header first, in chunks: page by page as the reader takes them, so that a million items
 * cost neither side its memory.
 */
export async function* streamItemsCsv(
  em: () => Db,
  scope: Scope,
  query: { readonly reportId: string } & ItemFilter,
): AsyncGenerator<string> {
  yield csvLine(columns);
  for (let after: ItemPlace | null = null; ;) {
    const rows = await listItems(em(), scope, { ...query, after, limit: pageSize });
    const page = rows.slice(0, pageSize);
    yield page.map((row) => lineOf(presentUsageItem(row))).join('');
    if (rows.length <= pageSize) return;
    after = page.at(-1)?.place ?? null;
  }
}

function lineOf(item: UsageReportItemAnswer): string {
  return csvLine(columns.map((column) => item[column]));
}
