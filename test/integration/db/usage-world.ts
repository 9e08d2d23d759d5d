import type { MikroORM } from '@mikro-orm/postgresql';
import type { Client } from 'pg';
import type { Meter } from '../../../src/db/entities/usage.ts';
import { newId } from '../../../src/db/new-id.ts';
import { openOrm } from '../../../src/db/orm.ts';
import { addMeter, type NewMeter } from '../../../src/db/queries/meters.ts';
import { rollUsage } from '../../../src/db/queries/roll-usage.ts';
import { withClient } from '../../../src/local/postgres.ts';
import { createDatabase } from '../../support/servers/postgres.ts';
import type { PlannedEvent } from './usage-oracle.ts';

export const scope = { projectId: 'p', live: false } as const;

export interface UsageWorld {
  readonly orm: MikroORM;
  readonly url: string;
  /** Stores a meter as operators do. */
  meter(definition: Partial<NewMeter> & Pick<NewMeter, 'aggregation'>): Promise<Meter>;
  run(sql: string, params?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Counts until every committed event is in the rollups. */
  rollAll(): Promise<void>;
  end(): Promise<void>;
}

/** A database with a project and nothing else. */
export async function startUsageWorld(): Promise<UsageWorld> {
  const database = await createDatabase();
  const orm = await openOrm(database.url, { poolSize: 6 });
  const run = (sql: string, params: unknown[] = []) =>
    withClient(database.url, async (client) => (await client.query<Record<string, unknown>>(sql, params)).rows);
  await run(`insert into projects (id, name, default_currency, routing_policy) values ('p', 'P', 'USD', 'x')`);
  return {
    orm,
    url: database.url,
    run,
    async meter(definition) {
      const id = newId('mtr');
      const usual = { ...scope, name: id, eventName: 'call', filter: [], property: null, unit: 'unit' };
      const made = await addMeter(
        orm.em.fork(),
        { ...usual, id, key: id, limitBehavior: 'soft', whenUnreadable: 'open', ...definition },
        () => undefined,
      );
      if (!made) throw new Error('the key is taken');
      return made;
    },
    // Transactions of other test databases on this server hold the mark up for a moment.
    async rollAll() {
      for (let tries = 0; tries < 3_000; tries += 1) {
        await rollUsage(orm.em.fork(), { wait: true });
        const [row] = await run(
          `select exists (select from usage_events where xid >= (select xid from usage_marks)) as left`,
        );
        if (row?.['left'] === false) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      throw new Error('events stay behind the mark');
    },
    async end() {
      await orm.close();
      await database.drop();
    },
  };
}

/** As the API stores it. */
export async function storeEvent(client: Pick<Client, 'query'>, event: PlannedEvent): Promise<void> {
  await client.query(
    `insert into usage_events (event_key, project_id, live, organization_id, event_id, event_name, quantity, properties,
       corrects, occurred_at)
     values (usage_event_key('p', false, $1, $2), 'p', false, $1, $2, $3, $4::numeric, $5::jsonb, $6, $7)`,
    [
      ...[event.organizationId, event.eventId, event.eventName, event.quantity],
      ...[event.properties && JSON.stringify(event.properties), event.corrects, new Date(event.occurredAtMs)],
    ],
  );
}
