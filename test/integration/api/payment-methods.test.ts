import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../../src/db/new-id.ts';
import { directProviders } from './direct-providers.ts';
import { startApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi({ providers: directProviders() });
});
afterAll(() => api?.close());

let organization = '';
let count = 0;
beforeEach(async () => {
  count += 1;
  organization = `org_${count}`;
  await api.query(
    `insert into organizations (project_id, live, id, email, name) values ('default', false, ?, 'a@b.example', 'A')`,
    [organization],
  );
  api.temporal.work = attached({ status: 'active', token: null, brand: 'visa', last4: '4242' });
});

/** The worker writes this to the row that is attached; other workflows do nothing. */
function attached(columns: Readonly<Record<string, unknown>>) {
  return (what: string) => (what.endsWith('/attach') ? write(what.split('/')[1] ?? '', columns) : Promise.resolve());
}

async function write(id: string, columns: Readonly<Record<string, unknown>>) {
  const sets = Object.keys(columns).map((name) => `${name} = ?`);
  await api.query(`update payment_methods set ${sets.join(', ')}, version = version + 1 where id = ?`, [
    ...Object.values(columns),
    id,
  ]);
}

async function aMethod(columns: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const row = {
    ...{ id: newId('pm'), project_id: 'default', live: false, organization_id: organization, provider: 'world' },
    ...{ status: 'active', provider_payment_method_id: newId('pm'), provider_customer_id: 'cus_1', ...columns },
  };
  const names = Object.keys(row);
  await api.query(
    `insert into payment_methods (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`,
    Object.values(row),
  );
  return row.id;
}

async function aSubscription(columns: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const [price] = await api.query('select id from prices where plan_id = ?', [api.plans.pro]);
  const row = {
    ...{ id: newId('sub'), project_id: 'default', live: false, organization_id: organization, plan_id: api.plans.pro },
    ...{ price_id: price?.['id'], status: 'active', billing_interval: 'monthly', quantity: 1, provider: 'world' },
    ...{ amount_minor: 2_900, currency: 'USD', metadata: '{}', ...columns },
  };
  const names = Object.keys(row);
  await api.query(
    `insert into subscriptions (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`,
    Object.values(row),
  );
  return row.id;
}

const path = '/billing/payment-methods';
const attach = (body: Readonly<Record<string, unknown>> = {}, headers: Record<string, string> = {}) =>
  api.call('POST', path, {
    headers,
    body: { organization_id: organization, token: `tok_${count}`, provider: 'world', ...body },
  });

describe('storing a payment method', () => {
  it('answers what may be shown of it', async () => {
    const address = { line1: 'Calle 1', line2: null, city: null, state: null, postal_code: '01000', country: 'MX' };
    const { status, body } = await attach({ billing_address: address, set_as_default: true });
    expect(status).toBe(201);
    expect(body).toEqual({
      ...{ id: expect.stringMatching(/^pm_/), organization_id: organization, provider: 'world' },
      ...{ provider_payment_method_id: null, status: 'active', type: null, brand: 'visa', last4: '4242' },
      ...{ exp_month: null, exp_year: null, country: null, billing_address: address, is_default: true },
      ...{ is_active: true, failure_code: null, next_action: null, created_at: expect.any(String) },
    });
    expect(api.temporal.ran).toContain(`payment-method/${body.id}/attach`);
    expect(api.logs.join()).not.toContain(`tok_${count}`);
  });

  it('tells what the customer must do', async () => {
    const step = JSON.stringify({ kind: 'redirect', url: 'https://bank.example' });
    api.temporal.work = attached({ status: 'requires_action', next_step: step });
    expect(await attach({ return_url: 'https://app.example/back' })).toMatchObject({
      status: 201,
      body: {
        ...{ status: 'requires_action', is_active: false },
        next_action: {
          kind: 'confirm_payment_method',
          by: 'customer',
          url: 'https://bank.example',
          client_secret: null,
        },
      },
    });
  });

  it('answers 202 when the outcome is not known yet', async () => {
    api.temporal.work = async () => undefined;
    expect(await attach()).toMatchObject({ status: 202, body: { status: 'attaching', is_active: false } });
  });

  it('sends a token once, however often it comes', async () => {
    const answers = [...(await Promise.all([attach(), attach()])), await attach()];
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  });

  it.each([
    ['payment_declined', 422, { decline_code: 'expired_card' }],
    ['token_invalid', 422, {}],
    ['payment_method_known', 409, { payment_method_id: 'pm_other' }],
  ])('refuses with %s when that is what came of it', async (code, status, detail) => {
    const failed = { status: 'failed', failure_code: code, failure_detail: JSON.stringify(detail), token: null };
    api.temporal.work = attached(failed);
    expect(await attach()).toMatchObject({ status, body: { code, ...detail } });
  });

  it.each<[string, string, object]>([
    ['a card number', 'card_data_refused', { token: '4242 4242 4242 4242' }],
    ['no token', 'validation_failed', { token: '' }],
    ['an unknown field', 'validation_failed', { number: 'x' }],
    ['a foreign return URL', 'redirect_not_allowed', { return_url: 'https://evil.example' }],
    ['a provider that is not there', 'validation_failed', { provider: 'nope' }],
    ['a provider that takes no tokens', 'not_supported_by_provider', { provider: 'merchant' }],
    ['nobody to guess from', 'provider_required', { provider: null }],
  ])('refuses %s', async (_, code, body) => {
    expect(await attach({ ...body })).toMatchObject({ status: 422, body: { code } });
    expect(await api.query('select id from payment_methods where organization_id = ?', [organization])).toEqual([]);
  });

  it('names who could take the token, and takes who serves the organization', async () => {
    expect((await attach({ provider: null })).body).toMatchObject({ candidates: ['local', 'world'] });
    await aSubscription();
    expect(await attach({ provider: null })).toMatchObject({ status: 201, body: { provider: 'world' } });
  });

  it('wants the contact that the provider needs of a new customer', async () => {
    await api.query('update organizations set email = null where id = ?', [organization]);
    expect(await attach({ provider: 'local' })).toMatchObject({ status: 422, body: { code: 'email_required' } });
    await api.query(
      `insert into provider_customers (project_id, live, organization_id, provider, provider_customer_id)
       values ('default', false, ?, 'local', 'cus_1')`,
      [organization],
    );
    expect((await attach({ provider: 'local' })).status).toBe(201);
  });
});

describe('stored payment methods', () => {
  it('are listed newest first, by provider, without those that are gone', async () => {
    const first = await aMethod();
    // Ids are in order by the millisecond.
    await sleep(2);
    const second = await aMethod({ provider: 'local' });
    await aMethod({ status: 'detached' });
    const list = async (query: string) =>
      (await api.call('GET', `${path}?organization_id=${organization}${query}`)).body.data.map(({ id }) => id);
    expect(await list('')).toEqual([second, first]);
    expect(await list('&provider=local')).toEqual([second]);
    const page = await api.call('GET', `${path}?organization_id=${organization}&limit=1`);
    expect(page.body.data.map(({ id }) => id)).toEqual([second]);
    expect(await list(`&cursor=${page.body.next_cursor}`)).toEqual([first]);
  });

  it('are asked for at the provider once in ten minutes, and at once when told to', async () => {
    await api.query(
      `insert into provider_customers (project_id, live, organization_id, provider, provider_customer_id)
       values ('default', false, ?, 'merchant', 'cus_1')`,
      [organization],
    );
    const before = api.temporal.ran.length;
    api.temporal.work = async (what) => {
      if (what.startsWith('payment-methods/')) await aMethod({ provider: 'merchant' });
    };
    const list = () => api.call('GET', `${path}?organization_id=${organization}`);
    expect((await list()).body.data).toHaveLength(1);
    expect((await list()).body.data).toHaveLength(1);
    expect(api.temporal.ran.length).toBe(before + 1);
    const synced = await api.call('POST', `${path}/sync`, { body: { organization_id: organization } });
    expect(synced.body.data).toHaveLength(2);
  });

  it('belong to their organization, project and mode', async () => {
    const id = await aMethod();
    for (const key of [api.keys.live, api.keys.other])
      expect(await api.call('GET', `${path}/${id}`, { key })).toMatchObject({
        status: 404,
        body: { code: 'payment_method_unknown' },
      });
    const session = async (organization_id: string) => {
      const body = { organization_id, permissions: ['read'] };
      return { 'plinto-session': (await api.call('POST', '/billing/sessions', { body })).body.session_token };
    };
    const own = { key: api.keys.publishable, headers: await session(organization) };
    expect((await api.call('GET', `${path}/${id}`, own)).status).toBe(200);
    expect((await api.call('DELETE', `${path}/${id}`, own)).status).toBe(403);
    const foreign = { key: api.keys.publishable, headers: await session('org_x') };
    expect((await api.call('GET', `${path}/${id}`, foreign)).status).toBe(404);
    expect((await api.call('DELETE', `${path}/${id}`, foreign)).status).toBe(404);
    expect((await api.call('GET', `${path}/nope`)).status).toBe(404);
  });
});

describe('taking one away', () => {
  const remove = (id: string) => api.call('DELETE', `${path}/${id}`);
  const detaching = (columns: Readonly<Record<string, unknown>>) => async (what: string) => {
    const [, id = '', act] = what.split('/');
    if (act === 'detach') await write(id, columns);
  };

  it('is done by its workflow, once', async () => {
    const id = await aMethod();
    api.temporal.work = detaching({ status: 'detached', is_default: false });
    expect(await remove(id)).toMatchObject({ status: 200, body: { id, status: 'detached', is_active: false } });
    const ran = api.temporal.ran.length;
    expect((await remove(id)).status).toBe(200);
    expect(api.temporal.ran.length).toBe(ran);
  });

  it('is refused while a subscription is charged to it, unless another one is the default', async () => {
    const id = await aMethod({ is_default: true });
    const subscription = await aSubscription();
    expect(await remove(id)).toMatchObject({
      status: 409,
      body: { code: 'payment_method_in_use', subscription_id: subscription },
    });
    await write(id, { is_default: false });
    await aMethod({ is_default: true });
    api.temporal.work = detaching({ status: 'detached' });
    expect((await remove(id)).status).toBe(200);
  });

  it('is not hindered by what another provider charges', async () => {
    const id = await aMethod({ is_default: true });
    await aSubscription({ provider: 'local' });
    api.temporal.work = detaching({ status: 'detached' });
    expect((await remove(id)).status).toBe(200);
  });

  it('waits until it is attached, and answers 202 while the provider is silent', async () => {
    expect(await remove(await aMethod({ status: 'attaching' }))).toMatchObject({
      status: 409,
      body: { code: 'payment_method_busy' },
    });
    api.temporal.work = async () => undefined;
    expect(await remove(await aMethod())).toMatchObject({ status: 202, body: { status: 'active' } });
  });

  it('tells why the provider refused', async () => {
    const id = await aMethod();
    api.temporal.work = detaching({ failure_code: 'provider_rejected', failure_detail: '{}' });
    expect(await remove(id)).toMatchObject({ status: 422, body: { code: 'provider_refused' } });
  });
});

describe('the default', () => {
  const makeDefault = (id: string) => api.call('POST', `${path}/${id}/default`);

  it('is set by its workflow, and can be set again after another was', async () => {
    const id = await aMethod();
    api.temporal.work = async (what) => write(what.split('/')[1] ?? '', { is_default: true });
    expect(await makeDefault(id)).toMatchObject({ status: 200, body: { id, is_default: true } });
    await write(id, { is_default: false });
    await makeDefault(id);
    const ran = api.temporal.ran.filter((what) => what.includes(id));
    expect(new Set(ran).size).toBe(2);
  });

  it('is refused where only the provider’s own portal sets it, and for one that is gone', async () => {
    expect(await makeDefault(await aMethod({ provider: 'merchant' }))).toMatchObject({
      status: 422,
      body: { code: 'not_supported_by_provider' },
    });
    expect((await makeDefault(await aMethod({ status: 'detached' }))).status).toBe(404);
  });
});
