import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aMonthlyPlan, type PolarCaller, startPolarCaller } from './support/polar-caller.ts';

let polar: PolarCaller;
let plan = '';

beforeAll(async () => {
  polar = await startPolarCaller();
  plan = await polar.make('/v1/products/', aMonthlyPlan(1000));
});
afterAll(() => polar.harness.sandbox.close());

describe("Polar's customers", () => {
  it('show a trial or paid subscription in their state, and none that is past due', async () => {
    const { externalId } = await polar.buys(plan, { card: '4000000000000341' });
    const state = async () => (await polar.call('GET', `/v1/customers/external/${externalId}/state`)).body;
    expect((await state())['active_subscriptions']).toMatchObject([{ status: 'active', amount: 1000 }]);
    await polar.advance('P32D');
    expect((await state())['active_subscriptions']).toEqual([]);
  });

  it('are anonymized: names hashed, the number and orders kept, the own id free again', async () => {
    const { customer, externalId, order } = await polar.buys(plan);
    expect((await polar.call('DELETE', `/v1/customers/${customer}?anonymize=true`)).status).toBe(204);
    expect((await polar.call('GET', `/v1/customers/${customer}`)).status).toBe(404);
    const kept = (await polar.call('GET', `/v1/orders/${String(order['id'])}`)).body;
    expect(kept['customer']).toMatchObject({ external_id: null, billing_address: null });
    expect(JSON.stringify(kept['customer'])).not.toContain(`${externalId}@example.com`);
    const [subscription] = await polar.items(`/v1/subscriptions/?customer_id=${customer}`);
    expect(subscription).toMatchObject({ status: 'canceled' });
    await polar.make('/v1/customers/', { email: `${externalId}@example.com`, external_id: externalId });
  });

  it('never change their own id, and lists and export hold only the living', async () => {
    const { customer, externalId } = await polar.buys(plan);
    const moved = await polar.call('PATCH', `/v1/customers/${customer}`, { external_id: 'other' });
    expect(moved).toMatchObject({ status: 422, body: { error: 'PolarRequestValidationError' } });
    const csv = String((await polar.call('GET', '/v1/customers/export')).body['text']);
    expect(csv.split('\r\n').filter((line) => line.includes(externalId))).toHaveLength(1);
    const methods = await polar.items(`/v1/customers/${customer}/payment-methods`);
    expect(methods).toMatchObject([{ is_default: true, method_metadata: { brand: 'visa', last4: '4242' } }]);
  });

  it('use the portal API with a session that ends after an hour', async () => {
    const { customer, subscription } = await polar.buys(plan);
    const session = await polar.call('POST', '/v1/customer-sessions/', { customer_id: customer });
    const token = String(session.body['token']);
    const own = (method: string, path: string, body?: unknown) =>
      polar.call(method, `/v1/customer-portal/${path}`, body, token);
    expect((await own('GET', 'customers/me')).body).toMatchObject({ id: customer });
    const path = `subscriptions/${String(subscription?.['id'])}`;
    expect((await own('PATCH', path, { cancel_at_period_end: true })).body).toMatchObject({
      cancel_at_period_end: true,
    });
    expect((await polar.call('GET', '/v1/customer-portal/customers/me')).status).toBe(401);
    expect((await polar.call('GET', '/v1/customers/', undefined, token)).status).toBe(401);
    const stranger = await polar.buys(plan);
    expect((await own('GET', `subscriptions/${String(stranger.subscription?.['id'])}`)).status).toBe(404);
    await polar.advance('PT1H1M');
    expect((await own('GET', 'customers/me')).status).toBe(401);
  });

  it('buy through a checkout link, which opens a session of its own each time', async () => {
    const link = await polar.call('POST', '/v1/checkout-links/', { payment_processor: 'stripe', products: [plan] });
    const visit = async () => (await fetch(String(link.body['url']), { redirect: 'manual' })).headers.get('location');
    const first = await visit();
    expect(first).toContain('/polar/checkout/polar_c_');
    expect(await visit()).not.toBe(first);
  });
});
