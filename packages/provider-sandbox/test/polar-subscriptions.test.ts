import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aMonthlyPlan, type PolarCaller, startPolarCaller } from './support/polar-caller.ts';

let polar: PolarCaller;
let basic = '';
let pro = '';

beforeAll(async () => {
  polar = await startPolarCaller();
  basic = await polar.make('/v1/products/', aMonthlyPlan(1000));
  pro = await polar.make('/v1/products/', aMonthlyPlan(3000));
});
afterAll(() => polar.harness.sandbox.close());

const path = (id: unknown): string => `/v1/subscriptions/${String(id)}`;
const ordersOf = (id: unknown) => polar.items(`/v1/orders/?subscription_id=${String(id)}`);

describe("Polar's subscriptions", () => {
  it('bills a product change now, on the next invoice, or at the next period', async () => {
    const now = (await polar.buys(basic)).subscription?.['id'];
    const changed = await polar.call('PATCH', path(now), { product_id: pro, proration_behavior: 'invoice' });
    expect(changed).toMatchObject({ status: 200, body: { product_id: pro, amount: 3000, pending_update: null } });
    const [order] = await ordersOf(now);
    expect(order).toMatchObject({ billing_reason: 'subscription_update', status: 'paid', total_amount: 2000 });
    expect(order?.['items']).toMatchObject([
      { amount: -1000, proration: true },
      { amount: 3000, proration: true },
    ]);

    const later = (await polar.buys(basic)).subscription?.['id'];
    await polar.call('PATCH', path(later), { product_id: pro, proration_behavior: 'prorate' });
    expect(await ordersOf(later)).toHaveLength(1);

    const next = (await polar.buys(basic)).subscription?.['id'];
    const pending = await polar.call('PATCH', path(next), { product_id: pro, proration_behavior: 'next_period' });
    expect(pending.body).toMatchObject({ product_id: basic, pending_update: { product_id: pro, seats: null } });
    await polar.advance('P32D');
    expect((await ordersOf(later))[0]).toMatchObject({ billing_reason: 'subscription_cycle', total_amount: 5000 });
    expect((await polar.call('GET', path(next))).body).toMatchObject({ product_id: pro, pending_update: null });
  });

  it('prorates by the second and keeps a downgrade as credit for the next invoice', async () => {
    const id = (await polar.buys(pro)).subscription?.['id'];
    const { body } = await polar.call('GET', path(id));
    const start = Date.parse(String(body['current_period_start']));
    const end = Date.parse(String(body['current_period_end']));
    await polar.harness.control('POST', '/clock', { now: new Date(start + (end - start) / 2).toISOString() });
    await polar.call('PATCH', path(id), { product_id: basic, proration_behavior: 'invoice' });
    const [credit] = await ordersOf(id);
    const amount = Number(credit?.['total_amount']);
    expect(Math.abs(amount + 1000)).toBeLessThanOrEqual(1);
    expect(credit).toMatchObject({ due_amount: 0, status: 'paid', applied_balance_amount: -amount });
    await polar.advance('P32D');
    const [renewal] = await ordersOf(id);
    expect(renewal).toMatchObject({ total_amount: 1000, applied_balance_amount: amount, status: 'paid' });
  });

  it('changes nothing when the card declines, and refuses what is not enabled', async () => {
    const id = (await polar.buys(basic, { card: '4000000000000341' })).subscription?.['id'];
    const declined = await polar.call('PATCH', path(id), { product_id: pro, proration_behavior: 'invoice' });
    expect(declined).toMatchObject({ status: 402, body: { error: 'PaymentFailed' } });
    expect((await polar.call('GET', path(id))).body).toMatchObject({ product_id: basic, amount: 1000 });
    const reset = await polar.call('PATCH', path(id), { product_id: pro, proration_behavior: 'reset' });
    expect(reset).toMatchObject({ status: 422, body: { error: 'PolarRequestValidationError' } });
    const two = await polar.call('PATCH', path(id), { cancel_at_period_end: true, revoke: true });
    expect(two).toMatchObject({ status: 422, body: { detail: [{ type: 'extra_forbidden' }] } });
    await polar.call('PATCH', path(id), { cancel_at_period_end: true });
    const late = await polar.call('PATCH', path(id), { product_id: pro });
    expect(late).toMatchObject({ status: 403, body: { error: 'AlreadyCanceledSubscription' } });
  });

  it('pauses at the end of the period and charges on resuming', async () => {
    const id = (await polar.buys(basic)).subscription?.['id'];
    await polar.call('PATCH', path(id), { pause_at_period_end: true });
    await polar.advance('P32D');
    expect((await polar.call('GET', path(id))).body).toMatchObject({ status: 'paused', pause_at_period_end: false });
    expect(await ordersOf(id)).toHaveLength(1);
    expect((await polar.call('PATCH', path(id), { resume: true })).body).toMatchObject({
      status: 'active',
      paused_at: null,
    });
    expect((await ordersOf(id))[0]).toMatchObject({ status: 'paid', total_amount: 1000 });
  });

  it('starts a trial with a paid order of 0, ends it on demand, and moves the renewal', async () => {
    const trial = { trial_interval: 'day', trial_interval_count: 14 };
    const { subscription, order } = await polar.buys(basic, { checkout: trial });
    const id = subscription?.['id'];
    expect(subscription).toMatchObject({ status: 'trialing' });
    expect(order).toMatchObject({ status: 'paid', total_amount: 0, billing_reason: 'subscription_create' });
    expect((await polar.call('PATCH', path(id), { trial_end: 'now' })).body).toMatchObject({ status: 'active' });
    expect((await ordersOf(id))[0]).toMatchObject({ billing_reason: 'subscription_cycle', total_amount: 1000 });
    const past = await polar.call('PATCH', path(id), { current_billing_period_end: '2020-01-01T00:00:00Z' });
    expect(past.status).toBe(422);
    const end = '2099-01-01T00:00:00.000Z';
    const moved = await polar.call('PATCH', path(id), { current_billing_period_end: end });
    expect(moved.body).toMatchObject({ current_period_end: end });
  });

  it('creates a subscription by API only for a free product', async () => {
    const free = await polar.make('/v1/products/', aMonthlyPlan(0));
    const customer = await polar.make('/v1/customers/', { email: 'free@example.com', external_id: 'free' });
    const paid = await polar.call('POST', '/v1/subscriptions/', { product_id: basic, customer_id: customer });
    expect(paid).toMatchObject({ status: 422, body: { error: 'PolarRequestValidationError' } });
    const made = await polar.call('POST', '/v1/subscriptions/', { product_id: free, external_customer_id: 'free' });
    expect(made).toMatchObject({ status: 201, body: { status: 'active', amount: 0, customer_id: customer } });
    expect(await ordersOf(made.body['id'])).toEqual([]);
  });

  it('prices seats by tier and counts them in a change', async () => {
    const tiers = [
      { min_seats: 1, max_seats: 4, price_per_seat: 1000 },
      { min_seats: 5, max_seats: null, price_per_seat: 800 },
    ];
    const product = await polar.make(
      '/v1/products/',
      aMonthlyPlan(0, { prices: [{ amount_type: 'seat_based', seat_tiers: { tiers } }] }),
    );
    const id = (await polar.buys(product, { checkout: { seats: 3 } })).subscription?.['id'];
    expect((await polar.call('GET', path(id))).body).toMatchObject({ seats: 3, amount: 3000 });
    const more = await polar.call('PATCH', path(id), { seats: 10, proration_behavior: 'invoice' });
    expect(more.body).toMatchObject({ seats: 10, amount: 8000 });
    expect((await ordersOf(id))[0]).toMatchObject({ total_amount: 5000, seats: 10 });
    expect((await polar.call('PATCH', path(id), { seats: 0 })).status).toBe(422);
  });

  it('duns after 2, 5, 7 and 7 days, then revokes and voids', async () => {
    const id = (await polar.buys(basic, { card: '4000000000000341' })).subscription?.['id'];
    await polar.advance('P32D');
    expect((await polar.call('GET', path(id))).body).toMatchObject({ status: 'past_due' });
    const pending = (await ordersOf(id))[0];
    const gap = Date.parse(String(pending?.['next_payment_attempt_at'])) - Date.parse(String(pending?.['created_at']));
    expect(gap).toBe(2 * 86_400_000);
    await polar.advance('P22D');
    expect((await polar.call('GET', path(id))).body).toMatchObject({ status: 'canceled' });
    expect((await ordersOf(id))[0]).toMatchObject({ status: 'void' });
    const payments = await polar.items(`/v1/payments/?order_id=${String(pending?.['id'])}`);
    expect(payments.map((payment) => payment['trigger'])).toEqual([
      ...Array.from({ length: 4 }, () => 'retry_dunning'),
      'subscription_cycle',
    ]);
  });
});
