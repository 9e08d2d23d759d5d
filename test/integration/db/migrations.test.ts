import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrateDown, migrateUp } from '../../../src/db/migrator.ts';
import { entities, openOrm } from '../../../src/db/orm.ts';
import { withClient } from '../../../src/local/postgres.ts';
import { createDatabase, type TestDatabase } from '../../support/servers/postgres.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const tables = () =>
  withClient(database.url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'public' order by 1`,
    );
    return rows.map(({ name }) => name);
  });
const columnsOf = (entity: (typeof entities)[number]) =>
  Object.values(entity.meta.properties)
    .flatMap(({ fieldNames }: { fieldNames?: string[] }) => fieldNames ?? [])
    .join(', ');
const run = (sql: string) => withClient(database.url, (client) => client.query(sql));

describe('migrations', () => {
  it('go up, back and up again, and leave the same schema', async () => {
    const before = await tables();
    expect(before).toEqual(expect.arrayContaining(['projects', 'checkouts', 'provider_events', 'audit_log']));
    await migrateDown(database.url, { all: true });
    expect(await tables()).toEqual(['schema_migrations']);
    await migrateUp(database.url);
    expect(await tables()).toEqual(before);
    expect(await migrateUp(database.url)).toEqual([]);
  });

  it('make every column that the entities read', async () => {
    const orm = await openOrm(database.url, { poolSize: 2 });
    try {
      for (const entity of entities)
        await orm.em.fork().execute(`select ${columnsOf(entity)} from ${entity.meta.tableName} limit 1`);
    } finally {
      await orm.close();
    }
  });
});

describe('the database itself', () => {
  it('refuses to change or lose the audit log', async () => {
    await run(`insert into projects (id, name, default_currency, routing_policy) values ('p', 'P', 'USD', 'x')`);
    await run(`insert into audit_log (id, actor, action, entity_kind, entity_id, project_id, live)
      values ('aud_1', 'me', 'did', 'thing', 't', 'p', false)`);
    for (const sql of ['update audit_log set actor = null', 'delete from audit_log', 'truncate audit_log']) {
      await expect(run(sql)).rejects.toThrow('append-only');
    }
  });

  it.each([
    ['another status', `'nonsense', 1, 100, 'USD', null`],
    ['no quantity', `'creating', 0, 100, 'USD', null`],
    ['money without currency', `'creating', 1, 100, null, null`],
    ['negative money', `'creating', 1, -1, 'USD', null`],
    ['an open page without its URL', `'open', 1, 100, 'USD', null`],
  ])('refuses a checkout with %s', async (_, values) => {
    await run(`insert into projects (id, name, default_currency, routing_policy) values ('p', 'P', 'USD', 'x')
      on conflict do nothing`);
    await run(`insert into organizations (project_id, live, id) values ('p', false, 'o') on conflict do nothing`);
    const insert = run(`insert into checkouts (id, project_id, live, organization_id, mode, country_source, success_url,
      cancel_url, routing, status, quantity, amount_minor, currency, checkout_url)
      values ('chk_1', 'p', false, 'o', 'payment', 'none', 's', 'c', '{}', ${values})`);
    await expect(insert).rejects.toThrow('check constraint');
  });

  it('keeps one project’s rows from pointing at another’s', async () => {
    await run(`insert into projects (id, name, default_currency, routing_policy) values ('q', 'Q', 'USD', 'x')`);
    await run(`insert into plans (id, project_id, key, name, kind) values ('plan_q', 'q', 'k', 'K', 'one_time')`);
    const foreign = `insert into prices (id, plan_id, project_id, amount_minor, currency)
      values ('price_1', 'plan_q', 'p', 1, 'USD')`;
    await expect(run(foreign)).rejects.toThrow('foreign key');
  });
});
