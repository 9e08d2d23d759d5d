import { randomUUID } from 'node:crypto';
import { newId } from '../../../src/db/new-id.ts';
import type { TestApi } from './support.ts';

type Database = Pick<TestApi, 'query'>;

/** What the activities of a report write, written by tests. */
export interface ReportRows {
  readonly id: string;
  group(columns: { organization: string; hour?: number; meters: readonly string[]; events: number }): Promise<void>;
  item(columns: ItemColumns): Promise<string>;
}

export interface ItemColumns {
  readonly organization: string;
  readonly meter: string;
  readonly hour?: number;
  readonly status: string;
  readonly events: number;
  readonly quantity?: string;
  readonly provider?: string | null;
  readonly code?: string;
  readonly detail?: string;
  readonly replaces?: string;
  /** Of a meter that counts different values. */
  readonly value?: string;
}

const bucketOf = (hour = 0) => new Date(Date.UTC(2026, 10, 21, hour)).toISOString();

export async function aMeter(
  database: Database,
  aggregation = 'sum',
): Promise<{ readonly id: string; readonly key: string }> {
  const id = newId('mtr');
  const key = `m_${id.slice(-12)}`;
  await database.query(
    `insert into meters (id, key, name, event_name, aggregation, property, unit, limit_behavior, when_unreadable, status,
       project_id, live) values (?, ?, ?, 'used', ?, ?, 'call', 'soft', 'open', 'active', 'default', false)`,
    [id, key, key, aggregation, aggregation === 'unique' ? 'who' : null],
  );
  return { id, key };
}

export async function anOrganization(database: Database, id = `org_${randomUUID()}`): Promise<string> {
  await database.query(`insert into organizations (id, project_id, live) values (?, 'default', false)`, [id]);
  return id;
}

/** @param columns `set` list of the report's row. */
export async function aReport(
  database: Database,
  columns = `status = 'succeeded', phase = 'done'`,
): Promise<ReportRows> {
  const id = newId('ur');
  await database.query(
    `insert into usage_reports (id, cause, actor, status, phase, from_xid, to_xid, covered_until, project_id, live)
     values (?, 'schedule', 'schedule/usage-reports', 'succeeded', 'done', '0', '1', now(), 'default', false)`,
    [id],
  );
  await database.query(`update usage_reports set ${columns} where id = ?`, [id]);
  return {
    id,
    async group({ organization, hour, meters, events }) {
      await database.query(
        `insert into usage_report_groups (report_id, organization_id, bucket, meter_ids, events) values (?, ?, ?, ?::text[], ?)`,
        [id, organization, bucketOf(hour), `{${meters.join(',')}}`, events],
      );
      await database.query(`update usage_reports set received = received + ? where id = ?`, [events, id]);
    },
    async item({
      organization,
      meter,
      hour,
      status,
      events,
      quantity = String(events),
      provider = 'merchant',
      ...more
    }) {
      const itemId = newId('uri');
      await database.query(
        `insert into usage_report_items (id, report_id, project_id, live, organization_id, meter_id, bucket, value, value_key,
           provider, events, quantity, occurred_at, status, code, detail, replaces, attempts)
         values (?, ?, 'default', false, ?, ?, ?, ?, md5(?)::uuid, ?, ?, ?, ?, ?, ?, ?, ?, 1)`,
        [
          ...[itemId, id, organization, meter, bucketOf(hour), more.value ?? null, more.value ?? null, provider],
          ...[events, quantity, bucketOf(hour), status, more.code ?? null, more.detail ?? null, more.replaces ?? null],
        ],
      );
      return itemId;
    },
  };
}
