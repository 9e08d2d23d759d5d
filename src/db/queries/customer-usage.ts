import { MeterEntity } from '../entities/usage.ts';
import type { Db } from '../orm.ts';
import type { CustomerKey, CustomerRow } from './customer-records.ts';
import { readUsage } from './usage.ts';

/** The newest are told; all of them are in the CSV of each report. */
const newestItems = 1_000;

/**
 * What an organization used, as an export tells it: each meter's total of all time, then what the providers were told
 * last, newest hour first. Outside transactions.
 */
export async function readCustomerUsage(em: Db, owner: CustomerKey): Promise<readonly CustomerRow[]> {
  const { projectId, live, organizationId } = owner;
  const totals: CustomerRow[] = [];
  for (const key of await listMeterKeys(em, owner)) {
    const reading = await readUsage(em, { projectId, live, organizationId, meterKey: key, fromMs: 0 });
    if (reading === null || reading.events === 0) continue;
    const { unit, aggregation, value, events } = reading;
    totals.push({ kind: 'meter', meter: key, unit, aggregation, quantity: value, events });
  }
  return [...totals, ...(await listReportedItems(em, owner))];
}

async function listMeterKeys(em: Db, { projectId, live }: CustomerKey): Promise<readonly string[]> {
  const rows = await em.find(MeterEntity, { projectId, live }, { fields: ['key'], orderBy: { key: 'asc' } });
  return rows.map(({ key }) => key);
}

/** By meter, for whose items there is an index by organization. */
async function listReportedItems(em: Db, owner: CustomerKey): Promise<readonly CustomerRow[]> {
  const rows = await em.execute<{ entry: CustomerRow }[]>(
    `select jsonb_build_object('kind', 'report_item', 'id', item.id, 'report_id', item.report_id, 'meter', meter.key,
       'bucket', item.bucket, 'value', item.value, 'provider', item.provider,
       'provider_customer_id', item.provider_customer_id, 'events', item.events, 'quantity', item.quantity::text,
       'status', item.status, 'code', item.code, 'reported_at', item.reported_at) as entry
     from meters meter cross join lateral (
       select * from usage_report_items own where own.meter_id = meter.id and own.organization_id = ?
       order by own.bucket desc limit ?) item
     where meter.project_id = ? and meter.live = ? order by item.bucket desc, meter.key, item.id limit ?`,
    [owner.organizationId, newestItems, owner.projectId, owner.live, newestItems],
  );
  return rows.map(({ entry }) => entry);
}
