import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signWebhook } from './fake-providers.ts';
import { startApi, type TestApi } from './support.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const message = (more: Record<string, unknown> = {}) =>
  JSON.stringify({ id: randomUUID(), type: 'checkout.paid', object: 'co_1', ...more });

const idOf = (raw: string) => (JSON.parse(raw) as { readonly id: string }).id;

function deliver(raw: string | Buffer, options: { path?: string; headers?: Record<string, string> } = {}) {
  const headers = options.headers ?? signWebhook(raw);
  return api.call('POST', options.path ?? '/api/v1/webhooks/merchant', { key: null, raw, headers });
}

const stored = async () => Number((await api.query('select count(*) as count from provider_events'))[0]?.['count']);

describe('a webhook', () => {
  it('is stored once, encrypted, and accepted', async () => {
    const raw = message({ secret: 'buyer@example.com' });
    const first = await deliver(raw);
    expect(first).toMatchObject({ status: 200, body: { status: 'accepted' } });
    expect((await deliver(raw)).body).toEqual({ status: 'already_processed' });
    const rows = await api.query('select * from provider_events where event_id = ?', [idOf(raw)]);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ status: 'received', live: false, project_id: 'default', object_id: 'co_1' });
    expect(String(rows[0]?.['body'])).not.toContain('buyer@example.com');
  });

  it('is accepted under the alias and for a named project', async () => {
    expect((await deliver(message(), { path: '/api/v1/merchant/webhooks' })).body).toEqual({ status: 'accepted' });
    expect((await deliver(message(), { path: '/api/v1/webhooks/local/default' })).body).toEqual({ status: 'accepted' });
  });

  it('that no workflow must hear of is noted and told ignored', async () => {
    const raw = message({ decisive: false });
    expect((await deliver(raw)).body).toEqual({ status: 'ignored' });
    const [row] = await api.query('select status from provider_events where event_id = ?', [idOf(raw)]);
    expect(row?.['status']).toBe('noted');
  });

  it('of the other mode is ignored and not stored, though the secret is right', async () => {
    const raw = message({ live: true });
    expect((await deliver(raw)).body).toEqual({ status: 'ignored' });
    expect(await api.query('select 1 from provider_events where event_id = ?', [idOf(raw)])).toEqual([]);
  });

  it('wakes the relay', async () => {
    const listener = new Client({ connectionString: api.databaseUrl });
    await listener.connect();
    const heard = new Promise((resolve) => listener.once('notification', resolve));
    await listener.query('listen provider_events');
    await deliver(message());
    await heard;
    await listener.end();
  });

  it.each([
    ['forged', (raw: string) => signWebhook(raw, { secret: 'another' })],
    ['stale', (raw: string) => signWebhook(raw, { atMs: Date.now() - 600_000 })],
    ['from the future', (raw: string) => signWebhook(raw, { atMs: Date.now() + 600_000 })],
    ['of other bytes', (raw: string) => signWebhook(`${raw} `)],
    ['missing', () => ({})],
  ])('whose signature is %s is refused and leaves nothing', async (_what, sign) => {
    const before = await stored();
    const raw = message();
    expect(await deliver(raw, { headers: sign(raw) })).toMatchObject({
      status: 401,
      body: { code: 'signature_invalid' },
    });
    expect(await stored()).toBe(before);
  });

  it('that is signed but malformed is refused with 400', async () => {
    for (const raw of ['not json', '{}'])
      expect((await deliver(raw)).body).toMatchObject({ status: 400, code: 'webhook_malformed' });
  });

  it('for an unknown provider or project is 404', async () => {
    for (const path of ['/api/v1/webhooks/nobody', '/api/v1/webhooks/merchant/nowhere'])
      expect((await deliver(message(), { path })).body).toMatchObject({ status: 404, code: 'webhook_unknown' });
    expect((await deliver(message(), { path: '/api/v1/webhooks/merchant/other' })).status).toBe(401);
  });

  it('over 1 MiB is 413', async () => {
    const raw = Buffer.alloc(10 * 1024 * 1024, 'a');
    expect((await deliver(raw)).body).toMatchObject({ status: 413, code: 'body_too_large' });
  });

  it('is seen by operators, without its body, and replayed', async () => {
    const raw = message();
    await deliver(raw);
    await api.query("update provider_events set status = 'set_aside', attempts = 9 where event_id = ? returning 1", [
      idOf(raw),
    ]);
    const list = await api.call('GET', '/ops/webhook-events?status=set_aside&provider=merchant');
    const [event] = list.body.data;
    expect(event).toMatchObject({ status: 'set_aside', event_id: idOf(raw) });
    expect(event).not.toHaveProperty('body');
    const replayed = await api.call('POST', `/ops/webhook-events/${event?.id}/replay`, { body: {} });
    expect(replayed).toMatchObject({ status: 200, body: { status: 'received', attempts: 0 } });
    expect((await api.call('GET', `/ops/webhook-events/${event?.id}`)).body.status).toBe('received');
    const audit = await api.call('GET', `/ops/audit?entity_id=${event?.id}`);
    expect(audit.body.data[0]).toMatchObject({ action: 'webhook_event.replayed', before: { status: 'set_aside' } });
  });
});
