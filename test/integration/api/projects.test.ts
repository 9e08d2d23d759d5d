import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const newProject = () => `p-${randomUUID()}`;
async function made(id = newProject()): Promise<string> {
  const answer = await api.call('POST', '/ops/projects', { body: { id, name: 'Acme' } });
  expect(answer.status).toBe(201);
  return id;
}
const account = (project: string) => `/ops/projects/${project}/accounts/merchant`;
const put = (project: string, credentials: Record<string, string>, key = api.keys.secret) =>
  api.call('PUT', account(project), { body: { credentials }, key });
const stored = (project: string) =>
  api.query(`select credentials, credential_keys, version from provider_accounts where project_id = ?`, [project]);

describe('projects', () => {
  it('are made once, read, changed and told in the log', async () => {
    const id = await made();
    expect(await api.call('POST', '/ops/projects', { body: { id, name: 'Again' } })).toMatchObject({
      status: 409,
      body: { code: 'project_exists', errors: [{ pointer: '/id' }] },
    });
    const patched = await api.call('PATCH', `/ops/projects/${id}`, {
      body: { default_currency: 'mxn', allowed_origins: ['https://acme.example'] },
    });
    expect(patched.body).toMatchObject({ id, name: 'Acme', default_currency: 'MXN' });
    expect((await api.call('GET', `/ops/projects/${id}`)).body).toEqual(patched.body);
    const log = await api.query(`select action from audit_log where project_id = ? order by at`, [id]);
    expect(log.map(({ action }) => action)).toEqual(['project.created', 'project.updated']);
  });

  it('say how they treat late payers; what they do not say is the default', async () => {
    const id = await made();
    const policy = async () => (await api.call('GET', `/ops/projects/${id}`)).body;
    const standard = { trial_notice_days: 3, grace_days: 14, reminder_days: [0, 3, 7, 12], past_due_access: 'keep' };
    expect(await policy()).toMatchObject({ lifecycle_policy: { ...standard, voucher_lead_days: 5 } });
    const change = (lifecycle_policy: object) =>
      api.call('PATCH', `/ops/projects/${id}`, { body: { lifecycle_policy } });
    expect((await change({ grace_days: 5, reminder_days: [1, 4] })).status).toBe(200);
    expect((await change({ past_due_access: 'revoke' })).status).toBe(200);
    const mine = { trial_notice_days: 3, grace_days: 5, reminder_days: [1, 4], past_due_access: 'revoke' };
    expect(await policy()).toMatchObject({ lifecycle_policy: mine });
    const log = await api.query(`select after from audit_log where project_id = ? order by at desc limit 1`, [id]);
    expect(log[0]).toMatchObject({ after: { lifecycle_policy: mine } });
  });

  it.each([
    ['a reminder after the grace', { grace_days: 3 }, '/lifecycle_policy/reminder_days'],
    ['reminders out of order', { reminder_days: [3, 3] }, '/lifecycle_policy/reminder_days'],
    ['too many days', { grace_days: 91 }, '/lifecycle_policy/grace_days'],
    ['an unknown entry', { mercy: true }, '/lifecycle_policy/mercy'],
  ])('refuse a policy with %s and change nothing', async (_what, lifecycle_policy, pointer) => {
    const id = await made();
    const refused = await api.call('PATCH', `/ops/projects/${id}`, { body: { lifecycle_policy } });
    expect(refused).toMatchObject({ status: 422, body: { code: 'validation_failed', errors: [{ pointer }] } });
    const rows = await api.query(`select lifecycle_policy from projects where id = ?`, [id]);
    expect(rows).toEqual([{ lifecycle_policy: {} }]);
  });

  it.each([
    ['a bad id', { id: 'No Spaces', name: 'x' }, '/id'],
    ['an unknown policy', { id: 'x1', name: 'x', routing_policy: 'mine' }, '/routing_policy'],
    ['a path in an origin', { id: 'x2', name: 'x', allowed_origins: ['https://a.example/path'] }, '/allowed_origins/0'],
    ['an unknown field', { id: 'x3', name: 'x', colour: 'red' }, '/colour'],
  ])('refuse %s and make nothing', async (_what, body, pointer) => {
    const refused = await api.call('POST', '/ops/projects', { body });
    expect(refused).toMatchObject({ status: 422, body: { code: 'validation_failed', errors: [{ pointer }] } });
    expect(await api.query('select 1 from projects where id = ?', [body.id])).toEqual([]);
  });

  it('are run by their own operators and those of the first project, and unknown to others', async () => {
    const id = await made();
    const key = api.keys.other;
    expect((await api.call('GET', '/ops/projects/other', { key })).status).toBe(200);
    expect(await api.call('GET', `/ops/projects/${id}`, { key })).toMatchObject({
      status: 404,
      body: { code: 'project_not_found' },
    });
    expect((await api.call('POST', '/ops/projects', { key, body: { id: newProject(), name: 'x' } })).status).toBe(403);
    const { body } = await api.call('GET', '/ops/projects', { key });
    expect(body.data.map((project) => project.id)).toEqual(['other']);
    expect((await put(id, { FAKE_KEY: 'test_1' }, key)).status).toBe(404);
  });
});

describe('API keys', () => {
  it('are shown once, work, and are refused once revoked', async () => {
    const project = await made();
    const { body } = await api.call('POST', '/ops/keys', {
      body: { project_id: project, kind: 'secret', name: 'Backend', scopes: ['billing:read', 'ops:read'] },
    });
    const key = (body as unknown as { key: string }).key;
    expect(key).toMatch(/^sk_test_/);
    expect((await api.call('GET', `/ops/projects/${project}`, { key })).status).toBe(200);
    const listed = await api.call('GET', `/ops/keys?project_id=${project}`);
    expect(listed.body.data).toMatchObject([{ id: body.id, revoked_at: null }]);
    expect(JSON.stringify(listed.body)).not.toContain(key);
    expect((await api.call('DELETE', `/ops/keys/${body.id}`)).status).toBe(200);
    expect((await api.call('DELETE', `/ops/keys/${body.id}`)).status).toBe(200);
    const [row] = await api.query('select revoked_at from api_keys where id = ?', [body.id]);
    expect(row?.['revoked_at']).not.toBeNull();
  });

  it('of another mode or project cannot be touched', async () => {
    const { body } = await api.call('POST', '/ops/keys', { body: { kind: 'publishable', name: 'Web' } });
    expect((await api.call('DELETE', `/ops/keys/${body.id}`, { key: api.keys.live })).status).toBe(404);
    expect((await api.call('DELETE', `/ops/keys/${body.id}`, { key: api.keys.other })).status).toBe(404);
    expect(
      await api.call('POST', '/ops/keys', { body: { kind: 'publishable', name: 'x', scopes: ['billing:read'] } }),
    ).toMatchObject({ status: 422, body: { errors: [{ pointer: '/scopes' }] } });
  });
});

describe('accounts at providers', () => {
  it('are kept sealed, told without values, and replaced', async () => {
    const project = await made();
    const secret = `test_${randomUUID()}`;
    const first = await put(project, { FAKE_KEY: secret });
    expect(first).toMatchObject({
      status: 201,
      body: {
        credentials: ['FAKE_KEY'],
        version: 1,
        webhook_url: `http://api.test/api/v1/webhooks/merchant/${project}`,
      },
    });
    expect(JSON.stringify(first.body)).not.toContain(secret);
    const [row] = await stored(project);
    expect(Buffer.from(row?.['credentials'] as Buffer).includes(secret)).toBe(false);
    expect(await put(project, { FAKE_KEY: 'test_2' })).toMatchObject({ status: 200, body: { version: 2 } });
    expect(api.logs.join('')).not.toContain(secret);
  });

  it('keep the old webhook secret beside the new one', async () => {
    const project = await made();
    await put(project, { FAKE_KEY: 'test_1', FAKE_WEBHOOK_SECRET: 'old' });
    const turned = await api.call('POST', `${account(project)}/rotate`, {
      body: { credentials: { FAKE_WEBHOOK_SECRET: 'new' } },
    });
    expect(turned.body).toMatchObject({
      credentials: ['FAKE_KEY', 'FAKE_WEBHOOK_SECRET', 'FAKE_WEBHOOK_SECRET_PREVIOUS'],
      version: 2,
    });
  });

  it.each([
    ['an unknown credential', { FAKE_KEY: 'test_1', OTHER: 'x' }, '/credentials/OTHER'],
    ['a missing one', { FAKE_BASE_URL: 'https://fake.example' }, '/credentials/FAKE_KEY'],
    ['live ones for a test key', { FAKE_KEY: 'live_1' }, '/credentials'],
  ])('refuse %s and keep nothing', async (_what, credentials, pointer) => {
    const project = await made();
    const refused = await put(project, credentials);
    expect(refused).toMatchObject({ status: 422, body: { code: 'validation_failed', errors: [{ pointer }] } });
    expect(await stored(project)).toEqual([]);
  });

  it('are tested by a worker, connected to webhooks, and removed while nothing needs them', async () => {
    const project = await made();
    expect((await api.call('POST', `${account(project)}/webhook`, { body: {} })).status).toBe(404);
    await put(project, { FAKE_KEY: 'test_1' });
    expect((await api.call('POST', `${account(project)}/test`)).body).toMatchObject({ ok: true, name: 'Acme' });
    expect((await api.call('POST', `${account(project)}/webhook`, { body: {} })).status).toBe(200);
    expect((await api.call('DELETE', account(project))).status).toBe(204);
    expect(await stored(project)).toEqual([]);
    expect((await api.call('DELETE', account(project))).status).toBe(404);
  });

  it('speak to public hosts only, in production', async () => {
    const production = await startApi({
      settings: {
        ...{
          publicUrl: 'http://api.test',
          trustProxy: [],
          cdnCountryHeader: null,
          cdnSecret: null,
          rateLimitPerMinute: 1_000,
        },
        isProduction: true,
      },
    });
    const refused: Awaited<ReturnType<typeof production.call>>[] = [];
    try {
      for (const url of [
        'http://fake.example',
        'https://127.0.0.1',
        'https://db',
        'https://[::1]',
        'https://a.internal',
      ])
        refused.push(
          await production.call('PUT', '/ops/projects/default/accounts/merchant', {
            body: { credentials: { FAKE_KEY: 'test_1', FAKE_BASE_URL: url } },
          }),
        );
      for (const { status, body } of refused)
        expect({ status, body }).toMatchObject({
          status: 422,
          body: { errors: [{ pointer: '/credentials/FAKE_BASE_URL' }] },
        });
    } finally {
      await production.close();
    }
  });

  it('need encryption keys', async () => {
    const open = await startApi({ keyRing: null });
    try {
      const refused = await open.call('PUT', '/ops/projects/default/accounts/merchant', {
        body: { credentials: { FAKE_KEY: 'test_1' } },
      });
      expect(refused).toMatchObject({ status: 503, body: { code: 'encryption_not_configured' } });
    } finally {
      await open.close();
    }
  });
});
