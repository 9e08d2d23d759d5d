import { randomUUID } from 'node:crypto';
import type pg from 'pg';

export const organizationCount = 1_000;

/** Whose events are made up: `<run>_0` and so on, and a meter that counts them. */
export async function prepareUsage(database: pg.Client): Promise<string> {
  const run = `bench${randomUUID().slice(0, 8)}`;
  const ids = Array.from({ length: organizationCount }, (_, index) => `${run}_${index}`);
  await database.query(
    `insert into organizations (project_id, live, id) select 'default', false, id from unnest($1::text[]) as new (id)`,
    [ids],
  );
  await database.query(
    `insert into meters (id, key, name, event_name, aggregation, limit_behavior, when_unreadable, status, project_id, live)
     values ('mtr_bench', 'bench_calls', 'Bench', 'bench_call', 'sum', 'soft', 'open', 'active', 'default', false)
     on conflict do nothing`,
  );
  return run;
}

/** How many of the run's events are stored. */
export async function countStored(database: pg.Client, run: string): Promise<number> {
  const ids = Array.from({ length: organizationCount }, (_, index) => `${run}_${index}`);
  const { rows } = await database.query<{ stored: string }>(
    `select count(*) as stored from usage_events
     where project_id = 'default' and not live and organization_id = any ($1::text[])`,
    [ids],
  );
  return Number(rows[0]?.stored);
}

/** Made up, and nobody's. */
export async function removeUsage(database: pg.Client, run: string): Promise<void> {
  const ids = Array.from({ length: organizationCount }, (_, index) => `${run}_${index}`);
  await database.query('drop schema if exists bench cascade');
  await database.query(
    `delete from usage_events where project_id = 'default' and not live and organization_id = any ($1::text[])`,
    [ids],
  );
  await database.query(`delete from organizations where project_id = 'default' and id = any ($1::text[])`, [ids]);
}
