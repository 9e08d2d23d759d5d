import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../../src/db/new-id.ts';
import { startApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
  await api.query(`update plans set features = '{sso,audit}', limits = '{"api_calls": 10000}' where id = ?`, [
    api.plans.pro,
  ]);
});
afterAll(() => api.close());

interface Access {
  readonly allowed: boolean;
  readonly reason: string;
}

async function anOrganization(): Promise<string> {
  const id = `org_${randomUUID()}`;
  await api.query(`insert into organizations (project_id, live, id) values ('default', false, ?)`, [id]);
  return id;
}

/** A subscription to `pro` with its entitlement, as the workers write it. */
async function aSubscription(organizationId: string, entitlement: Partial<Access> & { until?: Date } = {}) {
  const id = newId('sub');
  const { allowed = true, reason = 'subscription_active', until = null } = entitlement;
  await api.query(
    `insert into subscriptions (id, project_id, live, organization_id, plan_id, price_id, status, billing_interval,
       quantity, amount_minor, currency, collection, current_period_end)
     select ?, 'default', false, ?, plan_id, id, 'active', 'monthly', 1, 2900, 'USD', 'none', '2099-01-01T00:00:00Z'
     from prices where plan_id = ? and currency = 'USD' and billing_interval = 'monthly'`,
    [id, organizationId, api.plans.pro],
  );
  await api.query(
    `insert into entitlements (project_id, live, organization_id, source_kind, source_id, plan_id, is_allowed, reason, until)
     values ('default', false, ?, 'subscription', ?, ?, ?, ?, ?)`,
    [organizationId, id, api.plans.pro, allowed, reason, until],
  );
  return id;
}

const access = (organizationId: string, more = '', options = {}) =>
  api.call('GET', `/billing/access?organization_id=${organizationId}${more}`, options);

describe('GET /billing/access', () => {
  it('tells what a subscription allows, by plan, feature and limit', async () => {
    const organization = await anOrganization();
    const subscriptionId = await aSubscription(organization);
    const shared = { reason: 'subscription_active', plan: 'pro', used: null, subscription_id: subscriptionId };
    for (const question of ['', '&plan=pro', `&plan=${api.plans.pro}`, '&feature=sso'])
      expect(await access(organization, question)).toMatchObject({
        status: 200,
        body: { ...shared, allowed: true, limit: null, resets_at: '2099-01-01T00:00:00.000Z' },
      });
    expect((await access(organization, '&limit=api_calls')).body).toMatchObject({ allowed: true, limit: 10_000 });
    expect((await access(organization, '&feature=beta')).body).toMatchObject({
      ...{ allowed: false, reason: 'feature_not_included', plan: 'pro' },
    });
    expect((await access(organization, '&plan=enterprise')).body).toMatchObject({ reason: 'plan_not_included' });
  });

  it('counts the grace with the clock', async () => {
    const organization = await anOrganization();
    await aSubscription(organization, { reason: 'subscription_past_due_grace', until: new Date(Date.now() + 60_000) });
    expect((await access(organization)).body).toMatchObject({ allowed: true, reason: 'subscription_past_due_grace' });
    await api.query(`update entitlements set until = now() where organization_id = ?`, [organization]);
    expect((await access(organization)).body).toMatchObject({ allowed: false, reason: 'grace_ended' });
  });

  it('refuses whom it does not know, with a reason and no fault', async () => {
    expect(await access('org_nobody', '&limit=api_calls')).toMatchObject({
      status: 200,
      body: { ...{ allowed: false, reason: 'no_subscription', plan: null, limit: 0, subscription_id: null } },
    });
  });

  it('keeps projects and modes apart', async () => {
    const organization = await anOrganization();
    await aSubscription(organization);
    for (const key of [api.keys.other, api.keys.live])
      expect((await access(organization, '', { key })).body).toMatchObject({
        ...{ allowed: false, reason: 'no_subscription' },
      });
  });

  it('wants one question at a time, about an organization', async () => {
    expect(await access('org_1', '&plan=pro&feature=sso')).toMatchObject({
      ...{ status: 422, body: { code: 'validation_failed', errors: [{ pointer: 'plan' }] } },
    });
    expect(await access('org_1', '&planet=mars')).toMatchObject({
      ...{ status: 422, body: { errors: [{ pointer: '/planet', code: 'unknown_field' }] } },
    });
    expect(await api.call('GET', '/billing/access')).toMatchObject({
      ...{ status: 422, body: { code: 'organization_required' } },
    });
    expect((await api.call('POST', '/billing/access')).status).toBe(405);
  });

  it('answers a session for its own organization alone, unnamed too, and a publishable key not at all', async () => {
    const organization = await anOrganization();
    await aSubscription(organization);
    const opened = await api.call('POST', '/billing/sessions', { body: { organization_id: organization } });
    const session = { key: api.keys.publishable, headers: { 'plinto-session': opened.body.session_token } };
    expect((await api.call('GET', '/billing/access', session)).body).toMatchObject({ allowed: true });
    expect(await access(await anOrganization(), '', session)).toMatchObject({
      ...{ status: 404, body: { code: 'organization_not_found' } },
    });
    expect((await access(organization, '', { key: api.keys.publishable })).status).toBe(403);
    const browser = await access(organization, '', {
      ...{ ...session, headers: { ...session.headers, origin: 'https://app.example' } },
    });
    expect(browser.headers.get('access-control-allow-origin')).toBe('https://app.example');
  });
});
