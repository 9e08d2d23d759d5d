import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCarryOutGrant } from '../../../src/activities/carry-out-grant.ts';
import { createKeyRing } from '../../../src/crypto/key-ring.ts';
import { fakeProviders } from './fake-providers.ts';
import { healthy } from '../../support/healthy.ts';
import { startApi, type Called, type TestApi } from './support.ts';
import { expectDocumented } from '../../support/documented-events.ts';

let api: TestApi;
beforeAll(async () => {
  const keyRing = createKeyRing([{ id: 'k1', key: randomBytes(32) }]);
  api = await startApi({ keyRing });
  const providers = fakeProviders();
  const served = { providers, background: providers, health: healthy };
  const deps = { orm: api.orm, keyRing, ...served, lookGapsMs: [], maxCallsInFlight: 1 };
  const carryOutGrant = createCarryOutGrant(deps);
  work = async (workflowId) => {
    const [, grantId = ''] = workflowId.split('/');
    await carryOutGrant({ projectId: 'default', live: false, grantId });
  };
});
afterAll(() => api.close());
beforeEach(() => {
  api.temporal.work = work;
});

let work: (workflowId: string) => Promise<void>;
const newOrganization = () => `org_${randomUUID()}`;
const flag = { type: 'feature_flag', description: 'Early access', properties: { feature: 'beta' } };
const license = (properties: Record<string, unknown> = {}) => ({
  ...{ type: 'license_keys', description: 'A license' },
  properties: { prefix: 'acme', activation_limit: 2, limit_usage: 3, ...properties },
});

async function defined(body: unknown): Promise<string> {
  const made = await api.call('POST', '/ops/benefits', { body });
  expect(made.status).toBe(201);
  return made.body.id;
}

const give = (benefitId: string, organizationId: string, headers = {}) =>
  api.call('POST', `/ops/benefits/${benefitId}/grants`, { body: { organization_id: organizationId }, headers });

const access = async (organizationId: string, question: string) =>
  (await api.call('GET', `/billing/access?organization_id=${organizationId}&${question}`)).body;

async function held(organizationId: string, options = {}) {
  const answer = await api.call('GET', `/billing/benefits?organization_id=${organizationId}`, options);
  return answer.body.data as unknown as readonly (Record<string, unknown> & {
    readonly properties: Record<string, unknown>;
  })[];
}

async function logOf(entityId: string) {
  const rows = await api.query('select action, before, after from audit_log where entity_id = ? order by id', [
    entityId,
  ]);
  return rows.map(({ action, before, after }) => ({ action, before, after }));
}

describe('the log', () => {
  it('says before and after of what plans bring, and of what is given and taken back', async () => {
    const id = await defined(flag);
    const path = `/ops/plans/${api.plans.starter}/benefits`;
    for (const benefit_ids of [[id], []]) await api.call('PUT', path, { body: { benefit_ids } });
    expect(await logOf(api.plans.starter)).toEqual([
      { action: 'plan.benefits_set', before: { benefit_ids: [] }, after: { benefit_ids: [id] } },
      { action: 'plan.benefits_set', before: { benefit_ids: [id] }, after: { benefit_ids: [] } },
    ]);
    const grant = await give(id, newOrganization());
    for (const _ of [1, 2]) await api.call('DELETE', `/ops/benefits/${id}/grants/${grant.body.id}`);
    expect(await logOf(grant.body.id)).toEqual([
      { action: 'benefit.grant_requested', before: null, after: { status: 'pending' } },
      { action: 'benefit.granted', before: { status: 'pending' }, after: { status: 'granted' } },
      { action: 'benefit.revocation_requested', before: { status: 'granted' }, after: { status: 'revoking' } },
      { action: 'benefit.revoked', before: { status: 'revoking' }, after: { status: 'revoked' } },
    ]);
  });
});

describe('benefits', () => {
  it('are defined, read, listed by type, changed and archived, and the log tells', async () => {
    const id = await defined(flag);
    expect((await api.call('GET', `/ops/benefits/${id}`)).body).toMatchObject({
      ...{ ...flag, is_active: true, plan_ids: [], provider_ids: {} },
    });
    const flags = await api.call('GET', '/ops/benefits?type=feature_flag');
    expect(flags.body.data.map((row) => row.id)).toContain(id);
    const changed = await api.call('PATCH', `/ops/benefits/${id}`, { body: { properties: { feature: 'gamma' } } });
    expect(changed.body).toMatchObject({ description: 'Early access', properties: { feature: 'gamma' } });
    expect((await api.call('DELETE', `/ops/benefits/${id}`)).body).toMatchObject({ is_active: false });
    expect((await api.call('PATCH', `/ops/benefits/${id}`, { body: { description: 'Later' } })).status).toBe(409);
    const log = await api.call('GET', `/ops/audit?entity_id=${id}`);
    const actions = (log.body.data as unknown as { action: string }[]).map(({ action }) => action);
    expect(actions).toEqual(['benefit.archived', 'benefit.changed', 'benefit.defined']);
  });

  it.each([
    [{ ...flag, properties: {} }, '/properties/feature'],
    [{ ...flag, type: 'hat' }, '/type'],
    [{ ...flag, properties: { feature: 'x', colour: 'red' } }, '/properties/colour'],
    [{ type: 'downloadables', description: 'Files', properties: { files: [] } }, '/properties/files'],
    [license({ activation_limit: 0 }), '/properties/activation_limit'],
    [license({ expires: { ttl: 1, timeframe: 'week' } }), '/properties/expires/timeframe'],
    [{ type: 'discord', description: 'Chat', properties: { guild_id: 'x', role_id: '12345' } }, '/properties/guild_id'],
    [
      { type: 'github_repository', description: 'Code', properties: { repository: 'plinto' } },
      '/properties/repository',
    ],
    [
      { type: 'meter_credit', description: 'Calls', properties: { meter: 'api_calls', units: 1.5 } },
      '/properties/units',
    ],
  ])('are refused by the field that is wrong (%#)', async (body, pointer) => {
    const refused = await api.call('POST', '/ops/benefits', { body });
    expect(refused).toMatchObject({ status: 422, body: { code: 'validation_failed' } });
    expect(refused.body.errors.map((fault) => fault.pointer)).toContain(pointer);
  });

  it('take a chat server’s number that a card might have too', async () => {
    const properties = { guild_id: '4242424242424242420', role_id: '371449635398431008' };
    await defined({ type: 'discord', description: 'Chat', properties });
  });

  it('belong to their project, and are for operators', async () => {
    const id = await defined(flag);
    expect((await api.call('GET', `/ops/benefits/${id}`, { key: api.keys.other })).status).toBe(404);
    expect((await api.call('GET', `/ops/benefits/${id}`, { key: api.keys.reader })).status).toBe(403);
    expect((await api.call('GET', '/ops/benefits/ben_1')).status).toBe(404);
  });
});

describe('a direct grant', () => {
  it('gives access at once, once, and takes it back', async () => {
    const organization = newOrganization();
    const id = await defined(flag);
    const made = await give(id, organization);
    expect(made).toMatchObject({ status: 201, body: { status: 'granted', type: 'feature_flag', problem: null } });
    expect(await access(organization, 'feature=beta')).toMatchObject({ allowed: true, reason: 'benefit_granted' });
    expect((await give(id, organization)).body.id).toBe(made.body.id);
    const back = await api.call('DELETE', `/ops/benefits/${id}/grants/${made.body.id}`);
    expect(back).toMatchObject({ status: 200, body: { status: 'revoked' } });
    expect(await access(organization, 'feature=beta')).toMatchObject({ allowed: false, reason: 'benefit_revoked' });
    const told = await api.query(`select type from outbound_events where object_id = ? order by sequence`, [
      made.body.id,
    ]);
    expect(told.map(({ type }) => type)).toEqual(['benefit.granted', 'benefit.revoked']);
  });

  it('is made once however many ask at the same time', async () => {
    const organization = newOrganization();
    const id = await defined(flag);
    const made = await Promise.all([1, 2, 3, 4, 5].map(() => give(id, organization)));
    expect(new Set(made.map((answer) => answer.body.id)).size).toBe(1);
    expect(await held(organization)).toHaveLength(1);
  });

  it('answers 202 while nobody works, and 404 for another benefit’s', async () => {
    api.temporal.work = async () => undefined;
    const organization = newOrganization();
    const id = await defined(flag);
    const waiting = await give(id, organization);
    expect(waiting).toMatchObject({ status: 202, body: { status: 'pending' } });
    const other = await defined(flag);
    expect(await api.call('DELETE', `/ops/benefits/${other}/grants/${waiting.body.id}`)).toMatchObject({
      ...{ status: 404, body: { code: 'grant_not_found' } },
    });
    expect((await api.call('DELETE', `/ops/benefits/${id}/grants/${waiting.body.id}`)).status).toBe(202);
    expect(await access(organization, 'feature=beta')).toMatchObject({ allowed: false });
  });

  it('of a credit adds to limits, as its definition now says', async () => {
    const organization = newOrganization();
    const id = await defined({
      ...{ type: 'meter_credit', description: 'Calls', properties: { meter: 'api_calls', units: 500 } },
    });
    await give(id, organization);
    expect(await access(organization, 'limit=api_calls')).toMatchObject({ allowed: true, limit: 500 });
    await api.call('PATCH', `/ops/benefits/${id}`, { body: { properties: { meter: 'api_calls', units: 700 } } });
    expect(await access(organization, 'limit=api_calls')).toMatchObject({ limit: 700 });
  });

  it('of what only the app can do is told to it', async () => {
    const organization = newOrganization();
    const properties = { repository: 'plinto/pro', permission: 'pull' };
    const id = await defined({ type: 'github_repository', description: 'The code', properties });
    expect((await give(id, organization)).body).toMatchObject({
      ...{ status: 'granted', problem: expect.stringContaining('needs the app'), properties },
    });
  });

  it('ends when its benefit is archived, by the sweep', async () => {
    const organization = newOrganization();
    const id = await defined(flag);
    const made = await give(id, organization);
    await api.call('DELETE', `/ops/benefits/${id}`);
    expect(await access(organization, 'feature=beta')).toMatchObject({ allowed: false });
    expect(await held(organization)).toMatchObject([{ id: made.body.id, status: 'revoking' }]);
    expect(await give(id, organization)).toMatchObject({ status: 409, body: { code: 'benefit_archived' } });
  });
});

describe('a plan', () => {
  it('brings benefits to those who have it, and takes them away', async () => {
    const organization = newOrganization();
    await api.query(`insert into organizations (project_id, live, id) values ('default', false, ?)`, [organization]);
    await api.query(
      `insert into entitlements (project_id, live, organization_id, source_kind, source_id, plan_id, is_allowed, reason)
       values ('default', false, ?, 'order', ?, ?, true, 'order_paid')`,
      [organization, `ord_${randomUUID()}`, api.plans.starter],
    );
    const ids = [await defined(flag), await defined(license())].toSorted();
    const set = (benefitIds: readonly string[]) =>
      api.call('PUT', '/ops/plans/starter-kit/benefits', { body: { benefit_ids: benefitIds } });
    expect(await set(ids)).toMatchObject({ status: 200, body: { plan_id: api.plans.starter, benefit_ids: ids } });
    expect(await held(organization)).toMatchObject([{ status: 'pending' }, { status: 'pending' }]);
    await set(ids.slice(0, 1));
    const statuses = (await held(organization)).map((row) => [row['benefit_id'], row['status']]);
    expect(Object.fromEntries(statuses)).toEqual({ [ids[0] ?? '']: 'pending', [ids[1] ?? '']: 'revoking' });
    await set([]);
    expect(new Set((await held(organization)).map((row) => row['status']))).toEqual(new Set(['revoking']));
  });

  it('brings no unknown or archived benefit', async () => {
    const archived = await defined(flag);
    await api.call('DELETE', `/ops/benefits/${archived}`);
    const set = (id: string) => api.call('PUT', `/ops/plans/pro/benefits`, { body: { benefit_ids: [id] } });
    expect(await set(archived)).toMatchObject({
      ...{ status: 409, body: { code: 'benefit_archived', errors: [{ pointer: '/benefit_ids/0' }] } },
    });
    expect((await set('ben_{},"x')).body).toMatchObject({ code: 'benefit_not_found' });
  });
});

describe('a license key', () => {
  const use = (act: string, body: unknown, options = {}): Promise<Called> =>
    api.call('POST', `/billing/license-keys/${act}`, { key: api.keys.publishable, body, ...options });

  async function issued(properties: Record<string, unknown> = {}) {
    const organization = newOrganization();
    const benefitId = await defined(license(properties));
    const made = await give(benefitId, organization);
    const [row] = await held(organization);
    return {
      ...{ organization, benefitId, grantId: made.body.id, given: made.body as unknown as typeof row },
      key: String(row?.properties['license_key']),
    };
  }

  it('is shown to its owner, and to nobody else', async () => {
    const { key, given, organization } = await issued();
    expect(key).toMatch(/^ACME(-[0-9A-HJKMNP-TV-Z]{5}){5}$/);
    expect(given?.properties).toMatchObject({ license_key: null, display_key: `ACME-****-${key.slice(-5)}` });
    const opened = await api.call('POST', '/billing/sessions', { body: { organization_id: organization } });
    const session = { key: api.keys.publishable, headers: { 'plinto-session': opened.body.session_token } };
    expect((await held(organization, session))[0]?.properties).toMatchObject({ license_key: key });
    const stored = await api.query(
      `select (select string_agg(l::text, '') from license_keys l) || (select string_agg(e::text, '') from outbound_events e)
         || (select string_agg(a::text, '') from audit_log a) || (select string_agg(i::text, '') from idempotency_records i) as all`,
    );
    expect(JSON.stringify(stored)).not.toContain(key);
    expect(api.logs.join('')).not.toContain(key);
  });

  it('is valid with a publishable key alone, however it was typed, and counts its use', async () => {
    const { key, organization } = await issued();
    expect(await use('validate', { key: ` ${key.toLowerCase()} ` })).toMatchObject({
      status: 200,
      body: { valid: true, status: 'granted', organization_id: organization, usage: 0, limit_usage: 3, validations: 1 },
    });
    expect((await use('validate', { key, increment_usage: 2 })).body).toMatchObject({ usage: 2, validations: 2 });
    expect(await use('validate', { key, increment_usage: 2 })).toMatchObject({
      ...{ status: 409, body: { code: 'license_usage_exceeded' } },
    });
    expect((await use('validate', { key, increment_usage: 1 })).body).toMatchObject({ usage: 3 });
  });

  it('is activated up to its limit, with conditions, and freed again', async () => {
    const { key } = await issued();
    const first = await use('activate', { key, label: 'Ada’s laptop', conditions: { major: '2' } });
    expect(first).toMatchObject({ status: 201, body: { valid: true, activation_limit: 2 } });
    const { activation_id } = first.body as unknown as { activation_id: string };
    const validate = (conditions?: Record<string, string>) => use('validate', { key, activation_id, conditions });
    expect((await validate({ major: '2', os: 'linux' })).status).toBe(200);
    expect(await validate({ major: '3' })).toMatchObject({ status: 404, body: { code: 'license_key_not_valid' } });
    expect((await validate()).status).toBe(404);
    await use('activate', { key, label: 'a second' });
    expect(await use('activate', { key, label: 'a third' })).toMatchObject({
      ...{ status: 409, body: { code: 'license_activation_refused' } },
    });
    for (let times = 0; times < 2; times += 1)
      expect((await use('deactivate', { key, activation_id })).status).toBe(200);
    expect((await use('activate', { key, label: 'a third' })).status).toBe(201);
    expect((await validate({ major: '2' })).status).toBe(404);
  });

  it('never exceeds its limits, however many ask at once', async () => {
    const { key } = await issued({ activation_limit: 5, limit_usage: 7 });
    const many = Array.from({ length: 30 }, (_, index) => index);
    const activated = await Promise.all(many.map((index) => use('activate', { key, label: `machine ${index}` })));
    expect(activated.filter(({ status }) => status === 201)).toHaveLength(5);
    expect(activated.filter(({ status }) => status === 409)).toHaveLength(25);
    const used = await Promise.all(many.map(() => use('validate', { key, increment_usage: 1 })));
    expect(used.filter(({ status }) => status === 200)).toHaveLength(7);
    expect((await use('validate', { key })).body).toMatchObject({ usage: 7 });
  });

  it('is activated once by a repeated request', async () => {
    const { key } = await issued({ activation_limit: 1 });
    const headers = { 'idempotency-key': randomUUID() };
    const [first, again] = [
      await use('activate', { key, label: 'mine' }, { headers }),
      await use('activate', { key, label: 'mine' }, { headers }),
    ];
    expect(again).toMatchObject({ status: 201, body: first.body });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
  });

  it('is not valid when expired, revoked, unknown, or of another project or mode', async () => {
    const { key, benefitId, grantId } = await issued({ expires: { ttl: 1, timeframe: 'day' } });
    expect((await use('validate', { key })).body).toMatchObject({ valid: true, expires_at: expect.any(String) });
    for (const other of [api.keys.other, api.keys.live])
      expect((await use('validate', { key }, { key: other })).status).toBe(404);
    await api.query(`update license_keys set expires_at = now() where grant_id = ?`, [grantId]);
    expect((await use('validate', { key })).body).toMatchObject({ code: 'license_key_not_valid' });
    expect((await use('activate', { key, label: 'x' })).body).toMatchObject({ code: 'license_activation_refused' });
    await api.query(`update license_keys set expires_at = null where grant_id = ?`, [grantId]);
    await api.call('DELETE', `/ops/benefits/${benefitId}/grants/${grantId}`);
    expect((await use('validate', { key })).body).toMatchObject({ code: 'license_key_not_valid' });
    expect((await use('validate', { key: 'ACME-NOT-A-KEY' })).status).toBe(404);
    expect((await use('explode', { key })).status).toBe(404);
    expect((await use('validate', { key: 'short' })).status).toBe(422);
  });

  it('cannot be guessed for long', async () => {
    const guesses = Array.from({ length: 125 }, (_, index) => use('validate', { key: `ACME-GUESS-${index}` }));
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    expect(statuses).toContain(429);
  });
});

describe('what was told', () => {
  it('is in the form that is documented', async () => {
    expect(await expectDocumented((sql) => api.query(sql))).toContain('benefit');
  });
});
