import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hashItemToken } from '../../../src/crypto/item-link.ts';
import { newId } from '../../../src/db/new-id.ts';
import { startApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api?.close());

const day = 86_400_000;
const settings = {
  ...{ concurrency: 1, noticesPerMinute: 1, remindAfterMinutes: [], deadlineMinutes: 20_160, lastCallMinutes: 360 },
  ...{ watchMinutes: 1440, prices: {} },
};

/** A customer who was told, with a link, and who still has the old subscription to the same plan. */
async function aMove(changes: Readonly<Record<string, unknown>> = {}) {
  const [organization, migration, item, old] = [newId('job'), newId('mig'), newId('mi'), newId('sub')];
  const token = randomBytes(32).toString('base64url');
  const paidThrough = new Date(Date.now() + 20 * day + 3_600_000);
  const [price] = await api.query(
    `select id, amount_minor from prices where plan_id = ? and currency = 'USD' and billing_interval = 'monthly'`,
    [api.plans.pro],
  );
  const scope = ['default', false];
  await api.query(
    `insert into organizations (project_id, live, id, email, country) values (?, ?, ?, 'ada@example.com', 'US') returning id`,
    [...scope, organization],
  );
  await api.query(
    `insert into subscriptions (id, plan_id, price_id, status, billing_interval, quantity, provider, provider_subscription_id,
       amount_minor, currency, project_id, live, organization_id)
     values (?, ?, ?, 'active', 'monthly', 1, 'world', ?, 900, 'USD', ?, ?, ?) returning id`,
    [old, api.plans.pro, price?.['id'], `there_${old}`, ...scope, organization],
  );
  await api.query(
    `insert into migrations (id, name, from_provider, dry_run, source, settings, status, why, actor, project_id, live)
     values (?, 'm', 'world', false, 'provider', ?, 'completed', '', 'key_1', ?, ?) returning id`,
    [migration, JSON.stringify(settings), ...scope],
  );
  const plan = {
    ...{ action: 'move', planId: api.plans.pro, priceId: price?.['id'], provider: 'merchant', rule: 'r', quantity: 1 },
    ...{ amountMinor: Number(price?.['amount_minor']), currency: 'USD', firstChargeAt: paidThrough.toISOString() },
    differenceMinor: 100,
  };
  const row = {
    ...{ id: item, migration_id: migration, organization_id: organization, provider_subscription_id: `there_${old}` },
    ...{ provider_customer_id: 'cus', subscription_id: old, legacy: JSON.stringify({ interval: 'month' }) },
    ...{ state: 'notified', plan: JSON.stringify(plan), paid_through: paidThrough, project_id: 'default', live: false },
    ...{ deadline_at: new Date(Date.now() + 10 * day), link_hash: hashItemToken(token), ...changes },
  };
  const names = Object.keys(row);
  await api.query(
    `insert into migration_items (${names.join(', ')}) values (${names.map(() => '?').join(', ')}) returning id`,
    Object.values(row),
  );
  return { item, migration, organization, token, paidThrough, path: `${api.url}/migrate/${token}` };
}

const date = (at: Date) => new Intl.DateTimeFormat('en-US', { dateStyle: 'long', timeZone: 'UTC' }).format(at);
const press = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  fetch(path, { method: 'POST', redirect: 'manual', headers });

it('tells what happens, when the first charge falls and how much it is, in plain words and without a script', async () => {
  const { path, paidThrough } = await aMove();
  const answer = await fetch(path);
  const page = await answer.text();
  expect(answer.status).toBe(200);
  expect(page).toContain(date(paidThrough));
  expect(page).toMatch(/Nothing is charged today[^]*We cancel the old subscription for you[^]*for the first time/);
  expect(page).toContain('more than before');
  expect(page).not.toContain('<script');
  expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
  expect(await (await fetch(path, { headers: { 'accept-language': 'es-MX' } })).text()).toContain(
    'Hoy no se cobra nada',
  );
});

it('opens one checkout at the planned provider, with whole days of trial over the paid-through date, however often it is pressed', async () => {
  const { path, organization, migration, item } = await aMove();
  const [one, two] = [await press(path), await press(path)];
  expect([one.status, two.status]).toEqual([303, 303]);
  expect(one.headers.get('location')).toMatch(/^https:\/\/pay\.example\//);
  expect(two.headers.get('location')).toBe(one.headers.get('location'));
  const rows = await api.query(
    `select trial_days, provider, metadata, routing->>'rule' as rule, success_url from checkouts where organization_id = ?`,
    [organization],
  );
  expect(rows).toMatchObject([
    { trial_days: 21, provider: 'merchant', rule: 'forced', metadata: { migration, migration_item: item } },
  ]);
  expect(rows[0]?.['success_url']).toBe(`http://api.test/migrate/${path.split('/').at(-1)}?back=1`);
  expect(api.temporal.ran).toContain(`news/${migration}/${item}`);
  expect(await (await fetch(path)).text()).toContain('Go on to the payment page');
});

it('says that everything stays as it is after the deadline, and opens nothing', async () => {
  const { path, organization } = await aMove({ deadline_at: new Date(Date.now() - day) });
  expect(await (await fetch(path)).text()).toContain('Everything stays as it is');
  expect((await press(path)).status).toBe(303);
  expect(await api.query('select id from checkouts where organization_id = ?', [organization])).toEqual([]);
});

it('shows who has paid that there is nothing more to do', async () => {
  const { path } = await aMove({ state: 'watching' });
  const page = await (await fetch(path)).text();
  expect(page).toContain('You are all set');
  expect(page).not.toContain('<form');
});

it('tells the move that its customer is back', async () => {
  const { path, migration, item } = await aMove({ state: 'opened' });
  await fetch(`${path}?back=1`);
  expect(api.temporal.ran).toContain(`news/${migration}/${item}`);
});

it('knows no other link, and takes no form of another site', async () => {
  const { path } = await aMove();
  const other = await fetch(`${api.url}/migrate/${randomBytes(32).toString('base64url')}`);
  expect(other.status).toBe(404);
  expect(await other.text()).toContain('does not work any more');
  expect((await press(path, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
});
