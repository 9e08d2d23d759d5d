import { errors, webhooks } from '@polar-sh/sdk/2026-10';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Harness, aPolarCheckout, aPolarProduct, startHarness } from './support/harness.ts';
import { type Receiver, startReceiver } from './support/receiver.ts';

let harness: Harness;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  harness = await startHarness({ webhooks: { polar: receiver.url('polar') } });
});
afterAll(async () => {
  await harness.sandbox.close();
  await receiver.close();
});

const complete = (id: string, body: object) => harness.control('POST', `/checkouts/polar/${id}/complete`, body);

describe('Polar', () => {
  it('takes a checkout to a subscription and a paid order in the published order of events', async () => {
    const checkout = await aPolarCheckout(harness, 'chk_p1');
    expect(checkout).toMatchObject({ status: 'open', total_amount: 2900, payment_processor: 'stripe' });
    await complete('chk_p1', { outcome: 'paid' });
    expect(await harness.polar.checkouts.get(checkout.id)).toMatchObject({ status: 'succeeded' });
    const orders = await harness.polar.orders.list({ external_customer_id: 'user-chk_p1' });
    expect(orders.items[0]).toMatchObject({
      status: 'paid',
      billing_reason: 'subscription_create',
      checkout_id: checkout.id,
      metadata: { checkout_id: 'chk_p1' },
    });
    await receiver.waitFor((event) => event.type === 'order.paid');
    const [last] = await receiver.waitFor(
      (event) => event.type === 'checkout.updated' && event.body.includes('"succeeded"'),
    );
    const types = receiver.received
      .map((event) => event.type)
      .filter((type) => /^(subscription|order|customer\.created)/.test(type));
    expect(types).toEqual([
      'customer.created',
      'subscription.created',
      'subscription.active',
      'subscription.updated',
      'order.created',
      'order.updated',
      'order.paid',
    ]);
    const headers = Object.fromEntries(
      Object.entries(last?.headers ?? {}).map(([name, value]) => [name, String(value)]),
    );
    await expect(
      webhooks.validateEvent(last?.body ?? '', headers, harness.sandbox.config.polar.webhook_secret),
    ).resolves.toMatchObject({ type: 'checkout.updated' });
  });

  it('sends a declined card back to open, then asks for 3-D Secure', async () => {
    const checkout = await aPolarCheckout(harness, 'chk_p2');
    expect((await complete('chk_p2', { outcome: 'declined' })).body).toMatchObject({
      result: 'declined',
      state: 'open',
    });
    expect((await complete(checkout.id, { outcome: 'paid', card: '4000002760003184' })).body).toMatchObject({
      result: 'paid',
    });
    const payments = await harness.polar.payments.list({ checkout_id: checkout.id });
    expect(payments.items.map(({ status }) => status)).toEqual(['succeeded', 'failed']);
  });

  it('renews, falls past due and revokes after the retries', async () => {
    await aPolarCheckout(harness, 'chk_p3');
    await complete('chk_p3', { outcome: 'paid', card: '4000000000000341' });
    const state = () => harness.polar.subscriptions.list({ external_customer_id: 'user-chk_p3' });
    await harness.control('POST', '/clock', { advance: 'P1M' });
    expect((await state()).items[0]?.status).toBe('past_due');
    await harness.control('POST', '/clock', { advance: 'P22D' });
    expect((await state()).items[0]?.status).toBe('canceled');
    await receiver.waitFor((event) => event.type === 'subscription.revoked');
  });

  it('schedules and undoes a cancellation, then revokes', async () => {
    await aPolarCheckout(harness, 'chk_p4');
    await complete('chk_p4', { outcome: 'paid' });
    const [subscription] = (await harness.polar.subscriptions.list({ external_customer_id: 'user-chk_p4' })).items;
    const id = subscription?.id ?? '';
    expect(await harness.polar.subscriptions.update(id, { cancel_at_period_end: true })).toMatchObject({
      status: 'active',
      cancel_at_period_end: true,
    });
    expect(await harness.polar.subscriptions.update(id, { cancel_at_period_end: false })).toMatchObject({
      ends_at: null,
    });
    expect(await harness.polar.subscriptions.update(id, { revoke: true })).toMatchObject({ status: 'canceled' });
    await expect(harness.polar.subscriptions.update(id, { revoke: true })).rejects.toMatchObject({ statusCode: 403 });
  });
});

describe('Polar API manners', () => {
  it('refunds an order without tax and refuses more than is left', async () => {
    const checkout = await aPolarCheckout(harness, 'chk_p5', false);
    await complete('chk_p5', { outcome: 'paid' });
    const [order] = (await harness.polar.orders.list({ checkout_id: checkout.id })).items;
    const refund = (amount: number) =>
      harness.polar.refunds.create({ order_id: order?.id ?? '', amount, reason: 'customer_request' });
    expect(await refund(900)).toMatchObject({ amount: 900, status: 'succeeded' });
    await expect(refund(5000)).rejects.toMatchObject({ statusCode: 422 });
    await refund(2000);
    await expect(refund(1)).rejects.toMatchObject({ statusCode: 403 });
  });

  it('counts repeated usage events as duplicates', async () => {
    const events = [{ name: 'api_calls', external_customer_id: 'user-u', external_id: 'e-1', metadata: { units: 3 } }];
    expect(await harness.polar.events.ingest({ events })).toEqual({ inserted: 1, duplicates: 0 });
    expect(await harness.polar.events.ingest({ events })).toEqual({ inserted: 0, duplicates: 1 });
  });

  it('finds open checkouts by customer and metadata', async () => {
    const checkout = await aPolarCheckout(harness, 'chk_p6');
    const found = await harness.polar.checkouts.list({ external_customer_id: 'user-chk_p6', status: 'open' });
    expect(found).toMatchObject({ items: [{ id: checkout.id }], pagination: { total_count: 1, max_page: 1 } });
  });

  it('validates as the real one: schema, organization, countries, version, token', async () => {
    const { base_url: base, api_key: key } = harness.sandbox.config.polar;
    const post = async (path: string, body: object, headers: Record<string, string> = {}) => {
      const response = await fetch(`${base}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
      return {
        status: response.status,
        version: response.headers.get('polar-version'),
        body: (await response.json()) as Record<string, unknown>,
      };
    };
    expect(await post('/v1/checkouts/', {})).toMatchObject({
      status: 422,
      version: '2026-10',
      body: {
        error: 'RequestValidationError',
        detail: [{ loc: ['body', 'products'], type: 'missing', msg: 'Field required' }],
      },
    });
    const customer = { email: 'ru@example.com', billing_address: { country: 'RU' } };
    expect((await post('/v1/customers/', customer)).status).toBe(422);
    expect(await post('/v1/customers/', { email: 'o@example.com', organization_id: 'x' })).toMatchObject({
      status: 422,
      body: { detail: [{ type: 'organization_token' }] },
    });
    expect(await post('/v1/customers/', { email: 'v@example.com' }, { 'polar-version': '2019-01' })).toEqual({
      status: 404,
      version: '2019-01',
      body: { detail: 'Not Found' },
    });
    expect(await post('/v1/customers/', {}, { authorization: 'Bearer nope' })).toMatchObject({
      status: 401,
      body: { error: 'invalid_token' },
    });
    await expect(harness.polar.customers.get('00000000-0000-4000-8000-000000000000')).rejects.toBeInstanceOf(
      errors.ResourceNotFound,
    );
    await harness.polar.customers.create({ email: 'twice@example.com', external_id: 'twice' });
    await expect(harness.polar.customers.create({ email: 'TWICE@example.com' })).rejects.toMatchObject({
      statusCode: 422,
    });
    const session = await harness.polar.customerSessions.create({ external_customer_id: 'twice' });
    expect(session.customer_portal_url).toContain('customer_session_token=polar_cst_');
    expect((await aPolarProduct(harness)).is_recurring).toBe(true);
  });
});
