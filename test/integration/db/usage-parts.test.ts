import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pg from 'pg';
import { usageParts } from '../../../src/db/queries/usage-parts.ts';
import { createDatabase, type TestDatabase } from '../../support/servers/postgres.ts';

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

describe('a reading', () => {
  it('looks at the newest events alone, also of an organization that has most of them', async () => {
    await client.query(`
      insert into projects (id, name, default_currency, default_success_url, default_cancel_url, routing_policy)
      values ('default', 'Default', 'USD', 'https://app.example/ok', 'https://app.example/no', 'standard')`);
    await client.query(`
      insert into meters (id, project_id, live, key, name, event_name, aggregation, limit_behavior, when_unreadable, status)
      values ('mtr_1', 'default', false, 'units', 'Units', 'units', 'sum', 'soft', 'open', 'active')`);
    await client.query(`
      insert into usage_events (event_key, project_id, live, organization_id, event_id, event_name, quantity, occurred_at)
      select usage_event_key('default', false, 'org_' || index % 2, index::text), 'default', false, 'org_' || index % 2,
        index::text, 'units', 1, now()
      from generate_series(1, 20000) as index`);
    await client.query(`update usage_marks set xid = pg_current_xact_id() where name = 'rollup'`);
    await client.query('analyze usage_events, usage_marks, meters');
    const { rows } = await client.query<{ readonly 'QUERY PLAN': string }>(`
      explain with m as (
        select meter.*, 'org_1'::text as organization_id, now() - interval '1 month' as from_hour,
          null::timestamptz as to_hour, mark.xid as mark
        from meters meter cross join usage_marks mark),
      ${usageParts} select * from parts`);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain('Index Scan using usage_events_');
    expect(plan).not.toContain('Seq Scan on usage_events');
  });
});
