import { randomUUID } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEventWriter, type EventWriter } from '../../../src/api/usage/event-writer.ts';
import { openOrm } from '../../../src/db/orm.ts';
import { eventKey, type UsageRow } from '../../../src/db/queries/usage-events.ts';
import { withClient } from '../../../src/local/postgres.ts';
import { createDatabase, type TestDatabase } from '../../support/servers/postgres.ts';

const scope = { projectId: 'p', live: false };
let database: TestDatabase;
let orm: MikroORM;
let writer: EventWriter;
beforeAll(async () => {
  database = await createDatabase();
  orm = await openOrm(database.url);
  writer = createEventWriter({ orm });
});
afterAll(async () => {
  await orm?.close();
  await database.drop();
});

function aRow(eventId: string = randomUUID(), quantity = '1'): UsageRow {
  const event = { organizationId: 'org_1', eventId, eventName: 'api_call', quantity, properties: null, corrects: null };
  return { key: eventKey(scope, 'org_1', eventId), scope, event: { ...event, occurredAtMs: Date.now() } };
}

async function countOf(rows: readonly UsageRow[]): Promise<number> {
  const keys = rows.map(({ key }) => key);
  return withClient(database.url, async (client) => {
    const { rowCount } = await client.query('select 1 from usage_events where event_key = any ($1::uuid[])', [keys]);
    return rowCount ?? 0;
  });
}

describe('the writer of events', () => {
  it('answers each of many requests at once with its own count', async () => {
    const shared = aRow();
    const requests = Array.from({ length: 200 }, (_, index) => [
      shared,
      ...Array.from({ length: index % 4 }, () => aRow()),
    ]);
    const counts = await Promise.all(requests.map((rows) => writer.store(rows)));
    // The shared one is new to one request, whichever; all others are new to their own.
    const ofShared = counts.map((count, index) => count - (requests[index]?.length ?? 0) + 1);
    expect(ofShared.filter((count) => count === 1)).toHaveLength(1);
    expect(ofShared.filter((count) => count === 0)).toHaveLength(requests.length - 1);
    expect(await countOf(requests.flat())).toBe(new Set(requests.flat().map(({ key }) => key)).size);
    expect(await Promise.all(requests.map((rows) => writer.store(rows)))).toEqual(requests.map(() => 0));
  });

  it('fails a request whose rows the database refuses, and no other', async () => {
    const good = Array.from({ length: 20 }, () => [aRow()]);
    const bad = [aRow(), aRow('a\0b')];
    const results = await Promise.allSettled([...good, bad, ...good].map((rows) => writer.store(rows)));
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(results[good.length]?.status).toBe('rejected');
    expect(await countOf([...good.flat(), ...bad])).toBe(good.length);
  });

  it('fails all that waited when the database goes away, and stores them when they are sent again', async () => {
    const rows = Array.from({ length: 50 }, () => aRow());
    await withClient(database.url, async (blocker) => {
      await blocker.query('begin');
      await blocker.query('lock table usage_events in exclusive mode');
      const sent = Promise.allSettled(rows.map((row) => writer.store([row])));
      await breakWaiting(blocker);
      expect((await sent).every(({ status }) => status === 'rejected')).toBe(true);
      await blocker.query('rollback');
    });
    const counts = await Promise.all(rows.map((row) => writer.store([row])));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(50);
  });
});

/** Breaks the connection that waits for the table, as soon as one does. */
async function breakWaiting(blocker: Client): Promise<void> {
  const kill = `select pg_terminate_backend(pid) from pg_locks where not granted and relation = 'usage_events'::regclass`;
  while ((await blocker.query(kill)).rowCount === 0);
}
