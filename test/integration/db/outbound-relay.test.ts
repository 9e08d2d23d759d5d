import type { Client } from '@temporalio/client';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { recordEvent } from '../../../src/activities/record-event.ts';
import { housekeep } from '../../../src/worker/relay/housekeep.ts';
import { runRelay } from '../../../src/worker/relay/run-relay.ts';
import { startReceiver, type Receiver } from './outbound-receiver.ts';
import { anEvent, startTown, type Town } from './outbound-support.ts';

let town: Town;
let app: Receiver;
beforeAll(async () => {
  town = await startTown();
  app = await startReceiver();
});
afterAll(async () => {
  app?.close();
  await town?.close();
});
beforeEach(async () => {
  await town.query('truncate outbound_endpoints, outbound_events, outbound_deliveries cascade');
  app.received.length = 0;
  app.behave = () => 200;
});

/** Nothing here is for the engine. */
const relayDeps = () => ({ em: town.deps.em, logger: town.deps.logger, temporal: {} as unknown as Client });

describe('the relay', () => {
  it('sends what is told while it runs, ends when told to, and leaves nothing half done', async () => {
    await town.anEndpoint(app.url);
    const relay = runRelay(relayDeps(), town.deps, town.databaseUrl);
    for (let cause = 0; cause < 10; cause += 1) await town.tell('sub_1', cause);
    await expect.poll(() => app.received.length, { timeout: 10_000 }).toBe(10);
    await relay.stop();
    const causes = app.received.map(({ body }) => (JSON.parse(body) as { data: { cause: number } }).data.cause);
    expect(causes).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const statuses = await town.query('select distinct status, claimed_until from outbound_deliveries');
    expect(statuses).toEqual([{ status: 'delivered', claimed_until: null }]);
  });

  it('is woken by the commit of an event that somebody listens to, and by no other', async () => {
    const notices: string[] = [];
    const ear = new pg.Client({ connectionString: town.databaseUrl });
    ear.on('notification', ({ channel }) => notices.push(channel));
    await ear.connect();
    await ear.query('listen outbound_deliveries');
    // A notice arrives with the answer to the next query at the latest.
    const heard = async () => (await ear.query('select 1'), notices.length);
    await town.tell('sub_1', 1);
    expect(await heard()).toBe(0);
    await town.anEndpoint(app.url);
    const undone = town.orm.em.fork().transactional(async (tx) => {
      await recordEvent(tx, anEvent('sub_1', 2));
      throw new Error('no');
    });
    await expect(undone).rejects.toThrow('no');
    expect(await heard()).toBe(0);
    await town.tell('sub_1', 2);
    await town.tell('sub_1', 2);
    expect(await heard()).toBe(1);
    await ear.end();
  });

  it('without encryption keys forwards webhooks only, and lets events wait', async () => {
    await town.anEndpoint(app.url);
    const id = await town.tell('sub_1', 1);
    const relay = runRelay(relayDeps(), null, town.databaseUrl);
    await relay.stop();
    expect(await town.rowOf(id)).toMatchObject({ status: 'waiting', attempts: 0 });
  });
});

describe('housekeeping', () => {
  it('forgets what was told 90 days ago, and nothing that still waits', async () => {
    const endpoint = await town.anEndpoint(app.url);
    const gone = await town.anEndpoint(app.url);
    const [old, waiting, young] = [await town.tell('a', 1), await town.tell('b', 1), await town.tell('c', 1)];
    await town.query(`delete from outbound_deliveries where endpoint_id = ?`, [gone]);
    await town.query(
      `update outbound_endpoints set status = 'disabled', deleted_at = now() - interval '91 days'
      where id = ?`,
      [gone],
    );
    await town.query(`update outbound_deliveries set status = 'delivered' where event_id <> ?`, [waiting]);
    for (const table of ['outbound_deliveries set created_at', 'outbound_events set occurred_at'])
      await town.query(
        `update ${table} = now() - interval '91 days' where ${table.includes('events') ? 'id' : 'event_id'} <> ?`,
        [young],
      );
    await housekeep(relayDeps());
    const left = await town.query('select id from outbound_events order by sequence');
    expect(left.map((row) => row['id'])).toEqual([waiting, young]);
    expect(await town.rowOf(old)).toBeUndefined();
    expect(await town.query('select id from outbound_endpoints')).toEqual([{ id: endpoint }]);
  });
});
