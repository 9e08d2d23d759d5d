import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../../src/db/new-id.ts';
import { openLimitReader } from '../../../src/db/queries/limits.ts';
import { startApi, type TestApi } from './support.ts';

let api: TestApi;
const limits = { units: 10, seats: 3, open_units: 10, seen: 3 };
beforeAll(async () => {
  api = await startApi();
  await api.query(`update plans set limits = ?::jsonb where id = ?`, [JSON.stringify(limits), api.plans.pro]);
  await aMeter('units');
  await aMeter('seen', { event_name: 'seen', aggregation: 'unique', property: 'user' });
  await aMeter('open_units', { limit_behavior: 'soft', when_unreadable: 'open' });
});
afterAll(() => api.close());

async function aMeter(key: string, more: Readonly<Record<string, string | null>> = {}): Promise<void> {
  const meter = {
    ...{ event_name: 'units', aggregation: 'sum', property: null, limit_behavior: 'hard', when_unreadable: 'closed' },
    ...more,
  };
  await api.query(
    `insert into meters (id, project_id, live, key, name, event_name, aggregation, property, unit, limit_behavior, when_unreadable, status)
     values (?, 'default', false, ?, ?, ?, ?, ?, 'unit', ?, ?, 'active')`,
    [newId('mtr'), key, key, ...Object.values(meter)],
  );
}

/** With a subscription to `pro` whose period began at `since`. */
async function aSubscriber(since: Date): Promise<string> {
  const organization = `org_${randomUUID()}`;
  const id = newId('sub');
  await api.query(`insert into organizations (project_id, live, id) values ('default', false, ?)`, [organization]);
  await api.query(
    `insert into subscriptions (id, project_id, live, organization_id, plan_id, price_id, status, billing_interval,
       quantity, amount_minor, currency, collection, current_period_start, current_period_end)
     select ?, 'default', false, ?, plan_id, id, 'active', 'monthly', 1, 2900, 'USD', 'none', ?, '2099-01-01T00:00:00Z'
     from prices where plan_id = ? and currency = 'USD' and billing_interval = 'monthly'`,
    [id, organization, since, api.plans.pro],
  );
  await api.query(
    `insert into entitlements (project_id, live, organization_id, source_kind, source_id, plan_id, is_allowed, reason)
     values ('default', false, ?, 'subscription', ?, ?, true, 'subscription_active')`,
    [organization, id, api.plans.pro],
  );
  return organization;
}

async function use(
  organization: string,
  quantity: string,
  occurredAt = new Date(),
  { name = 'units', ...properties }: Readonly<Record<string, string>> = {},
): Promise<void> {
  const id = randomUUID();
  await api.query(
    `insert into usage_events (event_key, project_id, live, organization_id, event_id, event_name, quantity, properties, occurred_at)
     values (usage_event_key('default', false, ?, ?), 'default', false, ?, ?, ?, ?::numeric, ?::jsonb, ?)`,
    [organization, id, organization, id, name, quantity, JSON.stringify(properties), occurredAt],
  );
}

const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);
const access = async (organization: string, question: string, key = api.keys.secret) =>
  (await api.call('GET', `/billing/access?organization_id=${organization}&${question}`, { key })).body;

describe('GET /billing/access?limit= of a meter', () => {
  it('counts what was used since the subscription’s period began, exactly, as soon as it is there', async () => {
    const organization = await aSubscriber(hoursAgo(30));
    await use(organization, '8', hoursAgo(40));
    expect(await access(organization, 'limit=units')).toMatchObject({
      ...{ allowed: true, reason: 'subscription_active', plan: 'pro', limit: 10, unit: 'unit' },
      ...{ used: 0, used_exact: '0', remaining: 10, overage: 0, resets_at: '2099-01-01T00:00:00.000Z' },
    });
    await use(organization, '0.1', hoursAgo(29));
    await use(organization, '0.2');
    expect(await access(organization, 'limit=units')).toMatchObject({ used: 0.3, used_exact: '0.3', remaining: 9.7 });
  });

  it('adds what was rolled up in hours of the period', async () => {
    const organization = await aSubscriber(hoursAgo(30));
    const [meter] = await api.query(`select id from meters where key = 'units'`);
    const rolledUp = (hours: number, sum: number) =>
      api.query(
        `insert into usage_rollups (meter_id, organization_id, hour, events, sum)
         values (?, ?, date_bin('1 hour', ?::timestamptz, '1970-01-01 00:00:00+00'), 1, ?)`,
        [meter?.['id'], organization, hoursAgo(hours), sum],
      );
    await rolledUp(40, 100);
    await rolledUp(28, 2);
    await rolledUp(3, 1.5);
    await use(organization, '1');
    expect(await access(organization, 'limit=units')).toMatchObject({ allowed: true, used: 4.5 });
  });

  it('counts different values once, however often and in whatever hour', async () => {
    const organization = await aSubscriber(hoursAgo(30));
    for (const [user, hours] of [
      ['ada', 40],
      ['ada', 9],
      ['ada', 1],
      ['bob', 1],
    ] as const)
      await use(organization, '1', hoursAgo(hours), { name: 'seen', user });
    expect(await access(organization, 'limit=seen')).toMatchObject({ allowed: true, used: 2, remaining: 1 });
    await use(organization, '1', hoursAgo(0), { name: 'seen', user: 'eve' });
    expect(await access(organization, 'limit=seen')).toMatchObject({ allowed: false, reason: 'limit_exceeded' });
  });

  it('refuses when a hard limit is used up, and tells the overage of a soft one', async () => {
    const organization = await aSubscriber(hoursAgo(30));
    await use(organization, '10');
    expect(await access(organization, 'limit=units')).toMatchObject({
      ...{ allowed: false, reason: 'limit_exceeded', remaining: 0, overage: 0 },
    });
    await use(organization, '2.5');
    expect(await access(organization, 'limit=open_units')).toMatchObject({
      ...{ allowed: true, reason: 'limit_exceeded_soft', used: 12.5, remaining: 0, overage: 2.5 },
    });
    expect(await access(organization, 'feature=units')).toMatchObject({ used: null, used_exact: null, unit: null });
  });

  it('adds credits, and counts by the month where nothing else does', async () => {
    const organization = await aSubscriber(hoursAgo(30));
    const creditTo = (id: string) =>
      api.query(
        `insert into entitlements (project_id, live, organization_id, source_kind, source_id, limits, is_allowed, reason)
         values ('default', false, ?, 'grant', ?, '{"units": 5}', true, 'benefit_granted')`,
        [id, newId('grant')],
      );
    await creditTo(organization);
    await use(organization, '12');
    expect(await access(organization, 'limit=units')).toMatchObject({ allowed: true, limit: 15, remaining: 3 });
    const alone = `org_${randomUUID()}`;
    await api.query(`insert into organizations (project_id, live, id) values ('default', false, ?)`, [alone]);
    await creditTo(alone);
    const monthStart = new Date();
    monthStart.setUTCDate(1);
    monthStart.setUTCHours(0, 0, 0, 0);
    await use(alone, '4', monthStart);
    await use(alone, '40', new Date(monthStart.getTime() - 1));
    const monthly = await access(alone, 'limit=units');
    expect(monthly).toMatchObject({ allowed: true, reason: 'benefit_granted', limit: 5, used: 4, remaining: 1 });
  });

  it('knows no meter of another project or mode, and leaves limits without a meter as they were', async () => {
    const organization = await aSubscriber(hoursAgo(30));
    await use(organization, '3');
    for (const key of [api.keys.other, api.keys.live])
      expect(await access(organization, 'limit=units', key)).toMatchObject({
        ...{ allowed: false, reason: 'no_subscription', used: null, unit: null },
      });
    expect(await access(organization, 'limit=seats')).toMatchObject({
      allowed: true,
      limit: 3,
      used: null,
      unit: null,
    });
  });
});

describe('a meter that cannot be read', () => {
  it('is open or closed as it says, and holds up no other question', async () => {
    const organization = await aSubscriber(hoursAgo(30));
    await use(organization, '1');
    await api.query('alter table usage_events rename to usage_events_away');
    try {
      const unread = { reason: 'meter_unreadable', limit: 10, used: null, used_exact: null, remaining: null };
      expect(await access(organization, 'limit=units')).toMatchObject({ ...unread, allowed: false });
      expect(await access(organization, 'limit=open_units')).toMatchObject({ ...unread, allowed: true });
      expect(await access('org_nobody', 'limit=open_units')).toMatchObject({
        allowed: false,
        reason: 'no_subscription',
      });
      expect(await access(organization, 'limit=seats')).toMatchObject({ allowed: true, limit: 3 });
      expect(await access(organization, 'plan=pro')).toMatchObject({ allowed: true });
      expect(api.logs.some((line) => line.includes('use of a limit cannot be read'))).toBe(true);
    } finally {
      await api.query('alter table usage_events_away rename to usage_events');
    }
    expect(await access(organization, 'limit=units')).toMatchObject({ allowed: true, used: 1 });
  });

  it('is given up after the reader’s patience, whose connection is free again', async () => {
    const organizationId = await aSubscriber(hoursAgo(30));
    const reader = openLimitReader(api.databaseUrl, { poolSize: 1, patienceMs: 1_500 });
    const locker = new pg.Client({ connectionString: api.databaseUrl });
    await locker.connect();
    try {
      const question = { projectId: 'default', live: false, organizationId, name: 'units', monthStartMs: 0 };
      await locker.query('begin; lock table usage_rollups in access exclusive mode');
      // PostgreSQL's own code: the statement was ended there, not only forgotten here.
      await expect(reader.read(question)).rejects.toMatchObject({ code: '57014' });
      expect(await access(organizationId, 'plan=pro')).toMatchObject({ allowed: true });
      await locker.query('rollback');
      expect((await reader.read(question)).meter).toMatchObject({ unit: 'unit', limitBehavior: 'hard' });
    } finally {
      await locker.end();
      await reader.close();
    }
  });
});
