import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { migrateUp } from '../../../src/db/migrator.ts';
import { withClient } from '../../../src/local/postgres.ts';

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

export type Migrate = (databaseUrl: string) => Promise<unknown>;

const TEMPLATE = 'plinto_template';
/** Any number, as long as everybody who makes the template takes the same. */
const TEMPLATE_LOCK = 7_246_001;

/**
 * A fresh, migrated database for one test file, copied from a template that the first caller migrates. The project needs
 * `global-postgres.ts` as its `globalSetup`.
 */
export async function createDatabase(migrate: Migrate = migrateUp): Promise<TestDatabase> {
  const serverUrl = inject('postgresUrl');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await withClient(serverUrl, async (client) => {
    // Held over the copy as well: PostgreSQL copies one template at a time or not at all.
    await client.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1 and datistemplate', [
      TEMPLATE,
    ]);
    if (rowCount === 0) {
      await client.query(`drop database if exists ${TEMPLATE} with (force)`);
      await client.query(`create database ${TEMPLATE}`);
      await migrate(urlOf(serverUrl, TEMPLATE));
      await client.query(`alter database ${TEMPLATE} is_template true`);
    }
    await client.query(`create database ${name} template ${TEMPLATE}`);
  });
  const drop = () => withClient(serverUrl, (client) => client.query(`drop database if exists ${name} with (force)`));
  return { url: urlOf(serverUrl, name), drop: async () => void (await drop()) };
}

function urlOf(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}
