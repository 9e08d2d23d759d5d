import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { queueEventAgain } from '../../../src/db/queries/outbound-events.ts';
import { OutboundEventEntity } from '../../../src/db/entities/outbound.ts';
import { claimDeliveries } from '../../../src/worker/relay/claim-deliveries.ts';
import { courierLimits } from '../../../src/worker/relay/deliver-outbound.ts';
import { recordAttempt } from '../../../src/worker/relay/record-attempt.ts';
import { startReceiver, type Receiver } from './outbound-receiver.ts';
import { startTown, type Town } from './outbound-support.ts';

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
  town.logs.length = 0;
  app.behave = () => 200;
});

const claim = (busy = new Map<string, number>()) =>
  claimDeliveries(town.orm.em.fork(), { ...courierLimits, limit: 100, busy });
const ids = () => app.received.map(({ id }) => id);

describe('the order', () => {
  const causesOf = (object: string) =>
    app.received
      .map(({ body }) => JSON.parse(body) as { data: { id: string; cause: number } })
      .filter(({ data }) => data.id === object)
      .map(({ data }) => data.cause);

  it('is kept for each object under failures, while other objects pass', async () => {
    await town.anEndpoint(app.url);
    for (const cause of [1, 2, 3]) for (const object of ['sub_1', 'sub_2']) await town.tell(object, cause);
    app.behave = ({ body }) => (body.includes('"id":"sub_1"') ? 500 : 200);
    await town.run();
    expect(causesOf('sub_1')).toEqual([1]);
    expect(causesOf('sub_2')).toEqual([1, 2, 3]);
    app.behave = () => 200;
    await town.skipWaits();
    await town.run();
    expect(causesOf('sub_1')).toEqual([1, 1, 2, 3]);
  });

  it('holds for one that comes while another of its object waits', async () => {
    await town.anEndpoint(app.url);
    await town.tell('sub_1', 1);
    app.behave = () => 500;
    await town.run();
    const late = await town.tell('sub_1', 2);
    await town.run();
    expect(causesOf('sub_1')).toEqual([1]);
    const waits = await town.query('select distinct next_attempt_at from outbound_deliveries');
    expect(waits).toHaveLength(1);
    app.behave = () => 200;
    await town.query(`update outbound_deliveries set next_attempt_at = now() where event_id <> ?`, [late]);
    await town.run();
    expect(causesOf('sub_1')).toEqual([1, 1, 2]);
  });

  it('holds when a relay dies in the middle: at least once, and never the later one first', async () => {
    await town.anEndpoint(app.url);
    await town.tell('sub_1', 1);
    await town.tell('sub_1', 2);
    // It has sent the first, and dies before it can say so.
    const dead = await claimDeliveries(town.orm.em.fork(), {
      ...courierLimits,
      leaseMs: 300,
      limit: 100,
      busy: new Map(),
    });
    expect(dead).toHaveLength(1);
    await town.run();
    expect(app.received).toEqual([]);
    await expect.poll(async () => (await town.run(), causesOf('sub_1')), { timeout: 20_000 }).toEqual([1, 2]);
  });

  it('is not broken by a relay that wakes up after its lease: its outcome no longer counts', async () => {
    await town.anEndpoint(app.url);
    const id = await town.tell('sub_1', 1);
    const behind = await town.tell('sub_1', 2);
    const [asleep] = await claimDeliveries(town.orm.em.fork(), {
      ...courierLimits,
      leaseMs: 1,
      limit: 1,
      busy: new Map(),
    });
    if (!asleep) throw new Error('nothing was claimed');
    await expect.poll(async () => (await claim()).length, { timeout: 20_000 }).toBe(1);
    await recordAttempt(town.orm.em.fork(), asleep, { outcome: 'delivered', status: 200 });
    expect(await town.rowOf(id)).toMatchObject({ status: 'waiting' });
    await recordAttempt(town.orm.em.fork(), asleep, { outcome: 'failed', status: 500, why: 'it answered 500' });
    expect(await town.rowOf(id)).toMatchObject({ status: 'waiting', last_error: null });
    expect(await claim()).toEqual([]);
    expect(await town.rowOf(behind)).toMatchObject({ attempts: 0 });
  });
});

describe('several at once', () => {
  it('two relays deliver each event once, and each object in order', async () => {
    await town.anEndpoint(app.url);
    const objects = Array.from({ length: 40 }, (_, n) => `sub_${n}`);
    for (const cause of [1, 2, 3, 4, 5]) await Promise.all(objects.map((object) => town.tell(object, cause)));
    await Promise.all([town.run(), town.run(), town.run()]);
    await town.run();
    expect(app.received).toHaveLength(200);
    expect(new Set(ids()).size).toBe(200);
    for (const object of objects) {
      const causes = app.received
        .map(({ body }) => JSON.parse(body) as { data: { id: string; cause: number } })
        .flatMap(({ data }) => (data.id === object ? [data.cause] : []));
      expect(causes).toEqual([1, 2, 3, 4, 5]);
    }
  });

  it('a slow endpoint takes its own room only', async () => {
    const slow = await startReceiver();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    slow.behave = async () => (await held, 200);
    await town.anEndpoint(slow.url);
    await town.anEndpoint(app.url);
    for (let n = 0; n < 30; n += 1) await town.tell(`sub_${n}`, 1);
    const courier = town.aCourier({ inFlight: 12, perEndpoint: 4 });
    await expect.poll(async () => (await courier.deliver(), app.received.length), { timeout: 20_000 }).toBe(30);
    expect(slow.received).toHaveLength(4);
    release();
    await courier.settle();
    await town.run(courier);
    expect(slow.received).toHaveLength(30);
    slow.close();
  });

  it('one that fails has less room than one that answers', async () => {
    const endpoint = await town.anEndpoint(app.url);
    for (let n = 0; n < 20; n += 1) await town.tell(`sub_${n}`, 1);
    await town.query('update outbound_endpoints set failing_since = now()');
    expect(await claim()).toHaveLength(courierLimits.perFailingEndpoint);
    await town.query('update outbound_endpoints set failing_since = null');
    expect(await claim(new Map([[endpoint, 3]]))).toHaveLength(courierLimits.perEndpoint - 3);
    expect(await claim(new Map([[endpoint, 100]]))).toEqual([]);
  });
});

describe('a replay', () => {
  it('sends the same event under the same id, in its place before those that wait', async () => {
    await town.anEndpoint(app.url);
    const id = await town.tell('sub_1', 1);
    await town.run();
    const later = await town.tell('sub_1', 2);
    const em = town.orm.em.fork();
    const event = await em.findOneOrFail(OutboundEventEntity, { id });
    expect(await em.transactional((tx) => queueEventAgain(tx, event, null))).toBe(1);
    await town.run();
    expect(ids()).toEqual([id, id, later]);
    expect(app.received[1]?.body).toBe(app.received[0]?.body);
    expect(await town.rowOf(id)).toMatchObject({ status: 'delivered', attempts: 1 });
  });

  it('does not disturb one that is under way', async () => {
    await town.anEndpoint(app.url);
    const id = await town.tell('sub_1', 1);
    const [taken] = await claim();
    const em = town.orm.em.fork();
    const event = await em.findOneOrFail(OutboundEventEntity, { id });
    expect(await em.transactional((tx) => queueEventAgain(tx, event, null))).toBe(0);
    expect(await claim()).toEqual([]);
    if (!taken) throw new Error('nothing was claimed');
    await recordAttempt(em, taken, { outcome: 'delivered', status: 200 });
    expect(await town.rowOf(id)).toMatchObject({ status: 'delivered' });
  });
});
