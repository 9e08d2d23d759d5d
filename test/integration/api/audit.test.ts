import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const path = '/ops/webhook-endpoints';
const entriesOf = async (kind: string, id: string) => {
  const rows = await api.query(
    'select actor, action, before, after from audit_log where entity_kind = ? and entity_id = ? order by id',
    [kind, id],
  );
  for (const { actor } of rows) expect(actor).toMatch(/^key_/);
  return rows.map(({ action, before, after }) => ({ action, before, after }));
};

describe('the audit log', () => {
  it('is filtered by who, what, which and when, page by page', async () => {
    const made = await api.call('POST', path, { body: { url: 'https://app.example/webhooks' } });
    const { id } = made.body;
    await api.call('PATCH', `${path}/${id}`, { body: { description: 'x' } });
    const list = async (query: Record<string, string>) => {
      const { body } = await api.call('GET', `/ops/audit?${new URLSearchParams(query).toString()}`);
      return { ...body, data: body.data as unknown as { id: string; action: string; at: string; actor: string }[] };
    };
    const all = (await list({ entity_id: id })).data;
    expect(all.map(({ action }) => action)).toEqual(['webhook_endpoint.updated', 'webhook_endpoint.created']);
    const [updated, created] = all;
    if (!updated || !created) throw new Error('nothing in the log');
    const those = async (query: Record<string, string>) =>
      (await list({ entity_id: id, ...query })).data.map(({ action }) => action);
    expect(await those({ action: 'webhook_endpoint.u' })).toEqual([updated.action]);
    expect(await those({ action: 'webhook_endpointx' })).toEqual([]);
    expect(await those({ action: 'webhook.' })).toEqual([]);
    expect(await those({ entity_kind: 'webhook_endpoint' })).toHaveLength(2);
    expect(await those({ entity_kind: 'subscription' })).toEqual([]);
    expect(await those({ actor: updated.actor })).toHaveLength(2);
    expect(await those({ actor: 'key_nobody' })).toEqual([]);
    expect(await those({ since: updated.at })).toEqual([updated.action]);
    expect(await those({ until: updated.at })).toEqual([created.action]);
    const page = await list({ entity_id: id, limit: '1' });
    expect(await those({ limit: '1', cursor: page.next_cursor ?? '' })).toEqual([created.action]);
  });

  it.each([['action=Drop%25'], ['since=yesterday'], ['colour=red']])('refuses ?%s', async (query) => {
    expect((await api.call('GET', `/ops/audit?${query}`)).status).toBe(422);
  });

  it('tells what a key could before and after', async () => {
    const { body } = await api.call('POST', '/ops/keys', {
      body: { kind: 'secret', name: 'Ann', scopes: ['ops:read'] },
    });
    await api.call('DELETE', `/ops/keys/${body.id}`);
    const fresh = { kind: 'secret', scopes: ['ops:read'], revoked_at: null };
    expect(await entriesOf('api_key', body.id)).toEqual([
      { action: 'api_key.created', before: null, after: fresh },
      { action: 'api_key.revoked', before: fresh, after: { ...fresh, revoked_at: expect.any(String) } },
    ]);
  });

  it('tells which credentials an account had before and after, and never what they are', async () => {
    const account = '/ops/projects/default/accounts/merchant';
    const put = (credentials: object) => api.call('PUT', account, { body: { credentials } });
    expect((await put({ FAKE_KEY: 'test_hidden_1' })).status).toBe(201);
    expect((await put({ FAKE_KEY: 'test_hidden_2', FAKE_WEBHOOK_SECRET: 'wh_hidden' })).status).toBe(200);
    await api.call('DELETE', account);
    const entries = await entriesOf('provider_account', 'merchant');
    const one = { credentials: ['FAKE_KEY'], version: 1 };
    const two = { credentials: ['FAKE_KEY', 'FAKE_WEBHOOK_SECRET'], version: 2 };
    expect(entries).toEqual([
      { action: 'provider_account.created', before: null, after: one },
      { action: 'provider_account.replaced', before: one, after: two },
      { action: 'provider_account.removed', before: two, after: null },
    ]);
    expect(JSON.stringify(entries)).not.toContain('hidden');
  });

  it('tells of an organization what is no personal data', async () => {
    const put = (body: object) => api.call('PUT', '/billing/organizations/org_audited', { body });
    await put({ country: 'MX', email: 'ann@app.example', name: 'Ann' });
    await put({ country: 'US', preferred_provider: 'world' });
    const entries = await entriesOf('organization', 'org_audited');
    expect(entries).toEqual([
      {
        action: 'organization.updated',
        before: { country: null, preferred_provider: null },
        after: { country: 'MX', preferred_provider: null },
      },
      {
        action: 'organization.updated',
        before: { country: 'MX', preferred_provider: null },
        after: { country: 'US', preferred_provider: 'world' },
      },
    ]);
  });
});
