import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorPages } from '../../../src/api/error-codes.ts';
import { startApi, type TestApi } from './support.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

describe('plans', () => {
  it('show every price, and with a currency or country one per interval', async () => {
    const prices = async (query: string) => {
      const { body } = await api.call('GET', `/billing/plans/pro${query}`);
      return body.prices.map((price) => `${price.amount_minor} ${price.currency}`);
    };
    expect(await prices('')).toHaveLength(3);
    expect(await prices('?country=MX')).toEqual(['49900 MXN', '29000 USD']);
    expect((await prices('?currency=usd')).sort()).toEqual(['2900 USD', '29000 USD'].sort());
    expect((await prices('?country=DE')).sort()).toEqual(['2900 USD', '29000 USD'].sort());
  });

  it('show the providers’ ids to secret keys', async () => {
    const { body } = await api.call('GET', '/billing/plans/pro');
    expect(body.provider_ids).toEqual({
      merchant: { monthly_USD: 'mprice_pro_monthly', yearly_USD: 'mprice_pro_yearly' },
    });
  });

  it('come in pages, in their order', async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<TestApi['call']>> = await api.call(
        'GET',
        `/billing/plans?limit=3${cursor ? `&cursor=${cursor}` : ''}`,
      );
      seen.push(...page.body.data.map((plan) => plan.key));
      cursor = page.body.next_cursor;
    } while (cursor);
    expect(seen).toEqual(['free', 'pro', 'starter-kit', 'scale']);
    expect(await api.call('GET', '/billing/plans?cursor=junk')).toMatchObject({
      status: 422,
      body: { code: 'cursor_invalid' },
    });
    expect((await api.call('GET', '/billing/plans?limit=101')).status).toBe(422);
    expect((await api.call('GET', '/billing/plans?page=2')).body.errors[0]).toMatchObject({
      pointer: '/page',
      code: 'unknown_field',
    });
  });
});

describe('organizations', () => {
  it('exist from the first call that names them, and keep what is not named', async () => {
    const path = `/billing/organizations/${randomUUID()}`;
    expect((await api.call('GET', path)).status).toBe(404);
    const put = await api.call('PUT', path, { body: { name: 'Ana', country: 'mx', preferred_provider: 'world' } });
    expect(put).toMatchObject({ status: 200, body: { name: 'Ana', country: 'MX', preferred_provider: 'world' } });
    const again = await api.call('PUT', path, { body: { email: 'ana@example.com', name: null } });
    expect(again.body).toMatchObject({ name: null, email: 'ana@example.com', country: 'MX' });
    const audit = await api.call('GET', `/ops/audit?entity_id=${path.split('/').at(-1)}`);
    expect(JSON.stringify(audit.body)).not.toContain('ana@example.com');
  });

  it('are refused with a bad id or an unknown provider', async () => {
    expect((await api.call('PUT', '/billing/organizations/a%20b', { body: {} })).status).toBe(404);
    expect((await api.call('PUT', '/billing/organizations/a', { body: { preferred_provider: 'x' } })).status).toBe(422);
  });

  it('lend their profile to a checkout', async () => {
    const id = `org_${randomUUID()}`;
    await api.call('PUT', `/billing/organizations/${id}`, {
      body: { country: 'MX', email: 'ana@example.com', name: 'Ana', phone: '+525500000000' },
    });
    const made = await api.call('POST', '/billing/checkout', {
      body: { organization_id: id, product_id: 'starter-kit' },
    });
    expect(made.body).toMatchObject({ provider: 'local', routing: { country_source: 'profile' } });
    const [row] = await api.query('select name, phone from checkouts where organization_id = ?', [id]);
    expect(row).toEqual({ name: 'Ana', phone: '+525500000000' });
  });
});

describe('subscriptions', () => {
  it('are read by id, by organization, and listed', async () => {
    const organization = `org_${randomUUID()}`;
    const { body: made } = await api.call('POST', '/billing/checkout', {
      body: { organization_id: organization, product_id: 'pro', country: 'US' },
    });
    const add = async (id: string, status: string) =>
      api.query(
        `insert into subscriptions (id, project_id, live, organization_id, plan_id, price_id, checkout_id, status,
           billing_interval, quantity, provider, provider_subscription_id, amount_minor, currency)
         select ?, project_id, live, organization_id, plan_id, price_id, ?, ?, 'monthly', 1, 'world', ?, 2900, 'USD'
         from checkouts where id = ? returning id`,
        [id, `${made.checkout_id}${status}`, status, id, made.checkout_id],
      );
    const entitle = async (id: string) =>
      api.query(
        `insert into entitlements (source_kind, source_id, plan_id, is_allowed, reason, project_id, live, organization_id)
         select 'subscription', id, plan_id, true, 'subscription_active', project_id, live, organization_id
         from subscriptions where id = ? returning source_id`,
        [id],
      );
    const [older, newer] = [`sub_${'1'.repeat(32)}`, `sub_${'2'.repeat(32)}`];
    await add(older, 'active');
    await entitle(older);
    await add(newer, 'canceled');
    const current = `/billing/organizations/${organization}/subscription`;
    expect((await api.call('GET', current)).body).toMatchObject({ id: older, plan: 'pro', entitled: true });
    expect((await api.call('GET', `${current}?plan=pro`)).body.id).toBe(older);
    expect((await api.call('GET', `${current}?plan=free`)).status).toBe(404);
    expect((await api.call('GET', `/billing/subscriptions/${newer}`)).body).toMatchObject({ entitled: false });
    expect((await api.call('GET', `/billing/subscriptions/${organization}`)).body.id).toBe(older);
    expect((await api.call('GET', `/billing/subscriptions/${newer}`, { key: api.keys.other })).status).toBe(404);
    const list = await api.call('GET', `/billing/subscriptions?organization_id=${organization}&limit=1`);
    expect(list.body.data[0]?.id).toBe(newer);
    const rest = await api.call(
      'GET',
      `/billing/subscriptions?organization_id=${organization}&limit=1&cursor=${list.body.next_cursor}`,
    );
    expect(rest.body).toMatchObject({ data: [{ id: older }], next_cursor: null });
  });
});

describe('bad requests', () => {
  const post = (raw: string | Buffer) => api.call('POST', '/billing/checkout', { raw });

  it('of broken JSON are 400, without an echo', async () => {
    const refused = await post('{"email": "ana@example.com"');
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_json' } });
    expect(JSON.stringify(refused.body) + api.logs.join('')).not.toContain('ana@example.com');
  });

  it('of 10 MB are 413', async () => {
    expect(await post(Buffer.alloc(10 * 1024 * 1024, 'a'))).toMatchObject({
      status: 413,
      body: { code: 'body_too_large' },
    });
  });

  it('that are no object are 422', async () => {
    expect((await post('[]')).body.code).toBe('validation_failed');
  });

  it('to unknown paths and methods are 404 and 405', async () => {
    expect((await api.call('GET', '/billing/nothing')).body.code).toBe('not_found');
    const wrong = await api.call('DELETE', '/billing/plans');
    expect(wrong).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } });
    expect(wrong.headers.get('allow')).toBe('GET');
    expect((await api.call('GET', '/nowhere', { key: null })).status).toBe(404);
    expect((await api.call('GET', '/billing/plans/%E0%A4%A')).status).toBeLessThan(500);
  });
});

describe('every answer', () => {
  it('has the request id, made or echoed, and the limits', async () => {
    const echoed = await api.call('GET', '/billing/plans', { headers: { 'x-request-id': 'abc-1' } });
    expect(echoed.headers.get('x-request-id')).toBe('abc-1');
    const made = await api.call('GET', '/billing/plans', { headers: { 'x-request-id': 'a b\u00e9' } });
    expect(made.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(made.headers.get('ratelimit')).toContain('r=');
    expect(made.headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('is 429 beyond the limit of the key', async () => {
    const limited = await startApi({
      settings: {
        publicUrl: 'http://api.test',
        trustProxy: [],
        cdnCountryHeader: null,
        cdnSecret: null,
        rateLimitPerMinute: 2,
        isProduction: false,
      },
    });
    const answers = [];
    for (let index = 0; index < 3; index += 1) answers.push(await limited.call('GET', '/billing/plans'));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 429]);
    expect(answers[2]?.headers.get('retry-after')).toBeTruthy();
    expect(answers[2]?.body.code).toBe('rate_limited');
    await limited.close();
  });
});

describe('health and documents', () => {
  it('tell that it lives, and what is missing', async () => {
    expect((await api.call('GET', '/healthz', { key: null })).status).toBe(200);
    expect(await api.call('GET', '/readyz', { key: null })).toMatchObject({ status: 200, body: { missing: [] } });
    api.temporal.absent = ['worker'];
    await expect
      .poll(async () => (await api.call('GET', '/readyz', { key: null })).body, { timeout: 3_000 })
      .toMatchObject({
        status: 'not_ready',
        missing: ['worker'],
      });
    const metrics = await api.call('GET', '/metrics', { key: null });
    expect(metrics.body.text).toContain('billing_http_request_duration_seconds_bucket');
    expect(metrics.body.text).toContain('route="/api/v1/billing/plans"');
  });

  it('describe every route and every error', async () => {
    const { body } = await api.call('GET', '/openapi.json', { key: null });
    expect(body.openapi).toBe('3.1.0');
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining([
        '/billing/checkout',
        '/billing/plans/{id}',
        '/webhooks/{provider}',
        '/merchant/checkout',
      ]),
    );
    expect((await api.call('GET', '/docs', { key: null })).body.text).toContain('/billing/checkout');
    for (const code of Object.keys(errorPages))
      expect((await api.call('GET', `/docs/errors/${code}`, { key: null })).status).toBe(200);
    expect((await api.call('GET', '/docs/errors/toString', { key: null })).status).toBe(404);
  });
});
