import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { startSystem, type System } from './support.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

let system: System;
beforeAll(async () => {
  system = await startSystem();
}, 120_000);
afterAll(() => system?.end());
beforeEach(() => system.clearFaults());

const soon = { timeout: 25_000, interval: 200 };
const cards = {
  good: '4242424242424242',
  other: '5555555555554444',
  declined: '4000000000000002',
  asksAlways: '4000002760003184',
};

interface Step {
  readonly kind: string;
  readonly url: string | null;
  readonly client_secret: string | null;
}

interface Method {
  readonly id: string;
  readonly status: string;
  readonly provider: string;
  readonly last4: string;
  readonly is_default: boolean;
  readonly next_action: Step | null;
}

interface Subscription {
  readonly id: string;
  readonly status: string;
  readonly provider: string | null;
  readonly payment_method_id: string | null;
  readonly next_action: Step | null;
}

let count = 0;

/** An organization that every provider takes. */
async function anOrganization(): Promise<string> {
  count += 1;
  const id = `org_direct_${count}`;
  const contact = { name: 'Ada Byron', email: `direct${count}@example.com`, phone: '+525512345678' };
  await system.api('PUT', `/billing/organizations/${id}`, contact);
  return id;
}

async function store(organization: string, provider: string, card: string, isDefault = true) {
  return system.api('POST', '/billing/payment-methods', {
    ...{ organization_id: organization, provider, set_as_default: isDefault },
    token: await system.token(provider, card),
  });
}

const methodsOf = async (organization: string) => {
  const { body } = await system.api('GET', `/billing/payment-methods?organization_id=${organization}`);
  return (body as { readonly data: readonly Method[] }).data;
};

const subscribe = (organization: string, body: Readonly<Record<string, unknown>> = {}) =>
  system.api('POST', '/billing/subscriptions', {
    ...{ organization_id: organization, plan_id: 'pro', billing_interval: 'monthly', ...body },
  });

const subscription = async (id: string) =>
  (await system.api('GET', `/billing/subscriptions/${id}`)).body as Subscription;

const chargesOf = async (id: string) =>
  (await system.ledger()).filter(
    ({ metadata, status }) => status === 'succeeded' && metadata['subscription_id'] === id,
  );

describe.each([
  { provider: 'stripe', currency: 'USD' },
  { provider: 'conekta', currency: 'MXN' },
])('at $provider', ({ provider, currency }) => {
  it('a stored card is charged for a subscription, once', async () => {
    const organization = await anOrganization();
    const stored = await store(organization, provider, cards.good);
    expect(stored).toMatchObject({
      status: 201,
      body: { status: 'active', provider, type: 'card', brand: 'visa', last4: '4242', is_default: true },
    });
    const answer = await subscribe(organization, { currency });
    const begun = answer.body as Subscription;
    expect(answer).toMatchObject({
      status: 201,
      body: { status: 'active', provider, payment_method_id: (stored.body as Method).id, entitled: true },
    });
    expect(await subscribe(organization, { currency })).toMatchObject({ status: 201, body: { id: begun.id } });
    expect((await subscription(begun.id)).status).toBe('active');
    const paid = await system.db.query('select * from payments where subscription_id = $1', [begun.id]);
    expect(paid.rows).toMatchObject([{ status: 'succeeded', currency }]);
  });

  it('a declined one begins nothing and charges nothing', async () => {
    const organization = await anOrganization();
    const stored = await store(organization, provider, cards.declined);
    // Some providers hear of it when the card is stored, some when it is charged.
    const answer = stored.status === 201 ? await subscribe(organization, { currency }) : stored;
    expect(answer).toMatchObject({ status: 422, body: { code: 'payment_declined' } });
    const rows = await system.db.query('select status from subscriptions where organization_id = $1', [organization]);
    expect(rows.rows.every(({ status }) => status === 'expired')).toBe(true);
    const paid = await system.db.query(`select id from payments where organization_id = $1 and status = 'succeeded'`, [
      organization,
    ]);
    expect(paid.rows).toEqual([]);
  });

  it('another card becomes the default, and the first one can go', async () => {
    const organization = await anOrganization();
    const first = (await store(organization, provider, cards.good)).body as Method;
    const { id } = (await subscribe(organization, { currency })).body as Subscription;
    expect(await system.api('DELETE', `/billing/payment-methods/${first.id}`)).toMatchObject({
      status: 409,
      body: { code: 'payment_method_in_use', subscription_id: id },
    });
    const second = (await store(organization, provider, cards.other, false)).body as Method;
    expect(await system.api('POST', `/billing/payment-methods/${second.id}/default`)).toMatchObject({
      status: 200,
      body: { id: second.id, is_default: true },
    });
    await expect.poll(async () => (await subscription(id)).payment_method_id, soon).toBe(second.id);
    expect(await system.api('DELETE', `/billing/payment-methods/${first.id}`)).toMatchObject({
      status: 200,
      body: { status: 'detached', is_active: false },
    });
    const left = await methodsOf(organization);
    expect(left).toMatchObject([{ id: second.id, last4: '4444', is_default: true }]);
  });

  it('an answer that is lost is cleared up without a second charge', async () => {
    const organization = await anOrganization();
    await store(organization, provider, cards.good);
    await system.fault({ provider, operation: 'subscriptions.create', kind: 'timeout_after_work', rate: 1, times: 1 });
    const answer = await subscribe(organization, { currency });
    const { id } = answer.body as Subscription;
    await expect.poll(async () => (await subscription(id)).status, soon).toBe('active');
    const paid = await system.db.query(`select id from payments where organization_id = $1 and status = 'succeeded'`, [
      organization,
    ]);
    expect(paid.rows).toHaveLength(1);
  });
});

describe('a bank that asks for its customer', () => {
  it('holds a method, then the subscription, until they confirm', async () => {
    const organization = await anOrganization();
    const stored = (await store(organization, 'stripe', cards.asksAlways)).body as Method;
    expect(stored).toMatchObject({ status: 'requires_action', next_action: { kind: 'confirm_payment_method' } });
    await system.confirm('stripe', stored.next_action);
    await expect.poll(() => methodsOf(organization), soon).toMatchObject([{ status: 'active', is_default: true }]);
    const begun = (await subscribe(organization)).body as Subscription;
    expect(begun).toMatchObject({ status: 'incomplete', next_action: { kind: 'confirm_payment' } });
    await system.confirm('stripe', begun.next_action);
    await expect.poll(async () => (await subscription(begun.id)).status, soon).toBe('active');
    expect((await subscription(begun.id)).next_action?.kind).not.toBe('confirm_payment');
    expect((await chargesOf(begun.id)).length).toBeLessThanOrEqual(1);
  }, 60_000);
});

describe('elsewhere', () => {
  it('a free plan begins without a provider', async () => {
    const organization = await anOrganization();
    expect(await subscribe(organization, { plan_id: 'free' })).toMatchObject({
      status: 201,
      body: { status: 'active', provider: null, collection: 'none' },
    });
  });

  it('a card saved by a checkout can be charged without another page', async () => {
    const organization = await anOrganization();
    const view = await system.open({ organization_id: organization, mode: 'setup', product_id: null, country: 'RU' });
    await system.complete(view, 'paid');
    await expect.poll(async () => (await system.checkout(view.checkout_id)).status, soon).toBe('paid');
    const synced = await system.api('POST', '/billing/payment-methods/sync', { organization_id: organization });
    const [method] = (synced.body as { readonly data: readonly Method[] }).data;
    expect(method).toMatchObject({ provider: view.provider, status: 'active', last4: '4242' });
    expect(await subscribe(organization, { payment_method_id: method?.id })).toMatchObject({
      status: 201,
      body: { status: 'active', payment_method_id: method?.id },
    });
  });
});
