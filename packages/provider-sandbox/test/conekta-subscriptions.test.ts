import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Harness, aConektaOrder, startHarness } from './support/harness.ts';
import { type Receiver, startReceiver } from './support/receiver.ts';

let harness: Harness;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  harness = await startHarness({ webhooks: { conekta: receiver.url('conekta') } });
  await harness.conekta('POST', '/plans', {
    id: 'pro',
    name: 'Pro',
    amount: 49_900,
    interval: 'month',
    frequency: 1,
    max_retries: 3,
    retry_delay_hours: 48,
  });
});
afterAll(async () => {
  await harness.sandbox.close();
  await receiver.close();
});

const tokenOf = async (number: string): Promise<string> => {
  const card = { number, name: 'Ana', cvc: '123', exp_month: '12', exp_year: '34' };
  return String((await harness.conekta('POST', '/tokens', { card })).body['id']);
};

/** A customer with that card on file. */
async function aCustomer(number = '4242424242424242', over: object = {}): Promise<string> {
  const { body } = await harness.conekta('POST', '/customers', {
    name: 'Ana',
    email: 'ana@example.com',
    phone: '+525555555555',
    payment_sources: [{ type: 'card', token_id: await tokenOf(number) }],
    ...over,
  });
  return String(body['id']);
}

interface Subscribed {
  customer: string;
  path: string;
  id: string;
  body: Record<string, unknown>;
}

async function aSubscription(number?: string, more: object = {}): Promise<Subscribed> {
  const customer = await aCustomer(number);
  const plural = `/customers/${customer}/subscriptions`;
  const { status, body } = await harness.conekta('POST', plural, { plan_id: 'pro', ...more });
  expect(status).toBe(200);
  return { customer, path: `${plural}/${String(body['id'])}`, id: String(body['id']), body };
}

const advance = (duration: string) => harness.control('POST', '/clock', { advance: duration });
const stateOf = async ({ path }: Subscribed) => (await harness.conekta('GET', path)).body;

describe('Conekta subscriptions', () => {
  it('answers 200 with past_due when the first charge fails, retries and cancels', async () => {
    const subscription = await aSubscription('4000000000000002');
    expect(subscription.body).toMatchObject({ status: 'past_due' });
    const [created] = await receiver.waitFor(
      (event) => event.type === 'subscription.created' && event.body.includes(subscription.id),
    );
    expect(created?.body).toContain('"in_trial"');
    await receiver.waitFor((event) => event.type === 'subscription.payment_failed');
    await advance('P5D');
    expect(await stateOf(subscription)).toMatchObject({ status: 'past_due' });
    await advance('P3D');
    expect(await stateOf(subscription)).toMatchObject({ status: 'canceled', canceled_reason: 'max_retries' });
  });

  it('recovers by another card and retry, and lists its events', async () => {
    const subscription = await aSubscription('4000000000000341');
    expect(subscription.body).toMatchObject({ status: 'active' });
    await advance('P1M');
    expect(await stateOf(subscription)).toMatchObject({ status: 'past_due' });
    await harness.control('POST', `/subscriptions/conekta/${subscription.id}/card`, { number: '4242424242424242' });
    expect((await harness.conekta('POST', `${subscription.path}/retry`)).body).toMatchObject({ status: 'active' });
    expect((await harness.conekta('POST', `${subscription.path}/retry`)).status).toBe(428);
    const events = (await harness.conekta('GET', `${subscription.path}/events?limit=100`)).body['data'];
    const types = (events as { type: string }[]).map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(['subscription.payment_failed', 'subscription.paid', 'order.paid']));
  });

  it('charges nothing while paused, and goes on after', async () => {
    const subscription = await aSubscription();
    await harness.conekta('POST', `${subscription.path}/pause`);
    expect(await stateOf(subscription)).toMatchObject({ status: 'paused', paused_at: expect.any(Number) as number });
    const orders = async () => {
      const { body } = await harness.conekta('GET', `/orders?search=${subscription.customer}`);
      return (body['data'] as unknown[]).length;
    };
    await advance('P2M');
    expect(await orders()).toBe(1);
    expect((await harness.conekta('POST', `${subscription.path}/resume`)).body).toMatchObject({ status: 'active' });
    await advance('P1D');
    expect(await orders()).toBe(2);
  });

  it('takes a trial end, changes plan, and serves the deprecated singular routes', async () => {
    const { now } = (await harness.control('GET', '/clock')).body;
    const trialEnd = Math.floor(Date.parse(String(now)) / 1000) + 5 * 86_400;
    const subscription = await aSubscription(undefined, { trial_end: trialEnd });
    expect(subscription.body).toMatchObject({ status: 'in_trial', trial_end: trialEnd, charge_id: null });
    const singular = `/customers/${subscription.customer}/subscription`;
    await harness.conekta('POST', '/plans', { id: 'max', name: 'Max', amount: 1000, interval: 'month', frequency: 1 });
    expect((await harness.conekta('PUT', singular, { plan_id: 'max' })).body).toMatchObject({ plan_id: 'max' });
    await advance('P6D');
    expect((await harness.conekta('GET', singular)).body).toMatchObject({ id: subscription.id, status: 'active' });
    expect((await harness.conekta('POST', `${singular}/cancel`)).body).toMatchObject({ status: 'canceled' });
  });

  it('subscribes at the creation of a customer and refuses one without a card', async () => {
    const customer = await aCustomer(undefined, { plan_id: 'pro' });
    const { body } = await harness.conekta('GET', `/customers/${customer}/subscriptions`);
    expect(body['data']).toMatchObject([{ plan_id: 'pro', status: 'active' }]);
    const bare = await aCustomer(undefined, { payment_sources: [] });
    expect((await harness.conekta('POST', `/customers/${bare}/subscriptions`, { plan_id: 'pro' })).status).toBe(428);
  });

  it('gives one portal per subscription, where its customer pauses, resumes and cancels', async () => {
    const subscription = await aSubscription();
    const path = `/subscriptions/${subscription.id}/customer_portal`;
    expect((await harness.conekta('GET', path)).status).toBe(404);
    const made = await harness.conekta('POST', path);
    expect(made).toMatchObject({
      status: 201,
      body: { object: 'customer_portal', subscription: { plan: { id: 'pro' } } },
    });
    expect((await harness.conekta('POST', path)).body['slug']).toBe(made.body['slug']);
    const page = await fetch(String(made.body['portal_url']));
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('Pro') as string]);
  });
});

describe('Conekta plans, links and webhooks', () => {
  it('changes of a plan only what may change', async () => {
    await harness.conekta('POST', '/plans', { id: 'p', name: 'P', amount: 100, interval: 'week', frequency: 2 });
    expect((await harness.conekta('PUT', '/plans/p', { amount: 200 })).body).toMatchObject({
      amount: 200,
      frequency: 2,
    });
    expect((await harness.conekta('PUT', '/plans/p', { interval: 'year' })).status).toBe(422);
    await harness.conekta('DELETE', '/plans/p');
    expect((await harness.conekta('GET', '/plans/p')).status).toBe(404);
  });

  it('sells a payment link as often as it allows', async () => {
    const { currency, line_items: lines } = aConektaOrder('x') as Record<string, unknown>;
    const { body } = await harness.conekta('POST', '/checkouts', {
      name: 'Taza',
      type: 'PaymentLink',
      recurrent: true,
      payments_limit_count: 1,
      expires_at: Math.floor(Date.now() / 1000) + 300 * 86_400,
      allowed_payment_methods: ['card', 'cash'],
      order_template: { currency, line_items: lines, metadata: { checkout_id: 'chk_link' } },
    });
    expect(body).toMatchObject({ object: 'checkout', type: 'PaymentLink', status: 'Issued' });
    expect(String(body['url'])).toContain(`/conekta/link/${String(body['slug'])}`);
    expect((await fetch(String(body['url']))).status).toBe(200);
    await harness.control('POST', '/checkouts/conekta/chk_link/complete', { outcome: 'paid' });
    const after = await harness.conekta('GET', `/checkouts/${String(body['id'])}`);
    expect(after.body).toMatchObject({ paid_payments_count: 1 });
    expect((await fetch(String(body['url']))).status).toBe(404);
    expect(
      (await harness.conekta('POST', `/checkouts/${String(body['id'])}/email`, { email: 'a@b.mx' })).body,
    ).toMatchObject({ emails_sent: 1 });
  });

  it('keeps ten webhooks at most, pings, and hides the key after making it', async () => {
    const url = 'https://hooks.example.mx/c';
    const first = await harness.conekta('POST', '/webhooks', { url });
    expect((first.body['subscribed_events'] as string[]).length).toBe(67);
    for (let count = 1; count < 10; count += 1)
      await harness.conekta('POST', '/webhooks', { url, subscribed_events: ['plan.deleted'] });
    expect((await harness.conekta('POST', '/webhooks', { url })).status).toBe(422);
    const { body } = await harness.conekta('GET', '/webhooks');
    for (const { id } of body['data'] as { id: string }[]) await harness.conekta('DELETE', `/webhooks/${id}`);
    const own = await harness.conekta('POST', '/webhooks', { url: receiver.url('own'), subscribed_events: [] });
    await harness.conekta('POST', `/webhooks/${String(own.body['id'])}/test`);
    const [ping] = await receiver.waitFor((event) => event.type === 'webhook_ping');
    expect(JSON.parse(ping?.body ?? '')).toMatchObject({ data: { action: 'ping' } });
    const key = await harness.conekta('POST', '/webhook_keys', { active: true });
    expect(key.body['public_key']).toBe(harness.sandbox.config.conekta.webhook_public_key);
    expect((await harness.conekta('GET', `/webhook_keys/${String(key.body['id'])}`)).body).not.toHaveProperty(
      'public_key',
    );
  });

  it('filters events by type', async () => {
    const { body } = await harness.conekta('GET', '/events?type=plan.deleted&limit=5');
    expect((body['data'] as { type: string }[]).map(({ type }) => type)).toEqual(['plan.deleted']);
  });
});
