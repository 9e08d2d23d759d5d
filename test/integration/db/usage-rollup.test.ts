import fc from 'fast-check';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Meter } from '../../../src/db/entities/usage.ts';
import { recountUsage, repairRollups } from '../../../src/db/queries/recount-usage.ts';
import { eraseCustomerRows } from '../../../src/db/queries/erase-customer.ts';
import { rollUsage, rollUsageToNow } from '../../../src/db/queries/roll-usage.ts';
import { measureRollupLag } from '../../../src/db/queries/usage-rollup.ts';
import { readUsageByTime } from '../../../src/db/queries/usage-series.ts';
import { eventKey } from '../../../src/db/queries/usage-events.ts';
import { hourMs } from '../../../src/domain/usage/meter.ts';
import { definitions, startMs, step, tellStory } from './usage-story.ts';
import { startUsageWorld, storeEvent, type UsageWorld } from './usage-world.ts';

const everything = { organizationId: null, fromMs: null, toMs: null };

let world: UsageWorld;
let meters: Meter[];
beforeAll(async () => {
  world = await startUsageWorld();
  meters = [];
  for (const definition of definitions) meters.push(await world.meter(definition));
});
afterAll(() => world?.end());

describe('rollups', () => {
  it(
    'say what a full recount says, and every committed event is read at once and once',
    { timeout: 240_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 28 }), async (steps) => {
          expect(await tellStory(world, meters, steps)).toEqual([]);
        }),
        { numRuns: 15, endOnFailure: true },
      );
      await world.rollAll();
      for (const { id } of meters) {
        const found = await recountUsage(world.orm.em.fork(), id, everything);
        expect(found).toMatchObject({ different: 0, differences: [] });
      }
      const found = await recountUsage(world.orm.em.fork(), meters[0]?.id ?? '', everything);
      expect(found.hours).toBeGreaterThan(10);
      expect(await measureRollupLag(world.orm.em.fork())).toMatchObject({ events: 0, seconds: 0 });
    },
  );

  it('that were falsified are found by a recount, and are right again after a repair', async () => {
    const organizationId = 'mended';
    const [sum, , , , , , , , , unique] = meters;
    if (!sum || !unique) throw new Error('the meters are made');
    await world.run(
      `insert into usage_events (event_key, project_id, live, organization_id, event_id, event_name, quantity, properties, occurred_at)
       select usage_event_key('p', false, 'mended', 'm' || n), 'p', false, 'mended', 'm' || n, 'call', 0.1,
         jsonb_build_object('region', n % 3), timestamptz '2026-11-01 10:30Z' + n * interval '1 hour' from generate_series(0, 9) n`,
    );
    await world.rollAll();
    await world.run(
      `update usage_rollups set sum = 7 where organization_id = 'mended' and meter_id = $1
      and hour = '2026-11-01 11:00Z'`,
      [sum.id],
    );
    await world.run(`delete from usage_uniques where organization_id = 'mended' and hour = '2026-11-01 12:00Z'`);
    const scoped = { organizationId, fromMs: Date.UTC(2026, 10, 1, 11), toMs: Date.UTC(2026, 10, 1, 13) };
    const em = world.orm.em.fork();
    expect(await recountUsage(em, sum.id, { ...scoped, fromMs: Date.UTC(2026, 10, 1, 12) })).toMatchObject({
      ...{ hours: 1, different: 0 },
    });
    const found = await recountUsage(em, sum.id, scoped);
    expect(found).toEqual({
      hours: 2,
      different: 1,
      differences: [
        {
          ...{ organizationId, hour: '2026-11-01T11:00:00.000Z' },
          ...{ kept: { events: 1, value: '7' }, counted: { events: 1, value: '0.1' } },
        },
      ],
    });
    expect((await recountUsage(em, unique.id, scoped)).differences).toMatchObject([
      { kept: { events: 1, value: '0' }, counted: { events: 1, value: '1' } },
    ]);
    for (const { id } of [sum, unique]) {
      expect(await em.transactional((tx) => repairRollups(tx, id, scoped))).toMatchObject({ different: 1 });
      expect(await recountUsage(em, id, everything)).toMatchObject({ different: 0 });
    }
  });

  it('hold a transaction of more events than a chunk takes, whole', async () => {
    await world.run(
      `insert into usage_events (event_key, project_id, live, organization_id, event_id, event_name, quantity, occurred_at)
       select usage_event_key('p', false, 'bulk', 'b' || n), 'p', false, 'bulk', 'b' || n, 'call', 2,
         timestamptz '2026-11-02 10:30Z' from generate_series(1, 40) n`,
    );
    await world.rollAll();
    const question = { meter: meters[0] ?? { id: '' }, organizationId: 'bulk' };
    const range = { fromMs: Date.UTC(2026, 10, 2), toMs: Date.UTC(2026, 10, 3) };
    const { total } = await readUsageByTime(world.orm.em.fork(), { ...question, ...range }, 'day');
    expect(total).toEqual({ value: '80', events: 40 });
  });
});

describe('the key of an event', () => {
  it('is the same in SQL, which finds by it what a correction corrects', async () => {
    for (const live of [true, false])
      for (const id of ['e1', 'a:b', '4:live', 'x'.repeat(200)]) {
        const params = ['p', live, 'org-1', id];
        const [row] = await world.run(`select replace(usage_event_key($1, $2, $3, $4)::text, '-', '') as key`, params);
        expect(row?.['key']).toBe(eventKey({ projectId: 'p', live }, 'org-1', id));
      }
  });
});

describe('an erasure', () => {
  it('empties events once they are counted, and leaves what was counted', async () => {
    const organizationId = 'erased';
    await world.run(`insert into organizations (project_id, live, id) values ('p', false, 'erased')`);
    await storeErased();
    await rollUsageToNow(world.orm.em.fork());
    await world.rollAll();
    const key = { projectId: 'p', live: false, organizationId };
    const rows = await world.orm.em.fork().transactional((tx) => eraseCustomerRows(tx, key));
    expect(rows).toEqual({ usage_events: 1, organizations: 1 });
    await world.run(`insert into customer_data_jobs (id, kind, status, actor, project_id, live, organization_id)
      values ('job_1', 'erasure', 'done', 'x', 'p', false, 'erased')`);
    const question = { organizationId, fromMs: startMs, toMs: startMs + hourMs };
    for (const [index, value] of [
      [0, '3'],
      [2, '3'],
      [9, '1'],
    ] as const) {
      const meter = meters[index] ?? { id: '' };
      const { total } = await readUsageByTime(world.orm.em.fork(), { meter, ...question }, 'hour');
      expect(total).toEqual({ value, events: 1 });
      const found = await recountUsage(world.orm.em.fork(), meter.id, { ...everything, organizationId });
      expect(found).toMatchObject({ hours: index === 0 ? 1 : 0, different: 0 });
    }
  });

  async function storeErased(): Promise<void> {
    const client = new Client(world.url);
    await client.connect();
    await storeEvent(client, {
      ...{ organizationId: 'erased', eventId: 'e', eventName: 'call', quantity: '3', corrects: null },
      ...{ properties: { region: 'a' }, occurredAtMs: startMs },
    });
    await client.end();
  }
});

describe('a database that was restored into another cluster', () => {
  it('counts what was restored and what came after, each once', async () => {
    const insert = (id: string, xid: string | null) =>
      world.run(
        `insert into usage_events (event_key, project_id, live, organization_id, event_id, event_name, quantity, occurred_at
           ${xid === null ? '' : ', xid'})
         values (usage_event_key('p', false, 'moved', $1), 'p', false, 'moved', $1, 'call', 1, '2026-11-03 10:30Z'
           ${xid === null ? '' : `, '${xid}'`})`,
        [id],
      );
    await insert('counted-there', null);
    await world.rollAll();
    // As a restore leaves it: the marks and the events of a cluster that was far ahead, the tail not yet counted.
    await world.run(`update usage_events set xid = (xid::text::numeric + 800000000000)::text::xid8`);
    await world.run(`update usage_marks set xid = '900000000000'`);
    await insert('waited-there', '900000000001');
    await world.run(`insert into usage_reports (id, cause, actor, status, phase, from_xid, to_xid, cursor, project_id, live)
      values ('ur_0', 'schedule', 'x', 'succeeded', 'done', '0', '5000', '5000', 'p', false),
        ('ur_1', 'schedule', 'x', 'running', 'collect', '5000', '900000000001', '6000', 'p', false)`);
    await insert('came-before-anybody-looked', null);
    expect(await rollUsage(world.orm.em.fork(), { wait: true })).toBe('rebased');
    await insert('came-after', null);
    await world.rollAll();
    for (const { id } of meters)
      expect(await recountUsage(world.orm.em.fork(), id, everything)).toMatchObject({ different: 0 });
    const { total } = await readUsageByTime(
      world.orm.em.fork(),
      {
        ...{ meter: meters[0] ?? { id: '' }, organizationId: 'moved' },
        ...{ fromMs: Date.UTC(2026, 10, 3), toMs: Date.UTC(2026, 10, 4) },
      },
      'day',
    );
    expect(total).toEqual({ value: '4', events: 4 });
    const unreported = await world.run(
      `select event_id from usage_events e join usage_reports r on r.id = 'ur_1' and e.xid >= r.to_xid
       where e.organization_id = 'moved' order by event_id`,
    );
    expect(unreported.map((row) => row['event_id'])).toEqual([
      ...['came-after', 'came-before-anybody-looked', 'waited-there'],
    ]);
  });
});
