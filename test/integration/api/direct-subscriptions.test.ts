import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../../src/db/new-id.ts';
import type { ProviderHealth } from '../../../src/health/provider-health.ts';
import { healthy } from '../../support/healthy.ts';
import { directProviders } from './direct-providers.ts';
import { startApi, type TestApi } from './support.ts';

let api: TestApi;
const failing = new Set<string>();
const health: ProviderHealth = {
  ...healthy,
  viewOf: (key) => ({ ...healthy.viewOf(key), state: failing.has(key.provider) ? 'open' : 'closed' }),
};
beforeAll(async () => {
  api = await startApi({ providers: directProviders(), health });
});
afterAll(() => api?.close());

let organization = '';
let count = 0;
beforeEach(() => {
  count += 1;
  organization = `org_${count}`;
  api.temporal.work = begin({ status: 'active', provider_subscription_id: `psub_${organization}` });
});

/** The worker writes this to the row it begins. */
function begin(columns: Readonly<Record<string, unknown>>) {
  return async (what: string) => {
    if (!what.startsWith('begin/')) return;
    const sets = Object.keys(columns).map((name) => `${name} = ?`);
    await api.query(`update subscriptions set ${sets.join(', ')}, version = version + 1 where id = ?`, [
      ...Object.values(columns),
      what.slice('begin/'.length),
    ]);
  };
}

async function aMethod(provider = 'world', columns: Readonly<Record<string, unknown>> = {}) {
  await api.query(
    `insert into organizations (project_id, live, id, email) values ('default', false, ?, 'a@b.example') on conflict do nothing`,
    [organization],
  );
  const row = {
    ...{ id: newId('pm'), project_id: 'default', live: false, organization_id: organization, provider },
    ...{ status: 'active', provider_payment_method_id: newId('pm'), provider_customer_id: 'cus_1', is_default: true },
    ...columns,
  };
  await api.query(
    `insert into payment_methods (${Object.keys(row).join(', ')}) values (${Object.keys(row)
      .map(() => '?')
      .join(', ')})`,
    Object.values(row),
  );
  return row.id;
}

const subscribe = (body: Readonly<Record<string, unknown>> = {}, headers: Record<string, string> = {}, key?: string) =>
  api.call('POST', '/billing/subscriptions', {
    ...(key !== undefined && { key }),
    headers,
    body: { organization_id: organization, plan_id: 'pro', billing_interval: 'monthly', ...body },
  });
const rowsOf = () => api.query('select * from subscriptions where organization_id = ? order by id', [organization]);

describe('a subscription without a hosted page', () => {
  it('is charged to the default payment method, at its provider', async () => {
    const method = await aMethod();
    const { status, body } = await subscribe({ metadata: { a: 'b' }, user_id: 'usr_1' });
    expect(body).toMatchObject({
      ...{ status: 'active', organization_id: organization, plan: 'pro', provider: 'world', collection: 'provider' },
      ...{ payment_method_id: method, amount: { amount_minor: 2900, currency: 'USD' }, metadata: { a: 'b' } },
    });
    expect(status).toBe(201);
    expect(await rowsOf()).toMatchObject([{ checkout_id: null, user_id: 'usr_1', trial_end: null }]);
    expect(api.temporal.begun).toContain(body.id);
    const audit = await api.query('select action from audit_log where entity_id = ?', [body.id]);
    expect(audit).toEqual([{ action: 'subscription.requested' }]);
  });

  it('takes the method that is named, and fixes the end of the trial', async () => {
    await aMethod();
    const other = await aMethod('world', { is_default: false });
    const before = Date.now();
    const { body } = await subscribe({ payment_method_id: other, trial_days: 14, quantity: 3 });
    expect(body).toMatchObject({ payment_method_id: other, quantity: 3, amount: { amount_minor: 8700 } });
    const [row] = await rowsOf();
    const days = (new Date(String(row?.['trial_end'])).getTime() - before) / 86_400_000;
    expect(days).toBeCloseTo(14, 1);
  });

  it('tells what the customer must do', async () => {
    await aMethod();
    const nextStep = JSON.stringify({ kind: 'confirm', clientSecret: 'pi_secret' });
    api.temporal.work = begin({ next_step: nextStep, provider_subscription_id: 'psub_3ds' });
    const { status, body } = await subscribe();
    expect(status).toBe(201);
    expect(body).toMatchObject({
      status: 'incomplete',
      next_action: { kind: 'confirm_payment', by: 'customer', url: null, client_secret: 'pi_secret' },
    });
  });

  it('answers 202 when the outcome is not known yet, and a repeat with what came of it', async () => {
    await aMethod();
    api.temporal.work = async () => undefined;
    const headers = { 'idempotency-key': `k-${organization}` };
    const first = await subscribe({}, headers);
    expect(first.status).toBe(202);
    expect(first.headers.get('retry-after')).toBe('2');
    api.temporal.work = begin({ status: 'active' });
    const second = await subscribe({}, headers);
    expect(second).toMatchObject({ status: 201, body: { id: first.body.id, status: 'active' } });
    expect(await rowsOf()).toHaveLength(1);
  });

  it('is begun once by a repeat without a key', async () => {
    await aMethod();
    const answers = await Promise.all([subscribe(), subscribe(), subscribe()]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect((await subscribe()).body.id).toBe(answers[0].body.id);
    expect(await rowsOf()).toHaveLength(1);
  });

  it('needs no method and no provider for a free plan', async () => {
    api.temporal.work = begin({ status: 'active' });
    const { status, body } = await subscribe({ plan_id: 'free' });
    expect(status).toBe(201);
    expect(body).toMatchObject({ provider: null, collection: 'none', amount: { amount_minor: 0 } });
  });

  it('can be paid by vouchers of a provider that issues them', async () => {
    await api.query(
      `insert into organizations (project_id, live, id, email) values ('default', false, ?, 'a@b.example')`,
      [organization],
    );
    api.temporal.work = async () => undefined;
    const { status, body } = await subscribe({ collection_method: 'voucher', voucher_method: 'oxxo', country: 'MX' });
    expect(status).toBe(202);
    expect(body).toMatchObject({ provider: 'local', collection: 'voucher', payment_method_id: null });
    expect(await rowsOf()).toMatchObject([{ voucher_method: 'oxxo', country: 'MX', currency: 'MXN' }]);
  });

  it('may be begun by a session that may manage', async () => {
    await aMethod();
    const open = async (permissions: string[]) =>
      (await api.call('POST', '/billing/sessions', { body: { organization_id: organization, permissions } })).body
        .session_token;
    const manager = { 'plinto-session': await open(['manage']) };
    expect((await subscribe({ trial_days: 90 }, manager, api.keys.publishable)).body.code).toBe('insufficient_scope');
    expect((await subscribe({ organization_id: 'org_x' }, manager, api.keys.publishable)).status).toBe(404);
    expect((await subscribe({}, manager, api.keys.publishable)).status).toBe(201);
    const reader = { 'plinto-session': await open(['read']) };
    expect((await subscribe({}, reader, api.keys.publishable)).status).toBe(403);
  });
});

describe('who begins it, and who steps in', () => {
  const routingOf = async () => (await rowsOf()).at(-1)?.['routing'];
  const inPesos = { country: 'MX', currency: 'MXN' };

  it('is decided once, in the order of the rules that route a checkout', async () => {
    const [world, local] = [await aMethod('world'), await aMethod('local')];
    const { body } = await subscribe(inPesos);
    expect(body).toMatchObject({ provider: 'local', payment_method_id: local, fallback: null });
    expect(await routingOf()).toEqual({
      ...{ rule: 'mexico-local', policy: 'standard', policyVersion: 3, skipped: [] },
      candidates: [
        { provider: 'local', paymentMethodId: local },
        { provider: 'world', paymentMethodId: world },
      ],
    });
  });

  it('prefers where the organization has a live subscription already', async () => {
    await aMethod('world');
    await aMethod('local');
    await api.query(
      `insert into subscriptions (id, project_id, live, organization_id, plan_id, price_id, status, billing_interval,
         quantity, provider, collection, amount_minor, currency)
       select ?, 'default', false, ?, plan_id, id, 'active', 'monthly', 1, 'world', 'provider', 1, 'MXN'
       from prices where billing_interval is null limit 1`,
      [newId('sub'), organization],
    );
    const { body } = await subscribe(inPesos);
    expect(body).toMatchObject({ provider: 'world' });
    expect(await routingOf()).toMatchObject({ rule: 'live-subscription' });
  });

  it('leaves out who cannot, and tells who was passed over', async () => {
    const world = await aMethod('world');
    await aMethod('local');
    const { body } = await subscribe({ ...inPesos, quantity: 2 });
    const fallback = { attempted_provider: 'local', fallback_provider: 'world', reason: 'unsupported' };
    expect(body).toMatchObject({ provider: 'world', fallback: { ...fallback, currency_changed: false } });
    expect(await routingOf()).toMatchObject({
      candidates: [{ provider: 'world', paymentMethodId: world }],
      skipped: [{ provider: 'local', reason: 'unsupported', because: expect.stringContaining('no quantity') }],
    });
    const { body: page } = await api.call('GET', '/ops/fallbacks', { key: api.keys.secret });
    expect(page.data[0]).toMatchObject({ subscription_id: body.id, checkout_id: null, ...fallback });
    const { body: read } = await api.call('GET', `/billing/subscriptions/${body.id}`);
    expect(read).toMatchObject({ fallback });
    expect(JSON.stringify(read.timeline)).toContain('local did not begin it (unsupported); next: world');
    expect(await (await fetch(`${api.url}/metrics`)).text()).toContain(
      'billing_subscription_fallbacks_total{attempted="local",fallback="world",reason="unsupported"} 1',
    );
  });

  it('leaves out who has been failing, as long as there is another', async () => {
    failing.add('local');
    await aMethod('local');
    await subscribe(inPesos);
    expect(await routingOf()).toMatchObject({ candidates: [{ provider: 'local' }], skipped: [] });
    await api.query(`update subscriptions set status = 'canceled' where organization_id = ?`, [organization]);
    await aMethod('world');
    expect((await subscribe(inPesos, { 'idempotency-key': `next-${organization}` })).body).toMatchObject({
      provider: 'world',
      fallback: { attempted_provider: 'local', reason: 'unavailable' },
    });
    failing.clear();
  });

  it('charges no other method than the one that is named, unless the body allows it', async () => {
    const world = await aMethod('world');
    const local = await aMethod('local');
    await subscribe({ ...inPesos, payment_method_id: world });
    expect(await routingOf()).toMatchObject({ rule: 'named', candidates: [{ provider: 'world' }] });
    await api.query(`update subscriptions set status = 'canceled' where organization_id = ?`, [organization]);
    await subscribe(
      { ...inPesos, payment_method_id: world, allow_fallback: true },
      { 'idempotency-key': organization },
    );
    expect(await routingOf()).toMatchObject({
      rule: 'named',
      candidates: [
        { provider: 'world', paymentMethodId: world },
        { provider: 'local', paymentMethodId: local },
      ],
    });
  });

  it('asks nobody else where the body forbids it', async () => {
    await aMethod('world');
    await aMethod('local');
    await subscribe({ ...inPesos, allow_fallback: false });
    expect(await routingOf()).toMatchObject({ candidates: [{ provider: 'local' }] });
  });
});

describe('a subscription without a hosted page is refused', () => {
  it.each<[string, number, string, object, string]>([
    ['an unknown plan', 422, 'product_not_found', { plan_id: 'nope' }, '/plan_id'],
    ['what is sold once', 422, 'product_not_found', { plan_id: 'starter-kit' }, '/plan_id'],
    ['a plan sold by contact', 422, 'contact_sales', { plan_id: 'scale' }, '/plan_id'],
    [
      'an interval without a price',
      422,
      'price_not_found',
      { plan_id: 'free', billing_interval: 'yearly' },
      '/billing_interval',
    ],
    ['a currency without a price', 422, 'price_not_found', { currency: 'EUR' }, '/currency'],
    ['an unknown method', 422, 'payment_method_not_found', { payment_method_id: newId('pm') }, '/payment_method_id'],
    ['an unknown field', 422, 'validation_failed', { nope: 1 }, '/nope'],
    ['a long trial', 422, 'validation_failed', { trial_days: 91 }, '/trial_days'],
    ['a voucher method without vouchers', 422, 'validation_failed', { voucher_method: 'oxxo' }, '/voucher_method'],
    [
      'vouchers that nobody issues',
      422,
      'payment_method_unavailable',
      { collection_method: 'voucher', currency: 'USD' },
      '/voucher_method',
    ],
    ['a blocked country', 403, 'country_blocked', { country: 'KP' }, ''],
  ])('for %s', async (_, status, code, body, pointer) => {
    await aMethod();
    const answer = await subscribe({ ...body });
    expect(answer).toMatchObject({ status, body: { code } });
    expect(answer.body.errors.map((fault) => fault.pointer)).toEqual(pointer === '' ? [] : [pointer]);
    expect(await rowsOf()).toEqual([]);
  });

  it('without a payment method, and says what to do', async () => {
    const { status, body } = await subscribe();
    expect({ status, code: body.code, text: JSON.stringify(body) }).toEqual({
      ...{ status: 422, code: 'payment_method_required', text: expect.stringContaining('start a checkout') },
    });
  });

  it('after asking the providers whether one was saved on their pages just now', async () => {
    await aMethod('world', { is_default: false, status: 'detached' });
    await api.query(
      `insert into provider_customers (project_id, live, organization_id, provider, provider_customer_id)
       values ('default', false, ?, 'world', 'cus_1')`,
      [organization],
    );
    const ran = api.temporal.ran.length;
    api.temporal.work = async (what) => {
      if (what.startsWith('payment-methods/')) await aMethod();
      else await begin({ status: 'active' })(what);
    };
    expect((await subscribe()).status).toBe(201);
    expect(api.temporal.ran.length).toBe(ran + 1);
  });

  it.each([
    ['merchant', {}, 'hosted page only'],
    ['local', {}, 'does not charge USD'],
    ['local', { currency: 'MXN', quantity: 2 }, 'no quantity'],
    ['local', { currency: 'MXN', trial_days: 7 }, 'no trial'],
  ])('when %s cannot carry it: %j', async (provider, body, why) => {
    const method = await aMethod(provider);
    const answer = await subscribe({ payment_method_id: method, ...body });
    expect(answer).toMatchObject({ status: 422, body: { code: 'not_supported_by_provider' } });
    expect(JSON.stringify(answer.body)).toContain(why);
    expect(await rowsOf()).toEqual([]);
  });

  it('to who has a live one, naming it', async () => {
    await aMethod();
    const { body: first } = await subscribe();
    const headers = { 'idempotency-key': `another-${organization}` };
    expect(await subscribe({}, headers)).toMatchObject({
      status: 409,
      body: { code: 'already_subscribed', subscription_id: first.id },
    });
  });

  it('while another one to the plan is being begun, whatever is charged', async () => {
    const method = await aMethod();
    api.temporal.work = async () => undefined;
    const { body: first } = await subscribe();
    expect(await subscribe({ payment_method_id: method })).toMatchObject({
      status: 409,
      body: { code: 'subscription_incomplete', subscription_id: first.id },
    });
    expect(await rowsOf()).toHaveLength(1);
  });

  it('by the bank, with its reason; the next try is a new one', async () => {
    await aMethod();
    const detail = JSON.stringify({ decline_code: 'insufficient_funds', provider_code: 'nsf' });
    const declined = { status: 'expired', failure_code: 'payment_declined', failure_detail: detail };
    api.temporal.work = begin(declined);
    expect(await subscribe()).toMatchObject({
      status: 422,
      body: { code: 'payment_declined', decline_code: 'insufficient_funds' },
    });
    api.temporal.work = begin({ status: 'active' });
    expect((await subscribe()).status).toBe(201);
    expect(await rowsOf()).toMatchObject([{ status: 'expired' }, { status: 'active' }]);
  });

  it('by the provider, with its reason', async () => {
    await aMethod();
    const refused = { status: 'expired', failure_code: 'provider_rejected', failure_detail: '{"param":"price"}' };
    api.temporal.work = begin(refused);
    expect(await subscribe()).toMatchObject({
      status: 422,
      body: { code: 'provider_refused', reason: 'provider_rejected' },
    });
  });

  it('to keys that may not write, and across projects and modes', async () => {
    const method = await aMethod();
    expect((await subscribe({}, {}, api.keys.reader)).status).toBe(403);
    expect((await subscribe({}, {}, api.keys.publishable)).status).toBe(403);
    expect(await subscribe({ payment_method_id: method }, {}, api.keys.live)).toMatchObject({
      status: 422,
      body: { code: 'payment_method_not_found' },
    });
    expect((await subscribe({ payment_method_id: method }, {}, api.keys.other)).body.code).toBe('product_not_found');
  });
});
