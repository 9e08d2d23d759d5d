import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createKeyRing } from '../../../src/crypto/key-ring.ts';
import { newId } from '../../../src/db/new-id.ts';
import type { SubscriptionAbilities } from '../../../src/domain/routing/abilities.ts';
import { fakeProviders } from './fake-providers.ts';
import { startApi, type TestApi } from './support.ts';

const keyRing = createKeyRing([{ id: 'k1', key: randomBytes(32) }]);
const subscriptions: SubscriptionAbilities = {
  ...{ cancel: ['now', 'period_end'], undoCancel: true, pause: [], pauseUntil: false, proration: [], preview: false },
  ...{ change: { plan: [], interval: [], quantity: [] }, moveTrialEnd: false, renews: true },
};
const plain = fakeProviders();
let api: TestApi;
beforeAll(async () => {
  api = await startApi({
    keyRing,
    providers: {
      ...plain,
      abilities: (id) => {
        const abilities = plain.abilities(id);
        return abilities && { ...abilities, subscriptions };
      },
    },
  });
});
afterAll(() => api?.close());
beforeEach(() => {
  api.temporal.work = async () => undefined;
  api.temporal.ran.length = 0;
});

async function aCustomer(): Promise<string> {
  const id = `org_${randomUUID()}`;
  await api.query(`insert into organizations (id, project_id, live) values (?, 'default', false)`, [id]);
  await api.query(
    `insert into provider_customers (provider, provider_customer_id, project_id, live, organization_id)
     values ('merchant', ?, 'default', false, ?)`,
    [`cus_${id}`, id],
  );
  return id;
}

async function aSubscription(organizationId: string, status = 'active'): Promise<string> {
  const id = newId('sub');
  await api.query(
    `insert into subscriptions (id, plan_id, price_id, status, billing_interval, quantity, provider,
       provider_subscription_id, amount_minor, currency, current_period_end, project_id, live, organization_id)
     select ?, plan_id, id, ?, 'monthly', 1, 'merchant', ?, 2900, 'USD', now() + interval '9 days', 'default', false, ?
     from prices where plan_id = ? and billing_interval = 'monthly' and currency = 'USD'`,
    [id, status, id, organizationId, api.plans.pro],
  );
  return id;
}

const sections = [
  ...['subscriptions', 'subscription_changes', 'checkouts', 'orders', 'invoices', 'payments', 'refunds', 'disputes'],
  ...['payment_methods', 'benefits', 'license_keys', 'license_activations', 'entitlements', 'usage', 'sessions'],
  ...['portal_links', 'provider_customers', 'events', 'audit'],
];

/** As the last activity of an export does. */
async function finish(jobId: string, organizationId: string): Promise<void> {
  const whole = {
    ...{ job_id: jobId, organization_id: organizationId, exported_at: new Date().toISOString(), organization: null },
    ...Object.fromEntries(sections.map((name) => [name, []])),
    providers: { merchant: { customer: [{ email: 'ada@example.com' }] } },
  };
  await api.orm.em.fork().execute(
    `update customer_data_jobs set status = 'done', finished_at = now(), expires_at = now() + interval '1 day', result = ?
     where id = ?`,
    [keyRing.encrypt(Buffer.from(JSON.stringify(whole))), jobId],
    'run',
  );
}

const path = (id: string, more = '') => `/billing/customer/data?organization_id=${id}${more}`;
const jobPath = (id: string) => `/billing/customer/data/jobs/${id}`;
const idOf = (workflowId: string) => workflowId.split('/')[1] ?? '';

describe('an export', () => {
  it('answers everything at once when it is gathered soon', async () => {
    const id = await aCustomer();
    api.temporal.work = (workflowId) => finish(idOf(workflowId), id);
    const { status, body, headers } = await api.call('GET', path(id));
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(Object.keys(body)).toEqual(expect.arrayContaining([...sections, 'organization', 'providers']));
    expect(body).toMatchObject({ organization_id: id, providers: { merchant: { customer: [{}] } } });
    expect(api.temporal.ran).toEqual([expect.stringMatching(/^customer-data\/job_/)]);
    expect(api.logs.join('')).not.toContain('ada@example.com');
  });

  it('else answers a job, which a repeat joins and which tells the result for a day', async () => {
    const id = await aCustomer();
    const first = await api.call('GET', path(id));
    expect(first).toMatchObject({ status: 202, body: { kind: 'export', status: 'running', result: null } });
    const again = await api.call('GET', path(id));
    expect(again.body.id).toBe(first.body.id);
    expect((await api.call('GET', jobPath(first.body.id))).body).toMatchObject({ status: 'running', result: null });
    await finish(first.body.id, id);
    const done = await api.call('GET', jobPath(first.body.id));
    expect(done.body).toMatchObject({ status: 'done', result: { organization_id: id } });
    await api.query(`update customer_data_jobs set expires_at = now() where id = ?`, [first.body.id]);
    expect((await api.call('GET', jobPath(first.body.id))).body).toMatchObject({ status: 'done', result: null });
  });

  it('is for whoever manages the organization', async () => {
    const id = await aCustomer();
    const as = async (organizationId: string, permissions: readonly string[]) => {
      const opened = await api.call('POST', '/billing/sessions', {
        body: { organization_id: organizationId, permissions },
      });
      const session = { 'plinto-session': opened.body.session_token };
      return (more = path(id)) => api.call('GET', more, { key: api.keys.publishable, headers: session });
    };
    expect((await (await as(id, ['read']))()).status).toBe(403);
    const manager = await as(id, ['manage']);
    const job = await manager();
    expect(job.status).toBe(202);
    expect((await manager('/billing/customer/data')).body.id).toBe(job.body.id);
    const stranger = await as(await aCustomer(), ['manage']);
    expect(await stranger()).toMatchObject({ status: 404, body: { code: 'organization_not_found' } });
    expect(await stranger(jobPath(job.body.id))).toMatchObject({ status: 404, body: { code: 'job_not_found' } });
    expect((await api.call('GET', path(id), { key: api.keys.publishable })).status).toBe(403);
    expect((await api.call('GET', path(id), { key: api.keys.reader })).status).toBe(202);
    for (const key of [api.keys.live, api.keys.other]) {
      expect((await api.call('GET', path(id), { key })).body.code).toBe('customer_not_found');
      expect((await api.call('GET', jobPath(job.body.id), { key })).body.code).toBe('job_not_found');
    }
  });

  it('of an organization that never was a customer is 404, and writes nothing', async () => {
    expect(await api.call('GET', path('nobody'))).toMatchObject({ status: 404, body: { code: 'customer_not_found' } });
    expect(await api.query(`select id from customer_data_jobs where organization_id = 'nobody'`)).toEqual([]);
    expect((await api.call('GET', jobPath('job_1'))).status).toBe(404);
  });

  it("answers under a provider's name too", async () => {
    const id = await aCustomer();
    expect((await api.call('GET', `/api/v1/merchant/customer/data?organization_id=${id}`)).status).toBe(202);
  });
});

describe('without encryption keys', () => {
  it('nothing is exported', async () => {
    const bare = await startApi({ keyRing: null });
    try {
      const { status, body } = await bare.call('GET', path('anybody'));
      expect({ status, code: body.code }).toEqual({ status: 503, code: 'encryption_not_configured' });
    } finally {
      await bare.close();
    }
  });
});

describe('an erasure', () => {
  const erase = (id: string, more = '', options = {}) => api.call('DELETE', path(id, more), options);

  it('is a job to follow, the same for the same key', async () => {
    const id = await aCustomer();
    const headers = { 'idempotency-key': randomUUID() };
    const first = await erase(id, '', { headers });
    expect(first).toMatchObject({ status: 202, body: { kind: 'erasure', status: 'running', organization_id: id } });
    const again = await erase(id, '', { headers });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.body.id).toBe(first.body.id);
    expect((await erase(id)).body.id).toBe(first.body.id);
    expect((await erase(id, '&cancel_subscriptions=true', { headers })).body.code).toBe('idempotency_key_reused');
    const told = await api.query(`select action, detail from audit_log where entity_id = ?`, [id]);
    expect(told).toEqual([{ action: 'customer_data.erasure_requested', detail: first.body.id }]);
  });

  it('is refused while a subscription lives, naming it, and changes nothing', async () => {
    const id = await aCustomer();
    const subscription = await aSubscription(id, 'paused');
    await aSubscription(id, 'canceled');
    expect(await erase(id)).toMatchObject({
      status: 409,
      body: { code: 'subscription_live', subscription_ids: [subscription] },
    });
    expect(await api.query('select id from customer_data_jobs where organization_id = ?', [id])).toEqual([]);
  });

  it('ends what lives first, where it is asked to', async () => {
    const id = await aCustomer();
    const subscription = await aSubscription(id);
    const accepted = await erase(id, '&cancel_subscriptions=true');
    expect(accepted.status).toBe(202);
    const changes = await api.query('select kind, timing from subscription_changes where subscription_id = ?', [
      subscription,
    ]);
    expect(changes).toEqual([{ kind: 'cancel', timing: 'now' }]);
    expect(api.temporal.ran).toEqual([`customer-data/${accepted.body.id}`]);
  });

  it('is for the app’s own server alone', async () => {
    const id = await aCustomer();
    const opened = await api.call('POST', '/billing/sessions', {
      body: { organization_id: id, permissions: ['read', 'manage'] },
    });
    const headers = { 'plinto-session': opened.body.session_token };
    expect((await erase(id, '', { key: api.keys.publishable, headers })).status).toBe(403);
    expect((await erase(id, '', { key: api.keys.reader })).status).toBe(403);
    expect((await erase(id, '', { key: api.keys.live })).body.code).toBe('customer_not_found');
    expect((await erase('nobody')).body.code).toBe('customer_not_found');
    expect((await api.call('DELETE', '/billing/customer/data')).body.code).toBe('validation_failed');
    expect(api.temporal.ran).toEqual([]);
  });
});
