import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Harness, type JsonAnswer, startHarness } from './support/harness.ts';
import { type Receiver, startReceiver } from './support/receiver.ts';

let harness: Harness;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  harness = await startHarness({ webhooks: { fungies: receiver.url('fungies') } });
});
afterAll(async () => {
  await harness.sandbox.close();
  await receiver.close();
});

interface Data {
  [key: string]: Data | undefined;
}

/** A scalar of an answer, as text. */
const text = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';

async function send(method: string, path: string, body?: unknown, headers?: object): Promise<JsonAnswer> {
  const { fungies } = harness.sandbox.config;
  const response = await fetch(`${fungies.base_url}${path}`, {
    method,
    headers: {
      'x-fngs-public-key': fungies.api_key,
      'x-fngs-secret-key': fungies.api_secret,
      'content-type': 'application/json',
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    redirect: 'manual',
  });
  const raw = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: raw.startsWith('{') ? (JSON.parse(raw) as Record<string, unknown>) : { raw },
  };
}

async function data(method: string, path: string, body?: unknown): Promise<Data> {
  const answer = await send(method, path, body);
  expect(answer).toMatchObject({ status: 200, body: { status: 'success' } });
  return answer.body['data'] as Data;
}

async function anOffer(over: object = {}): Promise<string> {
  const pro = { name: 'Pro', type: 'Subscription', externalId: 'pro', status: 'ACTIVE' };
  const { product } = await data('POST', '/v0/products/create', pro);
  const { offer } = await data('POST', '/v0/offers/create', {
    productId: product?.['id'],
    ...{ name: 'Pro monthly', price: 19, currency: 'USD', recurringInterval: 'month', externalId: 'pro_m' },
    ...over,
  });
  return text(offer?.['id']);
}

let sales = 0;

/** A link as an application writes it, and the checkout id in it. */
async function aLink(over: { offer?: object; query?: Record<string, string> } = {}) {
  const offerId = await anOffer(over.offer);
  const checkoutId = `chk_f${(sales += 1)}`;
  const query = new URLSearchParams({
    'fngs-customer-email': `${checkoutId}@example.com`,
    'fngs-customer-country': 'DE',
    checkout_id: checkoutId,
    organization_id: 'org_1',
    project_id: 'prj_1',
    ...over.query,
  });
  const url = `${harness.sandbox.config.fungies.base_url}/store/checkout/${offerId}?${query.toString()}`;
  return { url, checkoutId, offerId };
}

const complete = (id: string, body: object) =>
  harness.control('POST', `/checkouts/fungies/${encodeURIComponent(id)}/complete`, body);

async function aSubscription(over: { offer?: object; card?: string } = {}): Promise<string> {
  const { url, checkoutId } = await aLink(over);
  expect(await complete(url, { outcome: 'paid', ...(over.card ? { card: over.card } : {}) })).toMatchObject({
    body: { result: 'paid' },
  });
  const { users } = await data('GET', `/v0/users/list?term=${checkoutId}%40example.com`);
  const { subscriptions } = await data('GET', `/v0/subscriptions/list?status=all&userId=${text(users?.[0]?.['id'])}`);
  return text(subscriptions?.[0]?.['id']);
}

const advance = (duration: string) => harness.control('POST', '/clock', { advance: duration });
const subscriptionOf = async (id: string): Promise<Data> =>
  (await data('GET', `/v0/subscriptions/${id}`))['subscription'] as Data;
const paymentsOf = async (id: string): Promise<Data[]> =>
  (await data('GET', `/v0/payments/list?subscriptionId=${id}&take=100`))['payments'] as unknown as Data[];
const eventsOf = (id: string, type: string) =>
  receiver.waitFor((event) => event.type === type && event.body.includes(id));

describe('Fungies keys and envelope', () => {
  it('wants the public key to read and the secret one to write', async () => {
    expect(await send('GET', '/v0/users/list', undefined, { 'x-fngs-public-key': 'pub_x' })).toMatchObject({
      status: 401,
      body: { status: 'error', error: { message: expect.any(String) as string } },
    });
    const { fungies } = harness.sandbox.config;
    const publicOnly = { 'x-fngs-public-key': fungies.api_key };
    const read = await fetch(`${fungies.base_url}/v0/users/list`, { headers: publicOnly });
    const write = await fetch(`${fungies.base_url}/v0/users/create`, { method: 'POST', headers: publicOnly });
    expect([read.status, write.status]).toEqual([200, 403]);
  });

  it('refuses what the state forbids under HTTP 200', async () => {
    const id = await aSubscription();
    await data('PATCH', `/v0/subscriptions/${id}/cancel`, {});
    expect(await send('PATCH', `/v0/subscriptions/${id}/cancel`, {})).toMatchObject({
      status: 200,
      body: { status: 'error', error: expect.any(String) as string },
    });
  });
});

describe('Fungies catalogue', () => {
  it('takes prices in major units and hands them back in minor ones, by the currency', async () => {
    const read = async (offer: object) => {
      const id = await anOffer(offer);
      return (await data('GET', `/v0/offers/${id}`))['offer'];
    };
    expect(await read({ price: 9.99 })).toMatchObject({ price: 999, internalId: 'pro_m' });
    expect(await read({ price: 1900, currency: 'JPY' })).toMatchObject({ price: 1900 });
    const id = await anOffer();
    expect((await send('PATCH', `/v0/offers/${id}/update`, { price: 20 })).status).toBe(400);
    await data('PATCH', `/v0/offers/${id}/update`, { id, price: 20 });
    expect((await data('GET', `/v0/offers/${id}`))['offer']).toMatchObject({ price: 2000 });
  });

  it('reads fixed discounts back in minor units as text, and seconds as milliseconds', async () => {
    const body = {
      type: 'code',
      name: 'One off',
      amountType: 'fixed',
      amount: 1,
      discountCode: 'ONE',
      validFrom: 1_700_000_000,
      includesAllOffers: true,
    };
    expect((await send('POST', '/v0/discounts/create', { ...body, purchaseLimit: null })).status).toBe(400);
    expect((await data('POST', '/v0/discounts/create', body))['discount']).toMatchObject({
      amount: '100',
      validFrom: 1_700_000_000_000,
    });
    const { url } = await aLink({ query: { 'fngs-discount-code': 'ONE' } });
    await complete(url, { outcome: 'paid' });
    const { payments } = await data('GET', '/v0/payments/list?take=1');
    expect(payments?.[0]).toMatchObject({ value: 1800, discount: { value: 100 } });
  });
});

describe('Fungies hosted links', () => {
  it('begins a sale when a link is opened, and pays it under our checkout id', async () => {
    const { url, checkoutId } = await aLink({ query: { user_id: 'undeclared' } });
    expect((await complete(checkoutId, { outcome: 'paid' })).status).toBe(404);
    const opened = await fetch(url);
    expect(opened.url).toMatch(/\/fungies\/store\/sale\/[0-9a-f-]{36}$/);
    expect(await opened.text()).toContain('Pro monthly');
    expect(await complete(checkoutId, { outcome: 'paid' })).toMatchObject({
      body: { result: 'paid', state: 'complete' },
    });
    const { orders } = await data('GET', `/v0/orders/list?term=${checkoutId}%40example.com`);
    const number = text(orders?.[0]?.['number']);
    expect(orders?.[0]).toMatchObject({ status: 'PAID', value: 1900, currencyDecimals: 2, subscriptionId: number });
    const detail = await data('GET', `/v0/subscriptions/%23${number}`);
    expect(detail).toMatchObject({
      subscription: { id: number, status: 'active', orderNumber: number },
      lastPayment: { type: 'subscription_initial', status: 'PAID' },
      user: { email: `${checkoutId}@example.com` },
    });
    expect(detail['items']?.[0]).toMatchObject({
      offer: { internalId: 'pro_m' },
      customFields: { checkout_id: checkoutId, organization_id: 'org_1', project_id: 'prj_1' },
    });
    expect(detail['items']?.[0]?.['customFields']).not.toHaveProperty('user_id');
    // Paid already: asking again sells nothing.
    expect((await complete(url, { outcome: 'paid' })).body).toMatchObject({ result: 'refused' });
  });

  it('signs both events of a first purchase, under one idempotency key each', async () => {
    const id = await aSubscription();
    const [created] = await eventsOf(id, 'subscription_created');
    const [paid] = await eventsOf(id, 'payment_success');
    const secret = harness.sandbox.config.fungies.webhook_secret;
    expect(paid?.headers['x-fngs-signature']).toBe(
      `sha256_${createHmac('sha256', secret)
        .update(paid?.body ?? '')
        .digest('hex')}`,
    );
    const success = JSON.parse(paid?.body ?? '') as Data;
    expect(success['idempotencyKey']).toBe(success['id']);
    expect(success).toMatchObject({ testMode: true, data: { payment: { status: 'PAID' }, subscription: { id } } });
    expect(success['data']?.['customer']).toEqual(success['data']?.['user']);
    expect(JSON.parse(created?.body ?? '')).toMatchObject({
      data: { subscription: { id, status: 'incomplete' }, lastPayment: { status: 'PENDING' } },
    });
  });

  it('declines, asks for required custom fields, and redirects to the one address of the store', async () => {
    const redirectUrl = 'https://app.example/thanks?x=1';
    await data('PATCH', '/dashboard/settings', { redirectUrl });
    const { url, checkoutId } = await aLink();
    expect((await complete(url, { outcome: 'declined' })).body).toMatchObject({ result: 'declined', state: 'open' });
    const done = await complete(checkoutId, { outcome: 'paid' });
    expect(done.body['redirect_url']).toMatch(/^https:\/\/app\.example\/thanks\?x=1&fngs-order-id=\w{16}&fngs-user/);
    const { offerId } = await aLink();
    expect((await complete(`${offerId}?checkout_id=x`, { outcome: 'paid' })).body).toMatchObject({
      result: 'refused',
      message: 'Required custom fields are missing: organization_id, project_id',
    });
    await data('PATCH', '/dashboard/settings', { redirectUrl: null });
  });

  it('sells checkout elements, one subscription unmixed', async () => {
    const offerId = await anOffer();
    const other = await anOffer({ recurringInterval: null });
    const mixed = { offersIds: [offerId, other], name: 'Mixed' };
    expect((await send('POST', '/v0/elements/checkout/create', mixed)).status).toBe(400);
    const { checkoutElement } = await data('POST', '/v0/elements/checkout/create', {
      offersIds: [offerId],
      name: 'Pro',
      customFields: ['checkout_id', 'organization_id', 'project_id'].map((id) => ({ id, value: `${id}_e1` })),
    });
    expect(checkoutElement).toMatchObject({ status: 'ACTIVE', subscriptionOffer: { id: offerId }, offers: [] });
    const { base_url } = harness.sandbox.config.fungies;
    await fetch(`${base_url}/store/checkout-element/${text(checkoutElement?.['id'])}`);
    expect((await complete('checkout_id_e1', { outcome: 'paid' })).body).toMatchObject({ result: 'paid' });
  });

  it('knows a sale by checkout, offer and user, opened or not', async () => {
    const { user } = await data('POST', '/v0/users/create', { email: 'composed@example.com' });
    const offerId = await anOffer();
    const name = `chk_composed~${offerId}~${text(user?.['id'])}~1700000000000~0123456789`;
    expect((await complete(name, { outcome: 'declined' })).body).toMatchObject({ result: 'declined', state: 'open' });
    expect((await complete(name, { outcome: 'paid' })).body).toMatchObject({ result: 'paid' });
    const { payments } = await data('GET', `/v0/payments/list?userId=${text(user?.['id'])}&statuses=PAID`);
    expect(payments).toMatchObject([{ userId: user?.['id'] }]);
    const opened = await aLink();
    await fetch(opened.url);
    const named = `${opened.checkoutId}~${opened.offerId}~nobody`;
    expect((await complete(named, { outcome: 'paid' })).body).toMatchObject({ result: 'paid' });
    expect((await complete(opened.checkoutId, { outcome: 'paid' })).body).toMatchObject({ result: 'refused' });
  });

  it('lets customers into the portal by their e-mail', async () => {
    const { url, checkoutId } = await aLink();
    await complete(url, { outcome: 'paid' });
    const portal = `${harness.sandbox.config.fungies.base_url}/store/portal`;
    const signIn = await fetch(portal);
    expect([signIn.status, await signIn.text()]).toEqual([200, expect.stringContaining('type="email"')]);
    const inside = await fetch(`${portal}?email=${checkoutId}%40example.com`);
    expect([inside.status, await inside.text()]).toEqual([200, expect.stringContaining('Pro monthly')]);
    expect((await fetch(`${portal}?email=nobody%40example.com`)).status).toBe(404);
    expect((await fetch(inside.url.replace(/.{4}$/, '0000'))).status).toBe(404);
  });

  it('stops selling an offer at its limit', async () => {
    const { url } = await aLink({ offer: { limit: 1 } });
    await complete(url, { outcome: 'paid' });
    expect((await fetch(`${url}&again=1`)).status).toBe(404);
  });
});

describe('Fungies subscriptions', () => {
  it('renews with a payment, not an order, and tells of it twice', async () => {
    const id = await aSubscription();
    const before = await subscriptionOf(id);
    await advance('P1M');
    const after = await subscriptionOf(id);
    expect(after['currentIntervalStart']).toBe(before['currentIntervalEnd']);
    expect(await paymentsOf(id)).toMatchObject([
      { type: 'subscription_interval', orderId: before['orderId'], status: 'PAID' },
      { type: 'subscription_initial', orderId: before['orderId'] },
    ]);
    await eventsOf(id, 'subscription_interval');
    expect(await eventsOf(id, 'payment_success')).toHaveLength(2);
  });

  it('charges after a trial, not before', async () => {
    const id = await aSubscription({ offer: { trialInterval: 'week', trialIntervalCount: 1 } });
    expect(await subscriptionOf(id)).toMatchObject({ status: 'trialing' });
    expect((await paymentsOf(id)).map(({ value }) => value)).toEqual([0]);
    await advance('P7D');
    expect(await subscriptionOf(id)).toMatchObject({ status: 'active' });
    expect((await paymentsOf(id)).map(({ value }) => value)).toEqual([1900, 0]);
  });

  it('falls past due, retries the same payment, and gives up', async () => {
    const id = await aSubscription({ card: '4000000000000341' });
    await advance('P1M');
    expect(await subscriptionOf(id)).toMatchObject({ status: 'past_due' });
    await eventsOf(id, 'payment_failed');
    await advance('P16D');
    expect(await subscriptionOf(id)).toMatchObject({ status: 'canceled' });
    expect((await paymentsOf(id)).map(({ status }) => status)).toEqual(['FAILED', 'PAID']);
    await eventsOf(id, 'subscription_cancelled');
  });

  it('cancels at the end of the interval only when both fields say so', async () => {
    const [ending, misspelled, half] = [await aSubscription(), await aSubscription(), await aSubscription()];
    const cancel = (id: string, body: object) => data('PATCH', `/v0/subscriptions/${id}/cancel`, body);
    await cancel(ending, { cancelAtIntervalEnd: true, cancelOption: 'endInterval' });
    await cancel(misspelled, { cancelAtPeriodEnd: true });
    await cancel(half, { cancelAtIntervalEnd: true });
    expect(await subscriptionOf(ending)).toMatchObject({ status: 'active', cancelAtIntervalEnd: true });
    expect(await subscriptionOf(misspelled)).toMatchObject({ status: 'canceled' });
    expect(await subscriptionOf(half)).toMatchObject({ status: 'canceled' });
    await advance('P1M');
    expect(await subscriptionOf(ending)).toMatchObject({ status: 'canceled' });
    expect(await paymentsOf(ending)).toHaveLength(1);
  });

  it('pauses collection, lets intervals pass unpaid, and resumes by itself', async () => {
    const id = await aSubscription();
    const { now } = (await harness.control('GET', '/clock')).body;
    const resumeAt = Math.floor(Date.parse(String(now)) / 1000) + 40 * 86_400;
    await data('PATCH', `/v0/subscriptions/${id}/pauseCollection`, { invoicingBehavior: 'void', resumeAt });
    expect(await subscriptionOf(id)).toMatchObject({ status: 'paused' });
    await advance('P35D');
    expect(await paymentsOf(id)).toHaveLength(1);
    await advance('P30D');
    expect(await subscriptionOf(id)).toMatchObject({ status: 'active' });
    expect(await paymentsOf(id)).toHaveLength(2);
  });

  it('charges extras in minor units and creates for users with a card', async () => {
    const id = await aSubscription();
    const extra = { items: [{ name: 'Overage', unitPrice: 250, currency: 'USD', quantity: 2 }] };
    expect((await data('POST', `/v0/subscriptions/${id}/charge`, extra))['payment']).toMatchObject({
      type: 'subscription_extra',
      value: 500,
      status: 'PAID',
    });
    const offerId = await anOffer();
    const { user } = await data('POST', '/v0/users/create', { email: 'api@example.com', internalId: 'u1' });
    const create = { userId: user?.['id'], items: [{ offerId }] };
    expect((await send('POST', '/v0/subscriptions/create', create)).status).toBe(400);
    await data('POST', '/v0/users/create', {
      email: 'linked@example.com',
      billingDetails: { countryCode: 'DE' },
      paymentData: { stripeCustomerId: 'cus_1' },
    });
    const made = await data('POST', '/v0/subscriptions/create', {
      userEmail: 'linked@example.com',
      items: [{ offerId }],
    });
    expect(made['subscription']).toMatchObject({ status: 'active' });
  });
});

describe('Fungies lists and imported data', () => {
  it('pages ten thousand imported subscriptions by cursor to the end, once each', async () => {
    const offerId = await anOffer();
    const count = 10_000;
    const email = (n: number): string => `Legacy${n}@example.com`;
    const users = Array.from({ length: count }, (_, n) => ({ email: email(n), card: '4242424242424242' }));
    const subscriptions = Array.from({ length: count }, (_, n) => ({
      id: `LEGACY${String(n).padStart(10, '0')}`,
      userEmail: email(n),
      offerId,
      status: n % 10 === 0 ? 'canceled' : 'active',
      currentIntervalStart: 1_700_000_000_000,
      currentIntervalEnd: 4_000_000_000_000,
      ...(n === 1 ? { itemOverrides: { quantity: '1' } } : {}),
    }));
    expect(await data('POST', '/dashboard/import', { users, subscriptions })).toMatchObject({ subscriptions: count });
    const seen = new Set<string>();
    let cursor = '';
    for (let page = 0; page < 200; page += 1) {
      const answer = await data('GET', `/v0/subscriptions/list?status=all&take=100&cursor=${cursor}`);
      for (const row of answer['subscriptions'] as unknown as Data[]) seen.add(text(row['id']));
      if (text(answer['hasMore']) !== 'true') break;
      cursor = text(answer['cursor']);
    }
    expect([...seen].filter((id) => id.startsWith('LEGACY'))).toHaveLength(count);
    expect((await data('GET', '/v0/subscriptions/LEGACY0000000001'))['items']?.[0]).toMatchObject({ quantity: '1' });
  }, 60_000);

  it('ignores unknown filters and percent-encoded brackets', async () => {
    const count = async (query: string) => Number((await data('GET', `/v0/payments/list?${query}`))['count']);
    const all = await count('');
    expect(await count('organizationId=nobody')).toBe(all);
    expect(await count('types%5B%5D=subscription_extra')).toBe(all);
    expect(await count('types[]=subscription_extra')).toBe(1);
    expect(await count('types=subscription_extra')).toBe(1);
    expect((await send('GET', '/v0/payments/list?take=101')).status).toBe(400);
  });
});
