import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordEvent } from '../../../src/activities/record-event.ts';
import { liveSecrets, openEndpointSecrets } from '../../../src/crypto/endpoint-secrets.ts';
import { createKeyRing } from '../../../src/crypto/key-ring.ts';
import { eventTypes } from '../../../src/domain/events.ts';
import { startApi, type Called, type TestApi } from './support.ts';
import { expectDocumented } from '../../support/documented-events.ts';

const keyRing = createKeyRing([{ id: 'k1', key: randomBytes(32) }]);
let api: TestApi;
beforeAll(async () => {
  api = await startApi({ keyRing });
  await api.query(`insert into organizations (project_id, live, id) values ('default', false, 'org_1')`);
});
afterAll(() => api.close());

const path = '/ops/webhook-endpoints';
const url = 'https://app.example/webhooks';
/** An answer's members by name. */
const of = ({ body }: Called) => body as unknown as Record<string, unknown>;
const make = (body: Record<string, unknown> = { url }, key = api.keys.secret) => api.call('POST', path, { body, key });
async function made(body: Record<string, unknown> = { url }): Promise<string> {
  const answer = await make(body);
  expect(answer.status).toBe(201);
  return answer.body.id;
}
async function tell(object: string, type: (typeof eventTypes)[number] = 'invoice.paid'): Promise<string> {
  await api.orm.em.fork().transactional((tx) =>
    recordEvent(tx, {
      ...{ projectId: 'default', live: false, organizationId: 'org_1', type, objectKind: 'invoice' },
      ...{ objectId: object, cause: 1, data: { id: object } },
    }),
  );
  const [row] = await api.query('select id from outbound_events where object_id = ?', [object]);
  return String(row?.['id']);
}
const deliveriesOf = async (event: string) => of(await api.call('GET', `/ops/events/${event}`))['deliveries'];
const actionsOf = async (id: string) => {
  const rows = await api.query('select action, actor from audit_log where entity_id = ? order by id', [id]);
  expect(rows.every(({ actor }) => String(actor).startsWith('key_'))).toBe(true);
  return rows.map(({ action }) => action);
};
const secretsOf = async (id: string) => {
  const [row] = await api.query('select secrets from outbound_endpoints where id = ?', [id]);
  return openEndpointSecrets(keyRing, { id, projectId: 'default', live: false }, row?.['secrets'] as Buffer);
};

describe('webhook endpoints', () => {
  it('are made with a secret that is shown once and kept sealed', async () => {
    const answer = await make({ url, description: 'Ours', event_types: ['invoice.paid', 'invoice.paid'] });
    expect(answer).toMatchObject({
      status: 201,
      body: { url, description: 'Ours', event_types: ['invoice.paid'], enabled: true, disabled_reason: null },
    });
    const { id } = answer.body;
    const secret = String(of(answer)['secret']);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const { body } = await api.call('GET', `${path}/${id}`);
    expect(JSON.stringify(body)).not.toContain('secret');
    expect(await secretsOf(id)).toEqual([{ secret, expiresAt: null }]);
    const log = await api.query('select * from audit_log where entity_id = ?', [id]);
    expect(log).toMatchObject([{ action: 'webhook_endpoint.created', before: null, after: { url, enabled: true } }]);
    expect(JSON.stringify(log) + api.logs.join()).not.toContain(secret.slice(6));
  });

  it.each([
    ['this machine', { url: 'http://localhost:3000/' }, '/url', 'validation_failed'],
    ['metadata', { url: 'http://169.254.169.254/latest' }, '/url', 'validation_failed'],
    ['credentials in the URL', { url: 'https://a:b@app.example/' }, '/url', 'validation_failed'],
    ['no URL', {}, '/url', 'required'],
    ['an unknown type', { url, event_types: ['invoice.payed'] }, '/event_types/0', 'invalid_value'],
    ['an unknown field', { url, colour: 'red' }, '/colour', 'unknown_field'],
  ])('refuse %s and make nothing', async (_what, body, pointer, code) => {
    const count = () => api.query('select count(*) from outbound_endpoints');
    const before = await count();
    expect(await make(body)).toMatchObject({
      status: 422,
      body: { code: 'validation_failed', errors: [{ pointer, code }] },
    });
    expect(await count()).toEqual(before);
  });

  it('are changed, disabled with a reason, enabled again and deleted, each told in the log', async () => {
    const id = await made();
    const patch = (body: Record<string, unknown>) => api.call('PATCH', `${path}/${id}`, { body });
    expect(await patch({ url: 'http://10.0.0.1/' })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/url' }] },
    });
    expect((await patch({ event_types: ['order.paid'], description: 'x' })).body).toMatchObject({
      event_types: ['order.paid'],
      description: 'x',
      url,
    });
    expect((await patch({ enabled: false, url: 'https://app.example/new' })).body).toMatchObject({
      enabled: false,
      url: 'https://app.example/new',
      disabled_reason: 'Disabled by an operator.',
    });
    expect((await api.call('GET', `${path}/${id}`)).body).toMatchObject({ enabled: false, description: 'x' });
    expect((await patch({ enabled: true })).body).toMatchObject({ enabled: true, disabled_reason: null });
    expect((await api.call('DELETE', `${path}/${id}`)).status).toBe(204);
    expect((await api.call('GET', `${path}/${id}`)).body.code).toBe('webhook_endpoint_not_found');
    expect((await api.call('GET', path)).body.data.map((row) => row.id)).not.toContain(id);
    expect(await actionsOf(id)).toEqual([
      'webhook_endpoint.created',
      'webhook_endpoint.updated',
      'webhook_endpoint.updated',
      'webhook_endpoint.updated',
      'webhook_endpoint.deleted',
    ]);
  });

  it('that are disabled or deleted get nothing more: what waits is canceled, what comes is not queued', async () => {
    const [disabled, deleted] = [await made(), await made()];
    const event = await tell('inv_canceled');
    await api.call('PATCH', `${path}/${disabled}`, { body: { enabled: false } });
    await api.call('DELETE', `${path}/${deleted}`);
    const waiting = await api.query(
      'select endpoint_id, status from outbound_deliveries where event_id = ? and endpoint_id in (?, ?)',
      [event, disabled, deleted],
    );
    expect(waiting.map(({ status }) => status)).toEqual(['canceled', 'canceled']);
    const after = await tell('inv_after');
    const told = (await deliveriesOf(after)) as { endpoint_id: string }[];
    expect(told.map((row) => row.endpoint_id)).not.toEqual(expect.arrayContaining([disabled]));
  });

  it('rotate their secret: the one before stays until it expires, or not at all', async () => {
    const created = await make();
    const { id } = created.body;
    const first = String(of(created)['secret']);
    const rotate = async (body: object) => of(await api.call('POST', `${path}/${id}/rotate-secret`, { body }));
    const second = await rotate({ expires_in: 3_600 });
    const leftMs = new Date(String(second['previous_secret_expires_at'])).getTime() - Date.now();
    expect(leftMs).toBeGreaterThan(3_500_000);
    expect(leftMs).toBeLessThanOrEqual(3_600_000);
    expect(liveSecrets(await secretsOf(id), new Date())).toEqual([second['secret'], first]);
    const third = await rotate({});
    expect(liveSecrets(await secretsOf(id), new Date())).toEqual([third['secret'], second['secret']]);
    const fourth = await rotate({ expires_in: 0 });
    expect(fourth['previous_secret_expires_at']).toBeNull();
    expect(await secretsOf(id)).toEqual([{ secret: fourth['secret'], expiresAt: null }]);
    expect((await actionsOf(id)).filter((action) => action === 'webhook_endpoint.secret_rotated')).toHaveLength(3);
  });

  it('rotated twice at once keep a secret for each answer', async () => {
    const id = await made();
    const rotate = async () => of(await api.call('POST', `${path}/${id}/rotate-secret`, { body: {} }))['secret'];
    const answers = await Promise.all([rotate(), rotate()]);
    expect(new Set(liveSecrets(await secretsOf(id), new Date()))).toEqual(new Set(answers));
  });

  it('are another project’s, the other mode’s and other scopes’ business', async () => {
    const id = await made();
    for (const key of [api.keys.other, api.keys.live])
      for (const [method, rest] of [
        ['GET', ''],
        ['PATCH', ''],
        ['DELETE', ''],
        ['POST', '/rotate-secret'],
        ['POST', '/test'],
        ['GET', '/deliveries'],
      ] as const)
        expect(
          await api.call(method, `${path}/${id}${rest}`, { key, ...(method !== 'GET' && { body: {} }) }),
        ).toMatchObject({
          status: 404,
          body: { code: 'webhook_endpoint_not_found' },
        });
    expect((await make({ url }, api.keys.reader)).status).toBe(403);
    expect((await api.call('GET', path, { key: api.keys.publishable })).status).toBe(403);
    expect((await api.call('GET', `${path}/we_nonsense`)).status).toBe(404);
  });

  it('need encryption keys', async () => {
    const bare = await startApi({ keyRing: null });
    expect(await bare.call('POST', path, { body: { url } })).toMatchObject({
      status: 503,
      body: { code: 'encryption_not_configured' },
    });
    await bare.close();
  });

  it('are at most twenty in each mode', async () => {
    const make = () => api.call('POST', path, { key: api.keys.live, body: { url } });
    for (let n = 0; n < 20; n += 1) expect((await make()).status).toBe(201);
    expect(await make()).toMatchObject({ status: 409, body: { code: 'too_many_webhook_endpoints' } });
  });
});

describe('events', () => {
  it('are listed by type and object, read with their deliveries, and nobody else’s', async () => {
    const id = await tell('inv_list');
    await tell('inv_list_2', 'invoice.updated');
    const list = async (query: string) =>
      (await api.call('GET', `/ops/events?${query}`)).body.data.map((event) => event.id);
    expect(await list('object_id=inv_list')).toEqual([id]);
    expect(await list('type=invoice.paid&object_kind=invoice&organization_id=org_1')).toContain(id);
    expect(await list('type=invoice.updated')).not.toContain(id);
    const page = (await api.call('GET', '/ops/events?limit=1')).body;
    const next = (await api.call('GET', `/ops/events?limit=1&cursor=${page.next_cursor}`)).body;
    expect(page.data[0]?.id).not.toBe(next.data[0]?.id);
    expect((await api.call('GET', `/ops/events/${id}`)).body).toMatchObject({
      ...{ id, type: 'invoice.paid', project: 'default', live: false, organization_id: 'org_1' },
      ...{ object_kind: 'invoice', object_id: 'inv_list', data: { id: 'inv_list' } },
    });
    for (const key of [api.keys.other, api.keys.live])
      expect((await api.call('GET', `/ops/events/${id}`, { key })).body.code).toBe('event_not_found');
    expect((await api.call('GET', '/ops/events?type=no.such')).status).toBe(422);
  });

  it('are replayed to one endpoint, or to all that listen', async () => {
    const event = await tell('inv_replay');
    const id = await made({ url, event_types: ['order.paid'] });
    const replay = (body: object) => api.call('POST', `/ops/events/${event}/replay`, { body });
    await api.query(`update outbound_deliveries set status = 'delivered', attempts = 4 where event_id = ?`, [event]);
    expect((await replay({})).status).toBe(202);
    const after = (await deliveriesOf(event)) as { endpoint_id: string; status: string; attempts: number }[];
    expect(after.length).toBeGreaterThan(0);
    for (const row of after) expect(row).toMatchObject({ status: 'waiting', attempts: 0, event_id: event });
    expect(after.map((row) => row.endpoint_id)).not.toContain(id);
    expect(of(await replay({ endpoint_id: id }))['deliveries']).toEqual(
      expect.arrayContaining([expect.objectContaining({ endpoint_id: id, status: 'waiting' })]),
    );
    expect((await replay({ endpoint_id: 'we_x' })).body.code).toBe('webhook_endpoint_not_found');
    await api.call('PATCH', `${path}/${id}`, { body: { enabled: false } });
    expect((await replay({ endpoint_id: id })).body.code).toBe('webhook_endpoint_disabled');
    expect(await actionsOf(event)).toEqual(['event.replayed', 'event.replayed']);
  });

  it('test an endpoint alone, by the way that every event takes', async () => {
    const id = await made({ url, event_types: ['order.paid'] });
    const answer = await api.call('POST', `${path}/${id}/test`, { body: {} });
    expect(answer).toMatchObject({
      status: 202,
      body: { type: 'webhook_endpoint.test', organization_id: null, object_id: id, data: { id, url } },
    });
    expect(of(answer)['deliveries']).toMatchObject([{ endpoint_id: id, status: 'waiting' }]);
    expect((await api.call('GET', `${path}/${id}/deliveries?status=waiting`)).body.data).toMatchObject([
      { event_id: answer.body.id },
    ]);
    expect(await actionsOf(id)).toContain('webhook_endpoint.tested');
  });

  it('that an endpoint missed are sent to it at once', async () => {
    const id = await made({ url, event_types: ['dispute.opened'] });
    const since = new Date(Date.now() - 1_000).toISOString();
    const [delivered, failed] = [await tell('dsp_1', 'dispute.opened'), await tell('dsp_2', 'dispute.opened')];
    const set = (status: string, event: string) =>
      api.query(`update outbound_deliveries set status = ?, attempts = 10 where event_id = ?`, [status, event]);
    await set('delivered', delivered);
    await set('failed', failed);
    await api.call('PATCH', `${path}/${id}`, { body: { enabled: false } });
    const recover = () => api.call('POST', `${path}/${id}/recover`, { body: { since } });
    expect((await recover()).body.code).toBe('webhook_endpoint_disabled');
    const missed = await tell('dsp_3', 'dispute.opened');
    await tell('inv_not_listened_to');
    await api.call('PATCH', `${path}/${id}`, { body: { enabled: true } });
    expect(await recover()).toMatchObject({ status: 202, body: { endpoint_id: id, since, events: 2 } });
    const rows = await api.query(
      `select event_id, status, attempts from outbound_deliveries where endpoint_id = ? order by sequence`,
      [id],
    );
    expect(rows).toEqual([
      { event_id: delivered, status: 'delivered', attempts: 10 },
      { event_id: failed, status: 'waiting', attempts: 0 },
      { event_id: missed, status: 'waiting', attempts: 0 },
    ]);
  });
});

describe('the OpenAPI document', () => {
  it('tells of every event that is sent', async () => {
    const { webhooks } = of(await api.call('GET', '/openapi.json')) as { webhooks: Record<string, object> };
    expect(Object.keys(webhooks)).toEqual([...eventTypes, 'webhook_endpoint.test']);
  });
});

describe('what was told', () => {
  it('is in the form that is documented', async () => {
    expect(await expectDocumented((sql) => api.query(sql), 'webhook_endpoint.%')).toContain('webhook_endpoint');
  });
});
