import type { MikroORM } from '@mikro-orm/postgresql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openOrm } from '../../../src/db/orm.ts';
import { executePrepared } from '../../../src/db/prepared.ts';
import { findOrder } from '../../../src/db/queries/order-facts.ts';
import { withClient } from '../../../src/local/postgres.ts';
import { createDatabase, type TestDatabase } from '../../support/servers/postgres.ts';

let database: TestDatabase;
let orm: MikroORM;
beforeAll(async () => {
  database = await createDatabase();
  orm = await openOrm(database.url, { poolSize: 1 });
  await run(`insert into projects (id, name, default_currency, routing_policy) values ('p', 'P', 'USD', 'x')`);
  await run(`insert into organizations (project_id, live, id) values ('p', false, 'org_1')`);
  await run(`insert into checkouts (id, project_id, live, organization_id, mode, country_source, success_url, cancel_url,
    routing, status, quantity) values ('chk_1', 'p', false, 'org_1', 'payment', 'none', 's', 'c', '{}', 'creating', 1)`);
});
afterAll(async () => {
  await orm?.close();
  await database.drop();
});

const run = (sql: string) => withClient(database.url, (client) => client.query(sql));

describe('a prepared statement', () => {
  it('goes on when a migration adds a column beside it', async () => {
    const find = () => findOrder(orm.em.fork(), { checkoutId: 'chk_1', projectId: 'p', provider: 'acme' });
    const before = await find();
    await run('alter table checkouts add column added_later text');
    const after = await find();
    expect(after.row).toMatchObject({ id: 'chk_1', status: 'creating', amountMinor: null });
    expect(after.row.createdAt).toEqual(before.row.createdAt);
  });

  it('refuses to run beside the transaction it was meant to be in', async () => {
    await orm.em.fork().transactional(async (tx) => {
      await expect(executePrepared(tx, { sql: 'select 1', params: [] })).rejects.toThrow('transaction');
    });
  });
});
