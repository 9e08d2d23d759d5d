import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../../src/db/new-id.ts';
import { fakeProviders } from './fake-providers.ts';
import { startApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  const fake = fakeProviders(['merchant', 'local', 'world']);
  api = await startApi({
    providers: {
      ...fake,
      operations: (id) => (id === 'merchant' ? ['subscriptions.get', 'subscriptions.listAll'] : ['subscriptions.get']),
      abilities: (id) => {
        const abilities = fake.abilities(id);
        return id === 'world' && abilities?.subscriptions
          ? { ...abilities, subscriptions: { ...abilities.subscriptions, moveTrialEnd: true } }
          : abilities;
      },
    },
  });
  await api.query(`insert into organizations (project_id, live, id) values ('default', false, 'org_1')`);
});
afterAll(() => api?.close());
beforeEach(async () => {
  await api.query('delete from migration_items');
  await api.query('delete from migrations');
  api.temporal.ran.length = 0;
  api.temporal.work = async () => undefined;
});

const path = '/ops/migrations';
const wish = { name: 'Away', from: 'merchant', to: 'world', dry_run: false };
const ask = (body: object, headers: Readonly<Record<string, string>> = {}) =>
  api.call('POST', path, { body: { ...wish, ...body }, headers });
const read = async (id: string) => (await api.call('GET', `${path}/${id}`)).body;
const audited = (id: string) => api.query('select action from audit_log where entity_id = ? order by id', [id]);

/** An item as its plan left it, with what happened to it since. */
async function anItem(migrationId: string, columns: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const [price] = await api.query(
    `select prices.id, plan_id from prices join plans on plans.id = plan_id where plans.key = 'pro' and billing_interval = 'monthly' and currency = 'USD'`,
  );
  const id = newId('mi');
  const row = {
    ...{ id, migration_id: migrationId, organization_id: 'org_1', provider_subscription_id: id, state: 'planned' },
    ...{ provider_customer_id: 'u1', project_id: 'default', live: false, paid_through: '2026-12-01T00:00:00Z' },
    legacy: JSON.stringify({
      ...{ providerSubscriptionId: id, providerCustomerId: 'u1', status: 'active', offerId: 'o', quantity: 1 },
      ...{ amountMinor: 1900, currency: 'USD', interval: 'month', periodStart: null, cancelAtPeriodEnd: false },
      paidThrough: '2026-12-01T00:00:00.000Z',
    }),
    plan: JSON.stringify({
      ...{ action: 'move', planId: price?.plan_id, priceId: price?.id, provider: 'world', rule: 'preferred' },
      ...{ quantity: 1, amountMinor: 2900, currency: 'USD', firstChargeAt: '2026-12-01T00:00:00.000Z' },
      differenceMinor: 1000,
    }),
    ...columns,
  };
  const names = Object.keys(row);
  await api.query(
    `insert into migration_items (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`,
    Object.values(row),
  );
  return id;
}

const excluded = (code: string, because: string) => ({
  ...{ state: 'excluded', code, because, organization_id: null, paid_through: null },
  plan: JSON.stringify({ action: 'exclude', code, because }),
});

describe('asking for a migration', () => {
  it('writes it with its defaults and the policy in force, has it started, and answers how it stands', async () => {
    const answer = await ask({ deadline_minutes: 6_000 });
    expect(answer).toMatchObject({
      status: 202,
      body: {
        ...{ name: 'Away', status: 'requested', from: 'merchant', to: 'world', dry_run: false, source: 'provider' },
        settings: { concurrency: 20, notices_per_minute: 60, remind_after_minutes: [4_320], deadline_minutes: 6_000 },
        ...{
          routing: { policy: 'standard', policy_version: 3 },
          items: { total: 0, by_state: {} },
          organizations: null,
        },
      },
    });
    expect(api.temporal.ran).toEqual([`migration/${answer.body.id}`]);
    expect(await audited(answer.body.id)).toEqual([{ action: 'migration.requested' }]);
  });

  it('is answered the same when it is repeated, and started once', async () => {
    const headers = { 'idempotency-key': newId('evt') };
    const [one, two] = [await ask({}, headers), await ask({}, headers)];
    expect(two.body.id).toBe(one.body.id);
    expect(two.headers.get('idempotent-replayed')).toBe('true');
    expect(api.temporal.ran).toHaveLength(1);
  });

  it('is refused while another is at work with the provider’s customers, and names it; a dry run may be made', async () => {
    const { body } = await ask({});
    expect(await ask({})).toMatchObject({ status: 409, body: { code: 'migration_running', migration_id: body.id } });
    expect((await ask({ dry_run: true })).status).toBe(202);
  });

  it('stays asked for when the engine is away: the relay starts it', async () => {
    api.temporal.work = () => Promise.reject(new Error('away'));
    expect(await ask({})).toMatchObject({ status: 202, body: { status: 'requested' } });
  });

  it('takes an export as CSV, larger than other bodies may be, with the organizations that we know', async () => {
    const lines = Array.from({ length: 9_000 }, (_, index) => `S${index},org_${index},a column that is passed over`);
    const { status, body } = await ask({ csv: ['subscription_id,organization_id,note', ...lines].join('\n') });
    expect(status).toBe(202);
    expect(await read(body.id)).toMatchObject({ source: 'csv', items: { total: 9_000, by_state: { found: 9_000 } } });
    const known = await api.query(
      'select provider_subscription_id as id from migration_items where organization_id is not null',
    );
    expect(known).toEqual([{ id: 'S1' }]);
  });

  it.each([
    [{ from: 'nobody' }, 'provider_account_not_found', '/from'],
    [{ from: 'world', to: null }, 'not_supported_by_provider', '/from'],
    [{ from: 'local', to: null, csv: 'subscription_id\nS1' }, 'not_supported_by_provider', '/from'],
    [{ to: 'nobody' }, 'provider_account_not_found', '/to'],
    [{ to: 'local' }, 'not_supported_by_provider', '/to'],
    [{ to: 'merchant' }, 'validation_failed', '/to'],
    [{ csv: 'id\n1' }, 'migration_csv_invalid', '/csv'],
    [{ prices: { 'a/b': 'price_none' } }, 'price_not_found', '/prices/a~1b'],
    [{ remind_after_minutes: [10, 60], deadline_minutes: 60 }, 'validation_failed', '/remind_after_minutes/1'],
    [{ remind_after_minutes: [60, 10] }, 'validation_failed', '/remind_after_minutes/1'],
    [{ concurrency: 0 }, 'validation_failed', '/concurrency'],
    [{ speed: 3 }, 'validation_failed', '/speed'],
  ])('refuses %o by name, and writes nothing', async (body, code, pointer) => {
    const answer = await ask(body);
    expect(answer.body).toMatchObject({ code, errors: [{ pointer }] });
    expect(await api.query('select id from migrations')).toEqual([]);
  });

  it('needs the scope of operators, and is nobody else’s', async () => {
    const { body } = await ask({});
    const item = await anItem(body.id);
    for (const [method, to] of [
      ['POST', path],
      ['GET', path],
      ['GET', `${path}/${body.id}/plan.csv`],
      ['POST', `${path}/${body.id}/abort`],
      ['POST', `${path}/${body.id}/items/${item}/rollback`],
    ] as const)
      expect((await api.call(method, to, { key: api.keys.reader })).status).toBe(403);
    for (const key of [api.keys.other, api.keys.live])
      for (const to of [`${path}/${body.id}`, `${path}/${body.id}/items/${item}`, `${path}/${body.id}/plan.csv`])
        expect((await api.call('GET', to, { key })).status).toBe(404);
  });
});

describe('reading a migration', () => {
  it('tells its counts, why some stay, and the money of those who move', async () => {
    const { id } = (await ask({})).body;
    await anItem(id);
    await anItem(id, { state: 'done' });
    for (const code of ['past_due', 'past_due', 'no_email']) await anItem(id, excluded(code, 'so it is'));
    expect(await read(id)).toMatchObject({
      items: {
        ...{ total: 5, by_state: { planned: 1, done: 1, excluded: 3 } },
        excluded: [
          { code: 'past_due', count: 2 },
          { code: 'no_email', count: 1 },
        ],
      },
      money: [
        {
          currency: 'USD',
          billing_interval: 'monthly',
          customers: 2,
          amount_minor: 5_800,
          difference_minor: 2_000,
          not_comparable: 0,
        },
      ],
      why: 'requested: 1 to be told, 1 done, 3 excluded',
    });
    const listed = await api.call('GET', `${path}?status=requested`);
    expect(listed.body.data).toEqual([await read(id)]);
  });

  it('lists its items by state and organization, page by page, and reads one', async () => {
    const { id } = (await ask({})).body;
    const ids = [await anItem(id), await anItem(id), await anItem(id, excluded('no_email', 'nobody can be told'))];
    const first = await api.call('GET', `${path}/${id}/items?limit=2`);
    const second = await api.call('GET', `${path}/${id}/items?limit=2&cursor=${first.body.next_cursor}`);
    expect([...first.body.data, ...second.body.data].map((item) => item.id)).toEqual(ids.toSorted());
    const left = await api.call('GET', `${path}/${id}/items?state=excluded`);
    expect(left.body.data).toMatchObject([
      { id: ids[2], state: 'excluded', code: 'no_email', why: 'nobody can be told', plan: null },
    ]);
    expect((await api.call('GET', `${path}/${id}/items?organization_id=org_2`)).body.data).toEqual([]);
    const { body: one } = await api.call('GET', `${path}/${id}/items/${ids[0]}`);
    expect(one).toMatchObject({
      legacy: { status: 'active', amount: { amount_minor: 1900, currency: 'USD' }, billing_interval: 'monthly' },
      plan: { provider: 'world', amount: { amount_minor: 2900, currency: 'USD' }, difference_minor: 1000 },
      ...{ paid_through: '2026-12-01T00:00:00.000Z', reminders_sent: 0 },
    });
    expect(JSON.stringify(one)).not.toMatch(/link/);
  });

  it('gives its plan as CSV, a line per subscription', async () => {
    const { id } = (await ask({})).body;
    await anItem(id);
    await anItem(id, excluded('past_due', 'it is past due, say both'));
    const { status, headers, body } = await api.call('GET', `${path}/${id}/plan.csv`);
    expect([status, headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8']);
    const lines = body.text.trimEnd().split('\r\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^item_id,organization_id,legacy_subscription_id/);
    expect(body.text).toMatch(
      /,planned,move,[^\r]*,world,preferred,1,1900,USD,2900,USD,1000,2026-12-01T00:00:00.000Z\r/,
    );
    expect(body.text).toMatch(/,excluded,exclude,past_due,"it is past due, say both",/);
  });
});

describe('steering a migration', () => {
  it.each([
    ['pause', 'running', 'paused'],
    ['resume', 'paused', 'running'],
    ['abort', 'running', 'aborting'],
  ])('asks its workflow to %s and answers what came of it', async (act, before, after) => {
    const { id } = (await ask({})).body;
    await api.query('update migrations set status = ? where id = ?', [before, id]);
    api.temporal.work = async () =>
      void (await api.query('update migrations set status = ? where id = ?', [after, id]));
    expect(await api.call('POST', `${path}/${id}/${act}`)).toMatchObject({ status: 200, body: { status: after } });
    expect(api.temporal.ran.at(-1)).toBe(`${act}/${id}`);
    expect((await audited(id)).at(-1)).toEqual({ action: `migration.${act}_requested` });
  });

  it('says 202 while its worker has not answered, and 409 once it is over, as a planned dry run is', async () => {
    const { id } = (await ask({ dry_run: true })).body;
    expect((await api.call('POST', `${path}/${id}/pause`)).status).toBe(202);
    await api.query(`update migrations set status = 'planned' where id = ?`, [id]);
    expect(await api.call('POST', `${path}/${id}/abort`)).toMatchObject({
      status: 409,
      body: { code: 'migration_over' },
    });
  });

  it.each([
    ['rollback', 'planned', 'migration_item_not_told'],
    ['rollback', 'canceling', 'migration_item_past_return'],
    ['rollback', 'kept', 'migration_item_over'],
    ['remind', 'moved', 'migration_item_acted'],
    ['remind', 'left', 'migration_item_over'],
  ])('refuses to %s an item that is %s, and says why', async (act, state, code) => {
    const { id } = (await ask({})).body;
    const item = await anItem(id, { state });
    const answer = await api.call('POST', `${path}/${id}/items/${item}/${act}`);
    expect(answer).toMatchObject({ status: 409, body: { code, state } });
  });

  it('has one customer led back, or tells that they were quicker', async () => {
    const { id } = (await ask({})).body;
    const [one, other] = [await anItem(id, { state: 'opened' }), await anItem(id, { state: 'opened' })];
    api.temporal.work = async () =>
      void (await api.query(`update migration_items set state = 'rolled_back' where id = ?`, [one]));
    const back = await api.call('POST', `${path}/${id}/items/${one}/rollback`);
    expect(back).toMatchObject({ status: 200, body: { id: one, state: 'rolled_back' } });
    api.temporal.work = async () =>
      void (await api.query(`update migration_items set state = 'canceling' where id = ?`, [other]));
    const late = await api.call('POST', `${path}/${id}/items/${other}/rollback`);
    expect(late).toMatchObject({ status: 409, body: { code: 'migration_item_past_return' } });
    expect((await audited(other)).at(-1)).toEqual({ action: 'migration_item.rollback_requested' });
  });

  it('counts its items for who watches', async () => {
    const { id } = (await ask({})).body;
    await anItem(id, { state: 'attention' });
    const { body } = await api.call('GET', '/metrics', { key: null });
    expect(body.text).toContain(
      `billing_migration_items{project="default",mode="test",provider="merchant",migration="${id}",state="attention"} 1`,
    );
  });
});
