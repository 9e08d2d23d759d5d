import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../../src/db/new-id.ts';
import { BillingError } from '../../../src/domain/errors.ts';
import type { SubscriptionAbilities } from '../../../src/domain/routing/abilities.ts';
import type { PortalOperations } from '../../../src/providers/port-money.ts';
import { fakeProviders } from './fake-providers.ts';
import { startApi, type CallOptions, type TestApi } from './support.ts';

type Create = PortalOperations['create'];
const asked: (Parameters<Create>[0] & { readonly provider: string })[] = [];
/** What `merchant` answers; `world` has no portal at all. */
let answer: Create;

async function ofMerchant(input: Parameters<Create>[0]) {
  asked.push({ ...input, provider: 'merchant' });
  return answer(input);
}

async function ofLocal(input: Parameters<Create>[0]) {
  asked.push({ ...input, provider: 'local' });
  return { url: 'https://local.example/portal', expiresAt: null };
}

const subscriptions: SubscriptionAbilities = {
  ...{ cancel: ['now', 'period_end'], undoCancel: true, pause: [], pauseUntil: false, proration: [], preview: false },
  ...{ change: { plan: [], interval: [], quantity: [] }, moveTrialEnd: false, renews: true },
};
const plain = fakeProviders();
let api: TestApi;
beforeAll(async () => {
  api = await startApi({
    providers: {
      ...plain,
      abilities: (id) => {
        const abilities = plain.abilities(id);
        return abilities && { ...abilities, subscriptions };
      },
      async account(projectId, live, id) {
        const account = await plain.account(projectId, live, id);
        const portal = { merchant: { create: ofMerchant }, local: { create: ofLocal } }[id];
        return account && portal ? { ...account, client: { ...account.client, portal } } : account;
      },
    },
  });
});
afterAll(() => api?.close());
beforeEach(() => {
  asked.length = 0;
  answer = async () => ({ url: 'https://merchant.example/portal/x', expiresAt: '2026-12-01T00:00:00.000Z' });
});

async function anOrganization(): Promise<string> {
  const id = `org_${randomUUID()}`;
  await api.query(`insert into organizations (id, project_id, live) values (?, 'default', false)`, [id]);
  return id;
}

async function aCustomer(organizationId: string, provider: string): Promise<void> {
  await api.query(
    `insert into provider_customers (provider, provider_customer_id, project_id, live, organization_id)
     values (?, ?, 'default', false, ?)`,
    [provider, `cus_of_${provider}`, organizationId],
  );
}

async function aSubscription(organizationId: string, provider: string | null, status = 'active'): Promise<string> {
  const id = newId('sub');
  await api.query(
    `insert into subscriptions (id, plan_id, price_id, status, billing_interval, quantity, provider,
       provider_subscription_id, provider_customer_id, amount_minor, currency, current_period_end, project_id, live,
       organization_id, ended_at)
     select ?, plan_id, id, ?, 'monthly', 1, ?, ?, ?, 2900, 'USD', '2026-12-21', 'default', false, ?,
       case when ? = 'canceled' then now() end
     from prices where plan_id = ? and billing_interval = 'monthly' and currency = 'USD'`,
    [
      id,
      status,
      provider,
      provider && `psub_${id}`,
      provider && `cus_${provider}`,
      organizationId,
      status,
      api.plans.pro,
    ],
  );
  return id;
}

interface PortalView {
  readonly portal_url: string;
  readonly provider: string | null;
  readonly expires_at: string | null;
}

async function open(organizationId: string, query = '', options: CallOptions = {}) {
  const called = await api.call('GET', `/billing/customer/portal?organization_id=${organizationId}${query}`, options);
  return { ...called, portal: called.body as unknown as PortalView };
}

async function visit(url: string, init: RequestInit = {}) {
  const response = await fetch(url.replace('http://api.test', api.url), { redirect: 'manual', ...init });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const tokenOf = ({ portal_url: url }: PortalView) => url.split('/').at(-1) ?? '';

describe('the portal', () => {
  it("is that of the live subscription's provider, for this visit", async () => {
    const id = await anOrganization();
    await aCustomer(id, 'local');
    const subscription = await aSubscription(id, 'merchant');
    const { status, portal, headers } = await open(id, '&return_url=https://app.example/billing');
    expect(status).toBe(200);
    expect(portal).toEqual({
      portal_url: 'https://merchant.example/portal/x',
      provider: 'merchant',
      expires_at: '2026-12-01T00:00:00.000Z',
    });
    expect(headers.get('cache-control')).toBe('no-store');
    await open(id);
    expect(asked).toMatchObject([
      {
        providerCustomerId: 'cus_merchant',
        providerSubscriptionId: `psub_${subscription}`,
        returnUrl: 'https://app.example/billing',
      },
      { returnUrl: null },
    ]);
    expect(asked[0]?.idempotencyKey).not.toBe(asked[1]?.idempotencyKey);
  });

  it('prefers what entitles over what is paused, that over old customers, and those over what has ended', async () => {
    const id = await anOrganization();
    await aSubscription(id, 'merchant', 'canceled');
    await aCustomer(id, 'local');
    expect((await open(id)).portal.provider).toBe('local');
    await aSubscription(id, 'merchant', 'paused');
    expect((await open(id)).portal.provider).toBe('merchant');
    await aSubscription(id, 'local', 'past_due');
    await aSubscription(id, 'merchant', 'paused');
    expect((await open(id)).portal.provider).toBe('local');
  });

  it("under a provider's name is that provider's, where the organization is a customer there", async () => {
    const id = await anOrganization();
    await aSubscription(id, 'merchant');
    await aCustomer(id, 'local');
    const under = async (name: string) =>
      (await api.call('GET', `/api/v1/${name}/customer/portal?organization_id=${id}`)).body as unknown as PortalView;
    expect((await under('local')).provider).toBe('local');
    expect((await under('world')).provider).toBe('merchant');
  });

  it.each([
    ['has no portal', 'world', undefined],
    ['is away', 'merchant', new BillingError({ code: 'provider_timeout', kind: 'unavailable', message: 'late' })],
    [
      'refuses',
      'merchant',
      new BillingError({ code: 'provider_subscription_required', kind: 'invalid', message: 'no' }),
    ],
  ])('is our own page where the provider %s', async (_what, provider, error) => {
    if (error) answer = () => Promise.reject(error);
    const id = await anOrganization();
    await aSubscription(id, provider);
    const { status, portal } = await open(id);
    expect({ status, provider: portal.provider }).toEqual({ status: 200, provider: null });
    expect(portal.portal_url).toMatch(/^http:\/\/api\.test\/portal\/[\w-]{43}$/);
    expect(Date.parse(portal.expires_at ?? '')).toBeGreaterThan(Date.now() + 3_500_000);
    expect((await visit(portal.portal_url)).status).toBe(200);
  });

  it('is our own page for what costs nothing', async () => {
    const id = await anOrganization();
    await aSubscription(id, null);
    expect((await open(id)).portal.provider).toBeNull();
  });
});

describe('the portal is refused', () => {
  it('to an organization that never was a customer', async () => {
    const notFound = { status: 404, body: { code: 'customer_not_found' } };
    expect(await open(await anOrganization())).toMatchObject(notFound);
    expect(await open('never_named')).toMatchObject(notFound);
    const id = await anOrganization();
    await aSubscription(id, 'merchant');
    expect(await open(id, '', { key: api.keys.live })).toMatchObject(notFound);
    expect(await open(id, '', { key: api.keys.other })).toMatchObject(notFound);
    expect(asked).toEqual([]);
  });

  it.each(['https://evil.example/', 'javascript:alert(1)', 'https://app.example@evil.example/', '/billing', ''])(
    'with the way back %j',
    async (url) => {
      const id = await anOrganization();
      await aSubscription(id, 'merchant');
      const refused = await open(id, `&return_url=${encodeURIComponent(url)}`);
      expect(refused).toMatchObject({ status: 422, body: { code: 'redirect_not_allowed' } });
      expect(refused.body.errors).toMatchObject([{ pointer: '/return_url' }]);
      expect(asked).toEqual([]);
    },
  );

  it('without an organization, with unknown parameters, and by other methods', async () => {
    const path = '/billing/customer/portal';
    expect(await api.call('GET', path)).toMatchObject({ status: 422, body: { code: 'organization_required' } });
    expect(await open('a', '&nonsense=1')).toMatchObject({ status: 422, body: { code: 'validation_failed' } });
    expect((await api.call('POST', path, { body: {} })).status).toBe(405);
  });

  it("under another organization's session", async () => {
    const id = await anOrganization();
    await aSubscription(id, 'merchant');
    const session = await aSession(await anOrganization(), ['read']);
    expect(await open(id, '', session)).toMatchObject({ status: 404, body: { code: 'organization_not_found' } });
  });
});

async function aSession(organizationId: string, permissions: readonly string[]): Promise<CallOptions> {
  const opened = await api.call('POST', '/billing/sessions', {
    body: { organization_id: organizationId, permissions },
  });
  return { key: api.keys.publishable, headers: { 'plinto-session': opened.body.session_token } };
}

async function ourPage(permissions: readonly string[] = ['read', 'manage'], status = 'active') {
  const id = await anOrganization();
  const subscription = await aSubscription(id, 'world', status);
  const options = await aSession(id, permissions);
  const { portal } = await open(id, '&return_url=https://app.example/billing', options);
  return { id, subscription, portal };
}

describe('our own page', () => {
  it('shows what the organization has, in the language of the browser, and leads back', async () => {
    const { portal, id } = await ourPage();
    await api.query(`update projects set name = '<b>Acme & Co</b>' where id = 'default'`);
    await api.query(
      `insert into payment_methods (id, provider, provider_payment_method_id, status, type, brand, last4, exp_month,
         exp_year, is_default, project_id, live, organization_id)
       values (?, 'world', ?, 'active', 'card', 'visa', '4242', 4, 2031, true, 'default', false, ?)`,
      [newId('pm'), randomUUID(), id],
    );
    const english = await visit(portal.portal_url);
    expect(english.text).toContain('<html lang="en">');
    expect(english.text).toContain('Next payment: USD');
    expect(english.text).toContain('December 21, 2026');
    expect(english.text).toContain('Visa •••• 4242');
    expect(english.text).toContain('href="https://app.example/billing"');
    expect(english.text).toContain('&lt;b&gt;Acme &amp; Co&lt;/b&gt;');
    const spanish = await visit(portal.portal_url, { headers: { 'accept-language': 'es-MX,es;q=0.9' } });
    expect(spanish.text).toContain('<html lang="es">');
    expect(spanish.text).toContain('21 de diciembre de 2026');
  });

  it('is not cached, framed, scripted or referred from', async () => {
    const { headers } = await visit((await ourPage()).portal.portal_url);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("default-src 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('keeps its token out of the log and the database', async () => {
    const { portal } = await ourPage();
    await visit(portal.portal_url);
    await visit(`${portal.portal_url}/nowhere`);
    const token = tokenOf(portal);
    expect(api.logs.join('')).toContain('/portal/:token');
    expect(api.logs.join('')).not.toContain(token);
    expect(JSON.stringify(await api.query('select * from portal_links'))).not.toContain(token);
  });

  it('cancels and takes that back by what the API does', async () => {
    const { portal, subscription } = await ourPage();
    api.temporal.work = async (what) => {
      await api.query(`update subscription_changes set status = 'applied', effective_at = now() where id = ?`, [
        what.split('/')[1],
      ]);
      await api.query(
        `update subscriptions set cancel_at_period_end = not cancel_at_period_end, cancel_at = current_period_end,
           version = version + 1 where id = ?`,
        [subscription],
      );
    };
    const post = (act: string) =>
      visit(`${portal.portal_url}/subscriptions/${subscription}/${act}`, { method: 'POST' });
    const canceled = await post('cancel');
    expect(canceled.status).toBe(303);
    expect(canceled.headers.get('location')).toBe(`/portal/${tokenOf(portal)}?done=canceled`);
    const after = await visit(`${portal.portal_url}?done=canceled`);
    expect(after.text).toContain('Your subscription has been canceled.');
    expect(after.text).toContain('Ends on');
    expect(after.text).toContain('/keep"');
    expect((await post('keep')).headers.get('location')).toMatch(/done=kept$/);
    const changes = await api.query(
      `select kind, timing, actor from subscription_changes where subscription_id = ? order by id`,
      [subscription],
    );
    expect(changes).toMatchObject([
      { kind: 'cancel', timing: 'period_end', actor: expect.stringMatching(/^portal:session:key_/) },
      { kind: 'undo_cancel' },
    ]);
  });

  it('only shows to whoever may only read', async () => {
    const { portal, subscription } = await ourPage(['read']);
    const page = await visit(portal.portal_url);
    expect(page.text).not.toContain('<form');
    const refused = await visit(`${portal.portal_url}/subscriptions/${subscription}/cancel`, { method: 'POST' });
    expect(refused.headers.get('location')).toMatch(/failed=insufficient_scope$/);
    expect(await api.query('select id from subscription_changes where subscription_id = ?', [subscription])).toEqual(
      [],
    );
  });

  it("does nothing to another organization's subscription, or for another site's form", async () => {
    const [mine, theirs] = [await ourPage(), await ourPage()];
    const foreign = await visit(`${mine.portal.portal_url}/subscriptions/${theirs.subscription}/cancel`, {
      method: 'POST',
    });
    expect(foreign.headers.get('location')).toMatch(/failed=subscription_not_found$/);
    for (const site of ['cross-site', 'same-site']) {
      const forged = await visit(`${mine.portal.portal_url}/subscriptions/${mine.subscription}/cancel`, {
        method: 'POST',
        headers: { 'sec-fetch-site': site },
      });
      expect(forged.status).toBe(403);
    }
    expect(
      await api.query('select id from subscription_changes where organization_id in (?, ?)', [mine.id, theirs.id]),
    ).toEqual([]);
  });

  it('ends with its hour, and says so in words', async () => {
    const { portal } = await ourPage();
    await api.query(`update portal_links set expires_at = now()`);
    const spanish = { headers: { 'accept-language': 'es' } };
    for (const url of [portal.portal_url, `${api.url}/portal/${'x'.repeat(43)}`, `${api.url}/portal/short`]) {
      const gone = await visit(url, spanish);
      expect(gone.status).toBe(404);
      expect(gone.text).toContain('Este enlace ya no funciona');
    }
  });

  it('leads to the document of an own invoice', async () => {
    const { portal, id } = await ourPage();
    const invoice = newId('inv');
    await api.query(
      `insert into invoices (id, provider, provider_invoice_id, status, total_minor, amount_paid_minor,
         amount_refunded_minor, currency, hosted_url, project_id, live, organization_id)
       values (?, 'world', ?, 'paid', 2900, 2900, 0, 'USD', 'https://world.example/i/1', 'default', false, ?)`,
      [invoice, invoice, id],
    );
    const led = await visit(`${portal.portal_url}/invoices/${invoice}`);
    expect([led.status, led.headers.get('location')]).toEqual([303, 'https://world.example/i/1']);
    const other = await ourPage();
    const foreign = await visit(`${other.portal.portal_url}/invoices/${invoice}`);
    expect(foreign.headers.get('location')).toMatch(/failed=invoice_not_found$/);
  });
});
