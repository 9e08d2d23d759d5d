import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rollUsage } from '../../../src/db/queries/roll-usage.ts';
import { startApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
  for (const id of ['org_1', 'org_2'])
    await api.query(`insert into organizations (project_id, live, id) values ('default', false, ?)`, [id]);
});
afterAll(() => api?.close());

interface Seen {
  readonly id: string;
  readonly total: string;
  readonly events: number;
  readonly from: string;
  readonly to: string;
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly different: number;
  readonly next_cursor: string | null;
}

let asked = 0;
const operate = (method: string, path: string, body?: unknown, key = `key-${(asked += 1)}`) =>
  api.call(method, path, { body, headers: { 'idempotency-key': key } });
const definition = { key: 'requests', name: 'Requests', event_name: 'request', aggregation: 'sum', unit: 'request' };
const seen = async (path: string, key?: string) =>
  (await api.call('GET', path, key === undefined ? {} : { key })).body as unknown as Seen;
const usage = (query: string) => seen(`/billing/usage?organization_id=org_1&${query}`);
const october = 'from=2026-10-01T00:00:00Z&to=2026-11-01T00:00:00Z';

const store = (id: string, at: string, quantity: string, properties: unknown = null, organization = 'org_1') =>
  api.query(
    `insert into usage_events (event_key, project_id, live, organization_id, event_id, event_name, quantity, properties, occurred_at)
     values (usage_event_key('default', false, ?, ?), 'default', false, ?, ?, 'request', ?::numeric, ?::jsonb, ?::timestamptz)`,
    [organization, id, organization, id, quantity, JSON.stringify(properties), at],
  );

describe('a meter', () => {
  it('is defined once, and what it counts never changes', async () => {
    const made = await operate('POST', '/ops/meters', definition, 'once');
    expect(made).toMatchObject({
      status: 201,
      body: {
        ...definition,
        filter: [],
        property: null,
        limit_behavior: 'soft',
        when_unreadable: 'open',
        status: 'active',
      },
    });
    expect((await operate('POST', '/ops/meters', definition, 'once')).body.id).toBe(made.body.id);
    const taken = await operate('POST', '/ops/meters', definition);
    expect([taken.status, taken.body.code]).toEqual([409, 'meter_key_taken']);
    const same = await operate('POST', '/ops/meters', { ...definition, key: 'requests-2' });
    expect(same.status).toBe(201);
    const changed = await operate('PATCH', `/ops/meters/${made.body.id}`, { unit: 'hit', limit_behavior: 'hard' });
    expect(changed.body).toMatchObject({ unit: 'hit', limit_behavior: 'hard', name: 'Requests' });
    const refused = await operate('PATCH', '/ops/meters/requests', { event_name: 'other' });
    expect(refused.status).toBe(422);
    expect(refused.body.errors).toContainEqual(
      expect.objectContaining({ pointer: '/event_name', code: 'unknown_field' }),
    );
    const audit = await api.query(`select action from audit_log where entity_id = ? order by id`, [made.body.id]);
    expect(audit.map(({ action }) => action)).toEqual(['meter.defined', 'meter.changed']);
  });

  it.each([
    [{ aggregation: 'average' }, '/aggregation'],
    [{ aggregation: 'unique' }, '/property'],
    [{ aggregation: 'count', property: 'size' }, '/property'],
    [{ key: 'Capital' }, '/key'],
    [{ event_name: 'two words' }, '/event_name'],
    [{ filter: [{ property: 'a', operator: 'like', value: 'b' }] }, '/filter/0/operator'],
    [{ filter: [{ property: 'a', operator: 'in', value: 'b' }] }, '/filter/0/value'],
    [{ filter: [{ property: 'a', operator: 'gt', value: true }] }, '/filter/0/value'],
  ])('that makes no sense is refused by field: %j', async (change, pointer) => {
    const refused = await operate('POST', '/ops/meters', { ...definition, key: 'bad', ...change });
    expect(refused.status).toBe(422);
    expect(refused.body.errors.map((fault) => fault.pointer)).toContain(pointer);
  });

  it('is seen by browsers of its project and mode, archived ones only when asked for', async () => {
    const { body } = await operate('POST', '/ops/meters', { ...definition, key: 'old' });
    await operate('POST', `/ops/meters/${body.id}/archive`);
    const keysSeen = async (query: string, key: string) =>
      (await seen(`/billing/meters?${query}`, key)).data.map((row) => row['key']);
    expect(await keysSeen('', api.keys.publishable)).toEqual(['requests-2', 'requests']);
    expect(await keysSeen('status=archived', api.keys.publishable)).toEqual(['old']);
    expect(await keysSeen('', api.keys.live)).toEqual([]);
    expect(await keysSeen('', api.keys.other)).toEqual([]);
    for (const key of [api.keys.live, api.keys.other])
      expect((await api.call('GET', `/ops/meters/${body.id}`, { key })).status).toBe(404);
    expect((await api.call('GET', '/ops/meters', { key: api.keys.reader })).status).toBe(403);
  });
});

describe('usage', () => {
  beforeAll(async () => {
    await operate('POST', '/ops/meters', { ...definition, key: 'read' });
    await store('a', '2026-10-01T10:59:59.999Z', '0.1', { region: 'eu', path: "it's" });
    await store('b', '2026-10-01T11:00:00Z', '0.2', { region: 'us' });
    await store('c', '2026-10-31T23:30:00Z', '100000000000000000000.000000000001', { region: 'eu' });
    await store('elsewhere', '2026-10-02T00:00:00Z', '5', null, 'org_2');
  });

  it('is exact, and the same before and after it was rolled up', async () => {
    const before = await usage(`meter=read&group_by=day&${october}`);
    expect(before).toMatchObject({ total: '100000000000000000000.300000000001', events: 3 });
    expect(before.data).toMatchObject([
      { start: '2026-10-01T00:00:00.000Z', end: '2026-10-02T00:00:00.000Z', value: '0.3', events: 2 },
      { start: '2026-10-31T00:00:00.000Z', end: '2026-11-01T00:00:00.000Z', events: 1 },
    ]);
    await expect.poll(() => rollUsage(api.orm.em.fork()), { timeout: 30_000, interval: 20 }).toBe('done');
    expect(await usage(`meter=read&group_by=day&${october}`)).toEqual(before);
    const hours = await usage(`meter=read&group_by=hour&from=2026-10-01T10:20:00Z&to=2026-10-01T12:00:00Z`);
    expect(hours.data.map((line) => line['value'])).toEqual(['0.1', '0.2']);
    const months = await usage(`meter=read&group_by=month&from=2026-09-15T00:00:00Z&to=2026-10-31T00:00:00Z`);
    expect(months.data).toMatchObject([
      { start: '2026-10-01T00:00:00.000Z', end: '2026-10-31T00:00:00.000Z', value: '0.3' },
    ]);
  });

  it('is told by the values of a property, whatever the property is called', async () => {
    const { data, total } = await usage(`meter=read&group_by=region&from=2026-10-01T00:00:00Z&to=2026-10-02T00:00:00Z`);
    expect(data).toEqual([
      { start: null, end: null, value_of_property: 'eu', value: '0.1', events: 1 },
      { start: null, end: null, value_of_property: 'us', value: '0.2', events: 1 },
    ]);
    expect(total).toBe('0.3');
    const odd = await usage(`meter=read&group_by=${encodeURIComponent(`x') or true --`)}&${october}`);
    expect(odd.data).toMatchObject([{ value_of_property: null, events: 3 }]);
  });

  it('without a time is that of the current month, and 0 without events', async () => {
    const now = await usage('meter=read');
    expect(now.from).toMatch(/-01T00:00:00.000Z$/);
    expect(now).toMatchObject({ total: '0', events: 0, data: [] });
  });

  it('of a subscription counts from its current period', async () => {
    await api.query(
      `insert into subscriptions (id, project_id, live, organization_id, plan_id, price_id, status, billing_interval, quantity,
         amount_minor, currency, collection, current_period_start, current_period_end)
       select 'sub_1', 'default', false, 'org_2', plan_id, id, 'active', 'monthly', 1, 2900, 'USD', 'none',
         '2026-10-02T00:30:00Z', '2026-11-02T00:30:00Z' from prices where plan_id = ? limit 1`,
      [api.plans.pro],
    );
    const found = await seen('/billing/usage?organization_id=org_2&meter=read');
    expect(found).toMatchObject({ from: '2026-10-02T00:00:00.000Z', to: '2026-11-02T00:00:00.000Z', total: '5' });
  });

  it.each([
    ['meter=none', 404, 'meter_not_found'],
    ['meter=read&from=2026-10-02T00:00:00Z&to=2026-10-01T00:00:00Z', 422, 'usage_range_invalid'],
    ['meter=read&group_by=hour&from=2026-01-01T00:00:00Z&to=2026-11-01T00:00:00Z', 422, 'usage_range_too_wide'],
    ['meter=read&from=yesterday', 422, 'validation_failed'],
  ])('asked wrongly is refused: %s', async (query, status, code) => {
    const refused = await api.call('GET', `/billing/usage?organization_id=org_1&${query}`);
    expect([refused.status, refused.body.code]).toEqual([status, code]);
  });

  it('is read with a session of its organization, and by no other', async () => {
    const opened = await api.call('POST', '/billing/sessions', {
      body: { organization_id: 'org_1', permissions: ['read'] },
    });
    const ask = (path: string) =>
      api.call('GET', path, { key: api.keys.publishable, headers: { 'plinto-session': opened.body.session_token } });
    expect((await ask(`/billing/usage?meter=read&${october}`)).body).toMatchObject({
      organization_id: 'org_1',
      events: 3,
    });
    expect((await ask('/billing/usage?meter=read&organization_id=org_2')).status).toBe(404);
    const alone = { key: api.keys.publishable };
    expect((await api.call('GET', '/billing/usage?meter=read&organization_id=org_1', alone)).status).toBe(403);
  });

  it('is listed event by event, what arrived last first, page by page', async () => {
    const first = await seen('/billing/usage/events?organization_id=org_1&limit=2');
    expect(first.data.map((row) => row['event_id'])).toEqual(['c', 'b']);
    expect(first.data[0]).toMatchObject({
      quantity: '100000000000000000000.000000000001',
      ...{ properties: { region: 'eu' }, corrects: null, timestamp: '2026-10-31T23:30:00.000Z' },
    });
    const second = await seen(`/billing/usage/events?organization_id=org_1&limit=2&cursor=${first.next_cursor ?? ''}`);
    expect(second.data.map((row) => row['event_id'])).toEqual(['a']);
    expect(second.next_cursor).toBeNull();
  });
});

describe('the rollups', () => {
  it('tell by metrics how far they are behind', async () => {
    await store('waits', '2026-10-05T00:00:00Z', '1', null, 'org_2');
    const { body } = await api.call('GET', '/metrics', { key: null });
    expect(body.text).toMatch(/^billing_usage_unrolled_events 1$/m);
    expect(body.text).toMatch(/^billing_usage_rollup_lag_seconds \d/m);
  });
});

describe('a new meter over events that are there', () => {
  it('counts them in its creation, and recounts to the same', async () => {
    const filter = [{ property: 'region', operator: 'eq', value: 'eu' }];
    const made = await operate('POST', '/ops/meters', { ...definition, key: 'late', aggregation: 'count', filter });
    expect(made.status).toBe(201);
    expect(await usage(`meter=late&${october}`)).toMatchObject({ total: '2', events: 2 });
    const recounted = (body: unknown) =>
      operate('POST', '/ops/meters/late/recount', body).then((called) => called.body as unknown as Seen);
    expect(await recounted({})).toMatchObject({ hours: 2, different: 0, repaired: false });
    await api.query(`update usage_rollups set sum = 9 where meter_id = ?`, [made.body.id]);
    expect(await recounted({})).toMatchObject({ different: 2, repaired: false });
    expect(await recounted({ repair: true })).toMatchObject({ different: 2, repaired: true });
    expect(await usage(`meter=late&${october}`)).toMatchObject({ total: '2' });
  });
});
