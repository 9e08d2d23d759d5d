import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Webhook } from 'standardwebhooks';
import { recordEvent } from '../../../src/activities/record-event.ts';
import { mintEndpointSecret } from '../../../src/crypto/endpoint-secrets.ts';
import { retryGapsMs } from '../../../src/domain/outbound/retry-schedule.ts';
import { createCourier } from '../../../src/worker/relay/deliver-outbound.ts';
import { startReceiver, type Received, type Receiver } from './outbound-receiver.ts';
import { anEvent, secret, startTown, type Town } from './outbound-support.ts';

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

const signed = ({ headers }: Received) => ({
  'webhook-id': String(headers['webhook-id']),
  'webhook-timestamp': String(headers['webhook-timestamp']),
  'webhook-signature': String(headers['webhook-signature']),
});
const ids = () => app.received.map(({ id }) => id);

describe('an event', () => {
  it('arrives signed, in the Standard Webhooks form', async () => {
    await town.anEndpoint(`${app.url}/hooks?x=1`);
    const id = await town.tell('sub_1', 1);
    await town.run();
    const [one] = app.received;
    if (!one) throw new Error('nothing arrived');
    expect(one.path).toBe('/hooks?x=1');
    expect(new Webhook(secret).verify(one.body, signed(one))).toEqual({
      id,
      type: 'subscription.updated',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      project: 'p',
      live: false,
      organization_id: 'org_1',
      data: { id: 'sub_1', cause: 1, amount: { amount_minor: 100, currency: 'MXN' } },
    });
    expect(() => new Webhook(mintEndpointSecret()).verify(one.body, signed(one))).toThrow('No matching signature');
    expect(await town.rowOf(id)).toMatchObject({ status: 'delivered', attempts: 1, response_status: 200 });
    await town.run();
    expect(app.received).toHaveLength(1);
  });

  it('is not told when its cause is rolled back, and once when the cause comes again', async () => {
    await town.anEndpoint(app.url);
    const rolledBack = town.orm.em.fork().transactional(async (tx) => {
      await recordEvent(tx, anEvent('sub_1', 1));
      throw new Error('no');
    });
    await expect(rolledBack).rejects.toThrow('no');
    for (let time = 0; time < 3; time += 1) await town.tell('sub_1', 2);
    await town.run();
    expect(app.received).toHaveLength(1);
    expect(JSON.parse(app.received[0]?.body ?? '')).toMatchObject({ data: { cause: 2 } });
  });

  it('goes to the endpoints that listen to its type, in its project and mode', async () => {
    const all = await town.anEndpoint(app.url);
    const some = await town.anEndpoint(app.url, { types: ['invoice.paid'] });
    const off = await town.anEndpoint(app.url);
    const live = await town.anEndpoint(app.url);
    await town.query(`update outbound_endpoints set status = 'disabled' where id = ?`, [off]);
    await town.query(`update outbound_endpoints set live = true where id = ?`, [live]);
    await town.tell('sub_1', 1);
    await town.tell('inv_1', 1, 'invoice.paid');
    const rows = await town.query(
      'select endpoint_id, object_id from outbound_deliveries order by sequence, endpoint_id',
    );
    expect(rows).toHaveLength(3);
    expect(rows.filter((row) => row['endpoint_id'] === all)).toHaveLength(2);
    expect(rows.filter((row) => row['endpoint_id'] === some)).toMatchObject([{ object_id: 'inv_1' }]);
  });

  it('is signed by both secrets during a rotation, and by the new one alone after it', async () => {
    const [next, gone] = [mintEndpointSecret(), mintEndpointSecret()];
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    const secrets = [
      { secret: next, expiresAt: null },
      { secret, expiresAt: at(60_000) },
      { secret: gone, expiresAt: at(-1) },
    ];
    await town.anEndpoint(app.url, { secrets });
    await town.tell('sub_1', 1);
    await town.run();
    const [one] = app.received;
    if (!one) throw new Error('nothing arrived');
    for (const each of [next, secret]) expect(() => new Webhook(each).verify(one.body, signed(one))).not.toThrow();
    expect(() => new Webhook(gone).verify(one.body, signed(one))).toThrow('No matching signature');
    expect(signed(one)['webhook-signature'].split(' ')).toHaveLength(2);
  });

  it('is not sent where nothing of ours may go', async () => {
    await town.anEndpoint(app.url);
    const id = await town.tell('sub_1', 1);
    const rules = { allowPrivate: false, httpsOnly: false };
    await town.run(createCourier({ ...town.deps, rules }, () => undefined));
    expect(app.received).toEqual([]);
    expect(await town.rowOf(id)).toMatchObject({ status: 'waiting', attempts: 1 });
  });
});

describe('a failing endpoint', () => {
  it('is asked again by the schedule, with the same bytes, until it answers', async () => {
    await town.anEndpoint(app.url);
    const id = await town.tell('sub_1', 1);
    app.behave = () => 500;
    for (const gapMs of retryGapsMs.slice(0, 4)) {
      await town.run();
      const row = await town.rowOf(id);
      expect(row).toMatchObject({ status: 'waiting', response_status: 500, last_error: 'it answered 500' });
      const waitMs = new Date(String(row?.['next_attempt_at'])).getTime() - Date.now();
      expect(waitMs).toBeGreaterThan(gapMs - 2_000);
      expect(waitMs).toBeLessThan(gapMs * 1.1 + 1);
      await town.skipWaits();
    }
    app.behave = () => 204;
    await town.run();
    expect(await town.rowOf(id)).toMatchObject({ status: 'delivered', attempts: 5, last_error: null });
    expect(new Set(app.received.map(({ body }) => body)).size).toBe(1);
    expect(new Set(ids())).toEqual(new Set([id]));
    expect(await town.query('select failing_since from outbound_endpoints')).toEqual([{ failing_since: null }]);
  });

  it('gets nothing of an event after its last attempt, and then what came behind it', async () => {
    await town.anEndpoint(app.url);
    const first = await town.tell('sub_1', 1);
    const second = await town.tell('sub_1', 2);
    app.behave = ({ id }) => (id === first ? 500 : 200);
    for (let attempt = 0; attempt <= retryGapsMs.length; attempt += 1) {
      await town.run();
      await town.skipWaits();
    }
    await town.run();
    expect(await town.rowOf(first)).toMatchObject({ status: 'failed', attempts: retryGapsMs.length + 1 });
    expect(await town.rowOf(second)).toMatchObject({ status: 'delivered' });
    expect(ids()).toEqual([...Array<string>(retryGapsMs.length + 1).fill(first), second]);
  });

  it.each([
    ['a redirect', 302, 'it answered 302; redirects are not followed'],
    ['too many requests', 429, 'it answered 429'],
  ])('fails by %s', async (_what, status, why) => {
    await town.anEndpoint(app.url);
    const id = await town.tell('sub_1', 1);
    app.behave = (_received, response) => {
      response.writeHead(status, { location: app.url }).end();
      return null;
    };
    await town.run();
    expect(app.received).toHaveLength(1);
    expect(await town.rowOf(id)).toMatchObject({ status: 'waiting', last_error: why });
  });

  it('fails by silence, by a broken connection and by an endless answer, which is not read', async () => {
    await town.anEndpoint(app.url);
    const id = await town.tell('sub_1', 1);
    const quick = town.aCourier({ timeoutMs: 150 });
    app.behave = () => null;
    await town.run(quick);
    expect(await town.rowOf(id)).toMatchObject({ last_error: 'no answer within 0.15 s' });
    app.behave = (_received, response) => {
      response.destroy();
      return null;
    };
    await town.skipWaits();
    await town.run(quick);
    expect(String((await town.rowOf(id))?.['last_error'])).toMatch(/^no connection, or it broke/);
    app.behave = (_received, response) => {
      response.writeHead(500);
      const pour = setInterval(() => response.write('secret '.repeat(1_000)), 1);
      response.on('close', () => clearInterval(pour));
      return null;
    };
    await town.skipWaits();
    await town.run(quick);
    expect(await town.rowOf(id)).toMatchObject({ last_error: 'it answered 500', attempts: 3 });
  });

  it('is logged once per attempt, without what its URL may hide', async () => {
    const url = new URL(app.url);
    await town.anEndpoint(`${url.origin}/hook-token-1?key=token-2`);
    const id = await town.tell('sub_1', 1);
    app.behave = () => 503;
    await town.run();
    expect(town.logs).toHaveLength(1);
    expect(JSON.parse(town.logs[0] ?? '')).toMatchObject({
      level: 40,
      event: id,
      host: url.host,
      status: 503,
      attempt: 1,
    });
    expect(town.logs[0]).not.toMatch(/token-|whsec_/);
  });

  it('is disabled by 410, at once and with the reason, and what waits for it is canceled', async () => {
    const endpoint = await town.anEndpoint(app.url);
    app.behave = () => 410;
    const first = await town.tell('sub_1', 1);
    const second = await town.tell('sub_1', 2);
    await town.run();
    expect(app.received).toHaveLength(1);
    expect(await town.query('select status, disabled_reason from outbound_endpoints')).toEqual([
      { status: 'disabled', disabled_reason: 'It answered 410 Gone.' },
    ]);
    expect(await town.rowOf(first)).toMatchObject({ status: 'failed', response_status: 410 });
    expect(await town.rowOf(second)).toMatchObject({ status: 'canceled' });
    const log = await town.query('select actor, action, after from audit_log where entity_id = ?', [endpoint]);
    expect(log).toMatchObject([{ actor: 'relay', action: 'webhook_endpoint.disabled' }]);
  });

  it('is disabled after five days without a success, not before', async () => {
    await town.anEndpoint(app.url);
    await town.tell('sub_1', 1);
    app.behave = () => 500;
    const failing = (ago: string) =>
      town.query(`update outbound_endpoints set failing_since = now() - ?::interval`, [ago]);
    const status = async () => (await town.query('select status from outbound_endpoints'))[0]?.['status'];
    await failing('4 days 23 hours');
    await town.run();
    expect(await status()).toBe('enabled');
    await failing('5 days 1 minute');
    await town.skipWaits();
    await town.run();
    expect(await status()).toBe('disabled');
  });

  it('whose secrets do not open is our fault: the attempt does not count, and nothing is sent', async () => {
    const endpoint = await town.anEndpoint(app.url);
    await town.query('update outbound_endpoints set secrets = ? where id = ?', [Buffer.from('nonsense'), endpoint]);
    const id = await town.tell('sub_1', 1);
    await town.run();
    expect(app.received).toEqual([]);
    expect(await town.rowOf(id)).toMatchObject({ status: 'waiting', attempts: 0, claimed_until: null });
    expect(town.logs.join()).toContain('cannot be opened');
  });
});
