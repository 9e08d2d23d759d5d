import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fakeProviders } from './fake-providers.ts';
import { policies, startApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const path = '/ops/routing/policies';
const aPolicy = (more: Record<string, unknown> = {}) => ({
  name: `own-${randomUUID()}`,
  description: 'Mexico at home, the rest wherever it is served.',
  rules: [
    { id: 'mexico', when: { country: ['MX'] }, provider: 'local' },
    { id: 'everybody', when: {}, provider: 'world' },
  ],
  fallback_provider: 'world',
  ...more,
});
const post = (body: unknown, options: Parameters<TestApi['call']>[2] = {}) =>
  api.call('POST', path, { body, ...options });
const checkout = (more: Record<string, unknown> = {}, key = api.keys.secret) =>
  api.call('POST', '/billing/checkout', {
    key,
    body: {
      organization_id: `org_${randomUUID()}`,
      product_id: 'starter-kit',
      country: 'US',
      email: 'a@b.example',
      ...more,
    },
  });

describe('routing policies of a project', () => {
  it('are versions: added, activated, gone back to, and told in the log', async () => {
    const policy = aPolicy();
    const first = await post({ ...policy, note: 'A try' });
    expect(first).toMatchObject({
      status: 201,
      body: {
        name: policy.name,
        version: 1,
        status: 'active',
        in_use: false,
        note: 'A try',
        source: 'own',
        findings: [],
      },
    });
    expect(first.body).toMatchObject({
      readable: ['mexico: country MX → local', 'everybody: everything else → world', 'otherwise → world'],
    });
    const second = await post({ ...policy, version: 7, activate: false });
    expect(second.body).toMatchObject({ version: 2, status: 'draft' });
    const activate = (version: unknown) => api.call('POST', `${path}/${policy.name}/activate`, { body: { version } });
    expect((await activate(2)).body).toMatchObject({
      active_version: 2,
      versions: [{ status: 'active' }, { status: 'retired' }],
    });
    expect((await activate(1)).body).toMatchObject({ active_version: 1, active_source: 'own' });
    expect(await activate(3)).toMatchObject({ status: 404, body: { code: 'routing_policy_not_found' } });
    expect(await activate('shipped')).toMatchObject({ status: 404, body: { code: 'routing_policy_not_found' } });
    const log = await api.query(
      `select action from audit_log where entity_kind = 'routing_policy'
         and entity_id in (select id from routing_policies where name = ?) order by id`,
      [policy.name],
    );
    expect(log.map(({ action }) => action)).toEqual([
      'routing_policy.added',
      'routing_policy.activated',
      'routing_policy.added',
      'routing_policy.activated',
      'routing_policy.activated',
    ]);
    const other = await api.call('GET', `${path}/${policy.name}`, { key: api.keys.other });
    expect(other.status).toBe(404);
    expect((await api.call('GET', `${path}/${policy.name}`, { key: api.keys.live })).status).toBe(404);
  });

  it('are stored once however often the same request comes', async () => {
    const policy = aPolicy();
    const headers = { 'idempotency-key': randomUUID() };
    const [first, again] = [await post(policy, { headers }), await post(policy, { headers })];
    expect(again.body).toEqual(first.body);
    expect(await api.query('select 1 from routing_policies where name = ?', [policy.name])).toHaveLength(1);
  });

  it('are refused with every wrong rule and what mends it, and nothing is stored', async () => {
    const policy = aPolicy({
      rules: [
        { id: 'all', when: { mode: ['payment', 'subscription', 'setup'] }, provider: 'world' },
        { id: 'late', when: { country: ['MX'] }, provider: 'local' },
        { id: 'never', when: { country: ['RU'] }, provider: 'merchant' },
        { id: 'nobody', when: {}, provider: 'acme' },
      ],
    });
    const refused = await post(policy);
    expect(refused).toMatchObject({ status: 422, body: { code: 'routing_policy_invalid' } });
    expect(refused.body.errors).toMatchObject([
      { pointer: '/rules/3/provider', code: 'unknown_provider' },
      { pointer: '/rules/1', code: 'unreachable' },
      { pointer: '/rules/2', code: 'unreachable' },
      { pointer: '/rules/3', code: 'unreachable' },
    ]);
    const unable = await post(aPolicy({ rules: [{ id: 'never', when: { country: ['RU'] }, provider: 'merchant' }] }));
    expect(unable.body.errors).toMatchObject([{ pointer: '/rules/0/when/country', code: 'contradictory' }]);
    const malformed = await post(aPolicy({ rules: [{ id: 'Wrong', when: { planet: ['X'] }, provider: 'world' }] }));
    expect(malformed).toMatchObject({ status: 422, body: { code: 'validation_failed' } });
    expect(malformed.body.errors.map(({ pointer }) => pointer)).toEqual(['/rules/0/id', '/rules/0/when/planet']);
    expect(await api.query('select 1 from routing_policies where name = ?', [policy.name])).toEqual([]);
  });

  it('answer their warnings', async () => {
    const { body } = await post(aPolicy({ rules: [{ id: 'mexico', when: { country: ['MX'] }, provider: 'local' }] }));
    expect(body).toMatchObject({
      findings: [
        { kind: 'incomplete', severity: 'warning', example: { country: null } },
        { kind: 'incomplete', severity: 'warning' },
      ],
    });
  });

  it('need ops:write, and reading them ops:read', async () => {
    expect((await post(aPolicy(), { key: api.keys.reader })).status).toBe(403);
    expect((await post(aPolicy(), { key: api.keys.publishable })).status).toBe(403);
    expect((await api.call('GET', path, { key: api.keys.reader })).status).toBe(403);
  });

  it('lists what ships beside what is own', async () => {
    const { body } = await api.call('GET', path);
    expect(body.data).toContainEqual(
      expect.objectContaining({ name: 'standard', in_use: true, active_source: 'shipped', active_version: 3 }),
    );
  });
});

describe('a version of the policy in use', () => {
  it('decides at once, is frozen in what it decided, and gives way to what ships', async () => {
    const before = await checkout();
    expect(before.body).toMatchObject({ provider: 'merchant', routing: { policy: 'standard', policy_version: 3 } });
    const own = await post(aPolicy({ name: 'standard' }));
    expect(own.body).toMatchObject({ version: 4, in_use: true });
    const after = await checkout();
    expect(after.body).toMatchObject({
      provider: 'world',
      routing: {
        ...{ rule: 'everybody', policy: 'standard', policy_version: 4 },
        considered: [
          { rule: 'mexico', failed: 'country', why: 'it asks for country MX' },
          { rule: 'everybody', failed: null, why: null },
        ],
      },
    });
    // The other mode has its own.
    expect((await api.call('GET', `${path}/standard`, { key: api.keys.live })).body).toMatchObject({
      active_version: 3,
    });
    const back = await api.call('POST', `${path}/standard/activate`, { body: { version: 'shipped' } });
    expect(back.body).toMatchObject({ active_version: 3, active_source: 'shipped' });
    expect((await checkout()).body).toMatchObject({ provider: 'merchant', routing: { policy_version: 3 } });
    const read = await api.call('GET', `/billing/checkouts/${after.body.checkout_id}`);
    expect(read.body).toMatchObject({
      routing: { policy_version: 4, considered: [{ rule: 'mexico' }, { rule: 'everybody' }] },
    });
  });

  it('is reached through the project’s setting, once it is active', async () => {
    const policy = aPolicy();
    const set = (name: string) => api.call('PATCH', '/ops/projects/default', { body: { routing_policy: name } });
    expect(await set(policy.name)).toMatchObject({ status: 422, body: { errors: [{ pointer: '/routing_policy' }] } });
    await post({ ...policy, activate: false });
    expect((await set(policy.name)).status).toBe(422);
    await post(policy);
    expect((await set(policy.name)).status).toBe(200);
    expect((await api.call('GET', `${path}/${policy.name}`)).body).toMatchObject({ in_use: true });
    expect((await set('standard')).status).toBe(200);
  });

  it('must be active in each mode in which the project has providers, before the setting may name it', async () => {
    const providers = {
      ...fakeProviders(),
      configured: () => Promise.resolve(new Set(['world', 'merchant', 'local'])),
    };
    const both = await startApi({ providers });
    try {
      const policy = aPolicy();
      const add = (key: string) => both.call('POST', path, { body: policy, key });
      const set = () => both.call('PATCH', '/ops/projects/default', { body: { routing_policy: policy.name } });
      await add(both.keys.secret);
      expect(await set()).toMatchObject({ status: 422, body: { errors: [{ pointer: '/routing_policy' }] } });
      await add(both.keys.live);
      expect((await set()).status).toBe(200);
    } finally {
      await both.close();
    }
  });
});

describe('a dry run', () => {
  it('changes nothing, and tells what would go elsewhere, with counts, sums and examples', async () => {
    const mine = [];
    for (let index = 0; index < 3; index += 1) mine.push((await checkout()).body.checkout_id);
    const mexican = (await checkout({ country: 'MX' })).body.checkout_id;
    await checkout({ product_id: 'free' });
    const rows = () => api.query('select count(*) from routing_policies');
    const before = await rows();
    const policy = aPolicy();
    const { body, status } = await api.call('POST', `${path}?dry_run=true&last=5`, { body: policy });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...{ status: 'acceptable', name: policy.name, version: 1, asked: 4, not_askable: 1, moved: 3, unserved: 0 },
      reached_by: [
        { rule: 'mexico', example: { country: 'MX' } },
        { rule: 'everybody', example: { mode: 'subscription' } },
      ],
      shifts: [
        {
          from: { provider: 'merchant', rule: 'merchant-of-record' },
          to: { provider: 'world', rule: 'everybody' },
          ...{ moved: true, count: 3, share: 0.75, examples: mine.toReversed() },
          amounts: [{ amount_minor: 3 * 4900, currency: 'USD' }],
        },
        {
          from: { provider: 'local', rule: 'mexico-local' },
          to: { provider: 'local', rule: 'mexico' },
          ...{ moved: false, count: 1, examples: [mexican], amounts: [{ amount_minor: 89900, currency: 'MXN' }] },
        },
      ],
    });
    expect(await rows()).toEqual(before);
  });

  it('tells also what would be refused', async () => {
    const policy = aPolicy({ rules: [{ id: 'never', when: { country: ['RU'] }, provider: 'merchant' }] });
    const { body, status } = await api.call('POST', `${path}?dry_run=true`, { body: policy });
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'refused', findings: [{ severity: 'error', rule: 'never' }, {}, {}] });
  });

  it('asks ten thousand at most', async () => {
    const answer = await api.call('POST', `${path}?dry_run=true&last=10001`, { body: aPolicy() });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer: '/last' }] } });
  });
});

describe('blocked countries', () => {
  const at = (country: string) => `/ops/blocked-countries/${country}`;
  const put = (country: string, body: unknown, key = api.keys.secret) => api.call('PUT', at(country), { body, key });

  it('are the shipped ones, with what the project says over them, in its mode', async () => {
    const entry = { since: '2026-11-01', reason: 'Counsel says so.' };
    expect((await checkout({ country: 'BR' })).status).toBe(201);
    expect(await put('br', entry)).toMatchObject({
      status: 200,
      body: { country: 'BR', status: 'blocked', source: 'own' },
    });
    expect(await checkout({ country: 'BR' })).toMatchObject({
      status: 403,
      body: { code: 'country_blocked', country: 'BR' },
    });
    const direct = await api.call('POST', '/billing/subscriptions', {
      body: { organization_id: 'org_br', plan_id: 'pro', billing_interval: 'monthly', country: 'BR' },
    });
    expect(direct).toMatchObject({ status: 403, body: { code: 'country_blocked' } });
    expect((await checkout({ country: 'BR' }, api.keys.live)).body).not.toMatchObject({ code: 'country_blocked' });
    const listed = await api.call('GET', '/ops/blocked-countries');
    expect(listed.body.data).toMatchObject([
      { country: 'BR', source: 'own', ...entry },
      { country: 'KP', source: 'shipped' },
      { country: 'UA', source: 'shipped', regions: ['43'] },
    ]);
    expect((await api.call('DELETE', at('BR'))).body).toMatchObject({ status: 'allowed' });
    expect((await checkout({ country: 'BR' })).status).toBe(201);
    expect(await api.call('DELETE', at('BR'))).toMatchObject({
      status: 404,
      body: { code: 'blocked_country_not_found' },
    });
    const log = await api.query(
      `select before, after from audit_log where action = 'blocked_country.changed' order by id`,
    );
    expect(log).toMatchObject([
      { before: null, after: { blocked: true, ...entry } },
      { before: { blocked: true }, after: null },
    ]);
  });

  it('may be allowed, or narrowed to regions, and go back to what ships', async () => {
    const since = '2026-11-01';
    expect((await checkout({ country: 'KP' })).status).toBe(403);
    await put('KP', { blocked: false, since, reason: 'A licence.' });
    expect((await checkout({ country: 'KP' })).status).toBe(201);
    expect((await api.call('DELETE', at('KP'))).body).toMatchObject({ status: 'blocked', source: 'shipped' });
    expect((await checkout({ country: 'KP' })).status).toBe(403);
    const from = (state: string) => checkout({ billing_address: { country: 'UA', state } });
    expect((await from('UA-14')).status).toBe(201);
    expect((await put('UA', { regions: ['UA-14', '09'], since, reason: 'More.' })).body).toMatchObject({
      regions: ['14', '09'],
    });
    expect((await from('UA-14')).status).toBe(403);
    expect((await from('09')).status).toBe(403);
    expect((await from('43')).status).toBe(201);
    await api.call('DELETE', at('UA'));
    expect((await from('43')).status).toBe(403);
  });

  it('are refused where they make no sense', async () => {
    const entry = { since: '2026-11-01', reason: 'x' };
    expect((await put('XX', entry)).body).toMatchObject({ errors: [{ pointer: '/country' }] });
    expect((await put('BR', { ...entry, regions: ['US-CA'] })).body).toMatchObject({
      errors: [{ pointer: '/regions' }],
    });
    expect((await put('BR', { ...entry, blocked: false, regions: ['SP'] })).body.errors).toMatchObject([
      { pointer: '/regions' },
    ]);
    expect((await put('BR', { reason: 'x' })).body).toMatchObject({
      errors: [{ pointer: '/since', code: 'required' }],
    });
    expect((await put('BR', entry, api.keys.reader)).status).toBe(403);
  });
});

it('knows the policy that ships under the name the project uses', () => {
  expect(policies.routing.get('standard')?.version).toBe(3);
});
