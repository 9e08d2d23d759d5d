import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hashSecret } from '../../../src/api/keys.ts';
import { fakeTemporal, startApi, type TestApi } from './support.ts';

let api: TestApi;
let behave: TestApi['temporal']['behave'];

beforeAll(async () => {
  api = await startApi();
  behave = fakeTemporal(() => api.orm).behave;
});
afterAll(() => api.close());
beforeEach(() => {
  api.temporal.behave = behave;
  api.temporal.opened.length = 0;
});

const wish = (more: Record<string, unknown> = {}) => ({
  organization_id: `org_${randomUUID()}`,
  product_id: 'starter-kit',
  country: 'US',
  ...more,
});
const post = (body: unknown, options: Parameters<TestApi['call']>[2] = {}) =>
  api.call('POST', '/billing/checkout', { body, ...options });

describe('a checkout', () => {
  it('is routed, written, opened and answered', async () => {
    const body = wish({
      country: 'MX',
      email: 'ana@example.com',
      success_url: 'https://app.example/ok?c={CHECKOUT_ID}',
    });
    const made = await post(body);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      status: 'open',
      provider: 'local',
      mode: 'payment',
      amount: { amount_minor: 89900, currency: 'MXN' },
      payment_methods: ['card', 'oxxo', 'spei'],
      fallback: null,
      routing: {
        rule: 'mexico-local',
        policy: 'standard',
        policy_version: 3,
        country: 'MX',
        country_source: 'request',
      },
    });
    expect(made.body.routing.fallbacks).toEqual(['world']);
    const [row] = await api.query('select * from checkouts where id = ?', [made.body.checkout_id]);
    expect(row).toMatchObject({ name: 'ana', phone: '+525512345678', project_id: 'default', live: false });
    expect(row?.['success_url']).toBe(`https://app.example/ok?c=${made.body.checkout_id}`);
    expect(await api.query('select * from routing_decisions where checkout_id = ?', [row?.['id']])).toHaveLength(1);

    const read = await api.call('GET', `/billing/checkouts/${made.body.checkout_id}`);
    expect(read.body).toMatchObject({ payment: null, voucher: null, subscription_id: null });
    expect(read.body.timeline.map((entry) => entry.what)).toEqual(['checkout.created']);
  });

  it('takes a product by our id, its key, or a provider id mapped to it', async () => {
    for (const product_id of [api.plans.pro, 'pro', 'mprod_pro_yearly', 'mprice_pro_yearly']) {
      const made = await post(wish({ product_id }));
      expect(made.status).toBe(201);
      expect(made.body.mode).toBe('subscription');
      expect(made.body.amount.amount_minor).toBe(product_id.startsWith('mpr') ? 29000 : 2900);
    }
  });

  it('activates a free plan without a provider', async () => {
    const made = await post(wish({ product_id: 'free' }));
    expect(made.body).toMatchObject({ status: 'paid', provider: null, amount: { amount_minor: 0 } });
    expect(made.body.checkout_url).toBe(`https://app.example/ok?c=${made.body.checkout_id}`);
  });

  it('is reached by the provider-named alias, which prefers that provider', async () => {
    const made = await api.call('POST', '/api/v1/world/checkout', { body: wish() });
    expect(made.status).toBe(201);
    expect(Object.keys(made.body).sort()).toEqual(['checkout_id', 'checkout_url', 'expires_at']);
    const read = await api.call('GET', `/billing/checkouts/${made.body.checkout_id}`);
    expect(read.body).toMatchObject({ provider: 'world', routing: { rule: 'preferred' } });
  });

  it('takes a forced provider from operators only', async () => {
    const { keys } = api;
    expect((await post(wish({ provider: 'world' }))).body).toMatchObject({
      provider: 'world',
      routing: { rule: 'forced' },
    });
    const refused = await post(wish({ provider: 'world' }), { key: keys.publishable });
    expect(refused).toMatchObject({ status: 403, body: { code: 'insufficient_scope' } });
    expect((await post(wish({ provider: 'nobody' }))).body.errors[0]?.pointer).toBe('/provider');
  });

  it('saves a method without a product in mode setup', async () => {
    const made = await post(wish({ mode: 'setup', product_id: null, provider: 'world' }));
    expect(made.body).toMatchObject({ mode: 'setup', amount: null, provider: 'world' });
  });

  it('ends when asked to', async () => {
    const made = await post(wish());
    const ended = await api.call('POST', `/billing/checkouts/${made.body.checkout_id}/expire`, { body: {} });
    expect(ended).toMatchObject({ status: 200, body: { status: 'canceled' } });
    expect(api.temporal.expired).toContain(`checkout/${made.body.checkout_id}`);
  });

  it('asks to repeat when nobody heard the wish to end it', async () => {
    const made = await post(wish());
    const { end } = api.temporal;
    api.temporal.end = () => Promise.reject(new Error('unreachable'));
    const answer = await api.call('POST', `/billing/checkouts/${made.body.checkout_id}/expire`, { body: {} });
    api.temporal.end = end;
    expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    expect(answer.headers.get('retry-after')).toBe('1');
  });

  it('answers 202 while Temporal is away, and goes on with the same key', async () => {
    api.temporal.behave = () => Promise.reject(new Error('unreachable'));
    const body = wish();
    const headers = { 'idempotency-key': randomUUID() };
    const first = await post(body, { headers });
    expect(first).toMatchObject({ status: 202, body: { status: 'creating', checkout_url: null } });
    api.temporal.behave = behave;
    const again = await post(body, { headers });
    expect(again).toMatchObject({ status: 201, body: { status: 'open', checkout_id: first.body.checkout_id } });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
  });

  it('answers 202 within 8 s when no outcome comes', async () => {
    api.temporal.behave = () => new Promise(() => {});
    const startedAt = performance.now();
    expect(await post(wish())).toMatchObject({ status: 202, body: { status: 'creating' } });
    expect(performance.now() - startedAt).toBeLessThan(8_000);
  });

  it('answers 503 when nobody could serve it, and frees the key', async () => {
    api.temporal.behave = async (id) => {
      await api.query("update checkouts set status = 'failed' where id = ? returning id", [id]);
    };
    const headers = { 'idempotency-key': randomUUID() };
    const body = wish();
    const failed = await post(body, { headers });
    expect(failed).toMatchObject({ status: 503, body: { code: 'no_provider_available' } });
    expect(failed.headers.get('retry-after')).toBe('10');
    api.temporal.behave = behave;
    expect((await post(body, { headers })).status).toBe(201);
  });
});

describe('a repeat', () => {
  it('with the same key gets the first answer', async () => {
    const body = wish();
    const headers = { 'idempotency-key': randomUUID() };
    const first = await post(body, { headers });
    const again = await post({ ...body, quantity: 1 }, { headers });
    expect(again.body).toEqual(first.body);
    expect(again.status).toBe(201);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(api.temporal.opened).toHaveLength(1);
  });

  it('with the same key gets the first answer though the product is no longer sold', async () => {
    const body = wish();
    const headers = { 'idempotency-key': randomUUID() };
    const first = await post(body, { headers });
    const sell = (isActive: boolean) =>
      api.query("update plans set is_active = ? where key = 'starter-kit' returning id", [isActive]);
    await sell(false);
    const again = await post(body, { headers });
    await sell(true);
    expect(again).toMatchObject({ status: 201, body: first.body });
  });

  it('of a refusal with the same key is the same refusal', async () => {
    const body = wish({ product_id: 'nothing' });
    const headers = { 'idempotency-key': randomUUID() };
    const first = await post(body, { headers });
    const again = await post(body, { headers });
    expect([first.status, again.status]).toEqual([422, 422]);
    expect(again.headers.get('content-type')).toContain('application/problem+json');
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.body.request_id).not.toBe(first.body.request_id);
  });

  it('of the same key with another body is refused', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    await post(wish(), { headers });
    expect(await post(wish(), { headers })).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
  });

  it('of the same key while the first runs is told to wait', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    api.temporal.behave = async (id) => {
      await held;
      await behave(id);
    };
    const body = wish();
    const headers = { 'idempotency-key': randomUUID() };
    const first = post(body, { headers });
    await expect.poll(() => api.temporal.opened.length).toBe(1);
    const second = await post(body, { headers });
    expect(second).toMatchObject({ status: 409, body: { code: 'idempotency_in_progress' } });
    expect(second.headers.get('retry-after')).toBe('1');
    release();
    expect((await first).status).toBe(201);
  });

  it('takes over from a request that died, with the same checkout', async () => {
    const body = wish();
    const headers = { 'idempotency-key': randomUUID() };
    const first = await post(body, { headers });
    await api.query(
      `update idempotency_records set locked_until = now() - interval '1 second', response_status = null where key = ? returning key`,
      [hashSecret(headers['idempotency-key'])],
    );
    const again = await post(body, { headers });
    expect(again.body.checkout_id).toBe(first.body.checkout_id);
  });

  it.each(['with a key', 'without a key'])('twenty at once %s make one checkout', async (how) => {
    const body = wish();
    const headers = how === 'with a key' ? { 'idempotency-key': randomUUID() } : {};
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(body, { headers })));
    const rows = await api.query('select id from checkouts where organization_id = ?', [body.organization_id]);
    expect(rows).toHaveLength(1);
    const served = answers.filter((answer) => answer.status === 201);
    expect(served.length).toBeGreaterThan(0);
    expect(new Set(served.map((answer) => answer.body.checkout_id))).toEqual(new Set([rows[0]?.['id']]));
    const others = answers.filter((answer) => answer.status !== 201).map((answer) => answer.body.code);
    expect(others.every((code) => how === 'with a key' && code === 'idempotency_in_progress')).toBe(true);
  });
});

describe('a refusal', () => {
  const cases: [string, Record<string, unknown>, number, string][] = [
    ['an unknown product', { product_id: 'nothing' }, 422, 'product_not_found'],
    ['a currency without a price', { currency: 'JPY' }, 422, 'price_not_found'],
    ['an interval without a price', { billing_interval: 'monthly' }, 422, 'price_not_found'],
    ['a plan by contact', { product_id: 'scale' }, 422, 'contact_sales'],
    ['a foreign origin', { success_url: 'https://evil.example/ok' }, 422, 'redirect_not_allowed'],
    ['a look-alike origin', { cancel_url: 'https://app.example.evil.example' }, 422, 'redirect_not_allowed'],
    ['a script URL', { success_url: 'javascript:alert(1)' }, 422, 'redirect_not_allowed'],
    ['a blocked country', { country: 'KP' }, 403, 'country_blocked'],
    ['a blocked region', { billing_address: { country: 'UA', state: 'UA-43' } }, 403, 'country_blocked'],
    [
      'no wished method fits',
      { country: 'MX', payment_methods: ['ach'], email: 'a@example.com' },
      422,
      'payment_method_unavailable',
    ],
    ['no e-mail where one is needed', { country: 'MX' }, 422, 'email_required'],
    ['an unknown field', { coupon: 'x' }, 422, 'validation_failed'],
    ['no product', { product_id: null }, 422, 'validation_failed'],
    ['a stored method we do not have', { payment_method_id: 'pm_1' }, 422, 'payment_method_not_found'],
    ['a card number', { metadata: { note: 'card 4242 4242-4242 4242 please' } }, 422, 'card_data_refused'],
    ['a card number in an unknown field', { card: { number: '4111111111111111' } }, 422, 'card_data_refused'],
  ];

  it.each(cases)('names %s', async (_what, more, status, code) => {
    const body = wish(more);
    const refused = await post(body);
    expect(refused).toMatchObject({ status, body: { code, status, type: `http://api.test/docs/errors/${code}` } });
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
    expect(await api.query('select id from checkouts where organization_id = ?', [body.organization_id])).toEqual([]);
    expect(api.temporal.opened).toEqual([]);
  });

  it('of a card number leaves no trace of it', async () => {
    await post(wish({ name: '4242424242424242' }), { headers: { 'idempotency-key': randomUUID() } });
    await post(wish(), { headers: { 'idempotency-key': '4242424242424242' } }); // many keys only look like a card's
    expect(api.logs.join('')).not.toContain('4242424242424242');
    expect(JSON.stringify(await api.query('select * from idempotency_records'))).not.toContain('4242424242424242');
  });

  it('of a blocked country is audited', async () => {
    const body = wish({ country: 'KP' });
    await post(body);
    const entries = await api.query('select action, detail from audit_log where entity_id = ?', [body.organization_id]);
    expect(entries).toEqual([{ action: 'checkout.refused', detail: 'country_blocked: KP by request. Embargo.' }]);
  });

  it('points at each unknown field and each fault', async () => {
    const { body } = await post({
      product_id: 'pro',
      quantity: 0,
      colour: 'red',
      billing_address: { country: 'Mexico' },
    });
    expect(body.errors.map((fault) => fault.pointer).sort()).toEqual([
      '/billing_address/country',
      '/colour',
      '/quantity',
    ]);
    const colour = body.errors.find((fault) => fault.pointer === '/colour');
    expect(colour?.code).toBe('unknown_field');
  });

  it('names the contact of a plan that is sold by contact', async () => {
    expect((await post(wish({ product_id: 'scale' }))).body.contact_url).toBe('https://app.example/contact');
  });

  it('of a second subscription names the first, but not to a publishable key alone', async () => {
    const body = wish({ product_id: 'pro' });
    const made = await post(body);
    await api.query(
      `insert into subscriptions (id, project_id, live, organization_id, plan_id, price_id, checkout_id, status,
         billing_interval, quantity, provider, provider_subscription_id, amount_minor, currency)
       select 'sub_1', project_id, live, organization_id, plan_id, price_id, id, 'active', 'monthly', 1, 'world', 'x', 1, 'USD'
       from checkouts where id = ? returning id`,
      [made.body.checkout_id],
    );
    await api.query("update checkouts set status = 'paid' where id = ? returning id", [made.body.checkout_id]);
    expect(await post(body)).toMatchObject({
      status: 409,
      body: { code: 'already_subscribed', subscription_id: 'sub_1' },
    });
    const browser = await post(body, { key: api.keys.publishable });
    expect(browser.body.code).toBe('already_subscribed');
    expect(JSON.stringify(browser.body)).not.toContain('sub_1');
    const other = await post({ ...body, product_id: 'starter-kit' });
    expect(other.body).toMatchObject({ provider: 'world', routing: { rule: 'live-subscription' } });
  });

  it('is 503 when no provider has an account in this mode', async () => {
    const refused = await post(wish(), { key: api.keys.live });
    expect(refused).toMatchObject({ status: 503, body: { code: 'no_provider_available' } });
    expect(refused.headers.get('retry-after')).toBeTruthy();
  });
});
