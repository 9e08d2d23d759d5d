import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listOperations } from '../../../src/api/operations.ts';
import { startApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const endpoints = '/ops/webhook-endpoints';
const url = 'https://app.example/webhooks';

/** The same request three times, under one key. */
async function thrice(method: string, path: string, body?: unknown) {
  const options = { ...(body !== undefined && { body }), headers: { 'idempotency-key': randomUUID() } };
  const first = await api.call(method, path, options);
  const again = [await api.call(method, path, options), await api.call(method, path, options)];
  expect(first.headers.get('idempotent-replayed')).toBeNull();
  for (const each of again) expect(each.headers.get('idempotent-replayed')).toBe('true');
  for (const each of again) expect(each.status).toBe(first.status);
  return { first, again };
}

const countOf = async (sql: string, ...params: unknown[]) => Number((await api.query(sql, params))[0]?.['count']);
const actsOn = (id: string, action: string) =>
  countOf('select count(*) from audit_log where entity_id = ? and action = ?', id, action);

describe('a repeated request of operators', () => {
  it('makes one endpoint, whose secret is shown once and stored nowhere', async () => {
    const { first, again } = await thrice('POST', endpoints, { url, description: 'once' });
    const { secret, ...shown } = first.body as unknown as { secret: string };
    expect(secret).toMatch(/^whsec_/);
    for (const { body } of again) expect(body).toEqual({ ...shown, secret: null });
    expect(await countOf(`select count(*) from outbound_endpoints where description = 'once'`)).toBe(1);
    const kept = await api.query('select response_body from idempotency_records');
    expect(JSON.stringify(kept)).not.toContain(secret);
  });

  it('rotates a secret once', async () => {
    const { body } = await api.call('POST', endpoints, { body: { url } });
    const { first, again } = await thrice('POST', `${endpoints}/${body.id}/rotate-secret`, { expires_in: 60 });
    const { secret, ...shown } = first.body as unknown as { secret: string };
    expect(secret).toMatch(/^whsec_/);
    for (const each of again) expect(each.body).toEqual({ ...shown, secret: null });
    expect(await actsOn(body.id, 'webhook_endpoint.secret_rotated')).toBe(1);
  });

  it('changes, tests, recovers and deletes an endpoint once', async () => {
    const { body } = await api.call('POST', endpoints, { body: { url } });
    const path = `${endpoints}/${body.id}`;
    await thrice('PATCH', path, { description: 'x' });
    const tested = await thrice('POST', `${path}/test`, {});
    expect(tested.again.map((each) => each.body.id)).toEqual([tested.first.body.id, tested.first.body.id]);
    await thrice('POST', `${path}/recover`, { since: new Date(Date.now() - 60_000).toISOString() });
    const replayed = await thrice('POST', `/ops/events/${tested.first.body.id}/replay`, { endpoint_id: body.id });
    expect(replayed.first.status).toBe(202);
    const removed = await thrice('DELETE', path);
    expect(removed.first.status).toBe(204);
    for (const act of ['updated', 'tested', 'recovered', 'deleted'])
      expect(await actsOn(body.id, `webhook_endpoint.${act}`)).toBe(1);
    expect(await actsOn(tested.first.body.id, 'event.replayed')).toBe(1);
  });

  it('makes one API key, shown once, and revokes it once', async () => {
    const { first, again } = await thrice('POST', '/ops/keys', {
      ...{ kind: 'secret', name: 'Once', scopes: ['ops:read'] },
    });
    const { key, ...shown } = first.body as unknown as { key: string };
    expect(key).toMatch(/^sk_test_/);
    for (const { body } of again) expect(body).toEqual({ ...shown, key: null });
    expect(await countOf(`select count(*) from api_keys where name = 'Once'`)).toBe(1);
    await thrice('DELETE', `/ops/keys/${first.body.id}`);
    expect(await actsOn(first.body.id, 'api_key.revoked')).toBe(1);
  });

  it('makes and changes a project once, and answers a refusal again', async () => {
    const id = `p-${randomUUID().slice(0, 8)}`;
    const project = { id, name: 'Shop', default_currency: 'USD', default_success_url: 'https://app.example/ok' };
    const made = await thrice('POST', '/ops/projects', { ...project, default_cancel_url: 'https://app.example/no' });
    expect(made.first.status).toBe(201);
    expect(made.again[0]?.body).toEqual(made.first.body);
    await thrice('PATCH', `/ops/projects/${id}`, { name: 'Store' });
    expect(await actsOn(id, 'project.updated')).toBe(1);
    const refused = await thrice('PATCH', `/ops/projects/${id}`, { routing_policy: 'none-such' });
    expect(refused.again[0]).toMatchObject({ status: 422, body: { code: 'validation_failed' } });
  });

  it('changes and archives a benefit once', async () => {
    const flag = { type: 'feature_flag', description: 'Early access', properties: { feature: 'beta' } };
    const { first } = await thrice('POST', '/ops/benefits', flag);
    await thrice('PATCH', `/ops/benefits/${first.body.id}`, { description: 'Earlier access' });
    await thrice('DELETE', `/ops/benefits/${first.body.id}`);
    for (const act of ['defined', 'changed', 'archived']) expect(await actsOn(first.body.id, `benefit.${act}`)).toBe(1);
  });

  it('runs again without a key', async () => {
    const made = [1, 2].map(() => api.call('POST', endpoints, { body: { url, description: 'free' } }));
    for (const { body } of await Promise.all(made))
      expect(body).toMatchObject({ secret: expect.stringMatching(/^whsec_/) });
    expect(await countOf(`select count(*) from outbound_endpoints where description = 'free'`)).toBe(2);
  });

  it('is refused with another body, and asked for by a key that may not', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    await api.call('POST', endpoints, { body: { url }, headers });
    const other = await api.call('POST', endpoints, { body: { url, description: 'other' }, headers });
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    expect((await api.call('POST', endpoints, { body: { url }, headers, key: api.keys.reader })).status).toBe(403);
  });
});

describe('the OpenAPI document', () => {
  it('offers the header on every change, but where a repeat is harmless', () => {
    const without = listOperations([])
      .filter(({ method, isIdempotent }) => ['post', 'patch', 'delete'].includes(method) && !isIdempotent)
      .map(({ path }) => path);
    expect(without).toEqual(expect.arrayContaining(['/billing/sessions']));
    for (const path of without)
      expect(path).toMatch(
        /^\/(webhooks\/|billing\/sessions$|billing\/payment-methods\/sync$|ops\/routing\/explain$|.*\/preview$)/,
      );
  });
});
