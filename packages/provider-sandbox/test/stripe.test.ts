import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Harness, aStripeSession, startHarness } from './support/harness.ts';
import { type Receiver, startReceiver } from './support/receiver.ts';

let harness: Harness;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  harness = await startHarness({ webhooks: { stripe: receiver.url('stripe') } });
});
afterAll(async () => {
  await harness.sandbox.close();
  await receiver.close();
});

const complete = (id: string, body: object) => harness.control('POST', `/checkouts/stripe/${id}/complete`, body);

/** The id of a field that is not expanded. */
function idOf(field: string | { id: string } | null | undefined): string {
  return typeof field === 'string' ? field : (field?.id ?? '');
}

async function aSubscriptionSession(checkoutId: string) {
  const product = await harness.stripe.products.create({
    name: 'Pro',
    default_price_data: { currency: 'usd', unit_amount: 2900, recurring: { interval: 'month' } },
  });
  const customer = await harness.stripe.customers.create({ email: `${checkoutId}@example.com` });
  return harness.stripe.checkout.sessions.create({
    mode: 'subscription',
    customer: customer.id,
    line_items: [{ price: idOf(product.default_price), quantity: 1 }],
    success_url: 'https://app.example/ok',
    metadata: { checkout_id: checkoutId },
    subscription_data: { metadata: { checkout_id: checkoutId } },
  });
}

describe('Stripe', () => {
  it('takes a session to paid and sends a signed checkout.session.completed', async () => {
    const session = await aStripeSession(harness, {
      metadata: { checkout_id: 'chk_s1' },
      payment_intent_data: { metadata: { order: '7' } },
    });
    const done = await complete('chk_s1', { outcome: 'paid' });
    expect(done.body).toMatchObject({ result: 'paid', redirect_url: `https://app.example/ok?c=${session.id}` });
    const paid = await harness.stripe.checkout.sessions.retrieve(session.id, {
      expand: ['payment_intent.latest_charge'],
    });
    expect(paid).toMatchObject({
      status: 'complete',
      payment_status: 'paid',
      amount_total: 4900,
      payment_intent: { status: 'succeeded', metadata: { order: '7' }, latest_charge: { paid: true } },
    });
    const [event] = await receiver.waitFor(
      (sent) => sent.type === 'checkout.session.completed' && sent.body.includes(session.id),
    );
    const verified = harness.stripe.webhooks.constructEvent(
      event?.body ?? '',
      String(event?.headers['stripe-signature']),
      harness.sandbox.config.stripe.webhook_secret,
    );
    expect(verified).toMatchObject({ object: 'event', api_version: '2026-10-28.endive', livemode: false });
  });

  it('subscribes, renews when the clock passes the period and ends at the period end', async () => {
    const session = await aSubscriptionSession('chk_s2');
    await complete(session.id, { outcome: 'paid' });
    const { subscription } = await harness.stripe.checkout.sessions.retrieve(session.id, {
      expand: ['subscription.latest_invoice.payments'],
    });
    expect(subscription).toMatchObject({
      status: 'active',
      metadata: { checkout_id: 'chk_s2' },
      latest_invoice: {
        status: 'paid',
        billing_reason: 'subscription_create',
        payments: { data: [{ status: 'paid' }] },
      },
    });
    const id = (subscription as Stripe.Subscription).id;
    await harness.control('POST', '/clock', { advance: 'P1M' });
    const renewed = await harness.stripe.subscriptions.retrieve(id, { expand: ['latest_invoice'] });
    expect(renewed.latest_invoice).toMatchObject({
      billing_reason: 'subscription_cycle',
      status: 'paid',
      parent: { subscription_details: { subscription: id } },
    });
    await harness.stripe.subscriptions.update(id, { cancel_at_period_end: true });
    await harness.control('POST', '/clock', { advance: 'P1M' });
    expect((await harness.stripe.subscriptions.retrieve(id)).status).toBe('canceled');
    await receiver.waitFor((event) => event.type === 'customer.subscription.deleted' && event.body.includes(id));
  });

  it('falls past due when the renewal declines and ends after the retries', async () => {
    const session = await aSubscriptionSession('chk_s3');
    await complete(session.id, { outcome: 'paid', card: '4000000000000341' });
    const id = idOf((await harness.stripe.checkout.sessions.retrieve(session.id)).subscription);
    await harness.control('POST', '/clock', { advance: 'P1M' });
    expect((await harness.stripe.subscriptions.retrieve(id)).status).toBe('past_due');
    await harness.control('POST', '/clock', { advance: 'P20D' });
    expect((await harness.stripe.subscriptions.retrieve(id)).status).toBe('canceled');
  });

  it('leaves the session open after a decline and lets the next card pay', async () => {
    const session = await aStripeSession(harness);
    const declined = await complete(session.id, { outcome: 'declined', card: '4000000000009995' });
    expect(declined.body).toMatchObject({
      result: 'declined',
      decline: { declineCode: 'insufficient_funds' },
      state: 'open',
    });
    await complete(session.id, { outcome: 'paid' });
    const { data } = await harness.stripe.paymentIntents.list({ limit: 1 });
    expect(data[0]).toMatchObject({ status: 'succeeded', last_payment_error: null });
  });

  it('issues an OXXO voucher, completes unpaid and settles later', async () => {
    const session = await aStripeSession(harness, {
      line_items: [{ price_data: { currency: 'mxn', unit_amount: 89900, product_data: { name: 'Kit' } }, quantity: 1 }],
    });
    const issued = await complete(session.id, { outcome: 'voucher_issued' });
    expect(issued.body).toMatchObject({ result: 'voucher', state: 'voucher', voucher: { kind: 'cash' } });
    expect(await harness.stripe.checkout.sessions.retrieve(session.id)).toMatchObject({
      status: 'complete',
      payment_status: 'unpaid',
    });
    await complete(session.id, { outcome: 'voucher_paid' });
    expect(await harness.stripe.checkout.sessions.retrieve(session.id)).toMatchObject({ payment_status: 'paid' });
    await receiver.waitFor(
      (event) => event.type === 'checkout.session.async_payment_succeeded' && event.body.includes(session.id),
    );
  });
});

describe('Stripe API manners', () => {
  it('expires by call and by clock', async () => {
    const byCall = await aStripeSession(harness);
    expect(await harness.stripe.checkout.sessions.expire(byCall.id)).toMatchObject({ status: 'expired', url: null });
    const byClock = await aStripeSession(harness);
    await harness.control('POST', '/clock', { advance: 'PT25H' });
    expect((await harness.stripe.checkout.sessions.retrieve(byClock.id)).status).toBe('expired');
    await receiver.waitFor((event) => event.type === 'checkout.session.expired', 2);
  });

  it('refunds in parts and refuses more than is left', async () => {
    const session = await aStripeSession(harness);
    await complete(session.id, { outcome: 'paid' });
    const { payment_intent: intent } = await harness.stripe.checkout.sessions.retrieve(session.id);
    const payment_intent = idOf(intent);
    expect(await harness.stripe.refunds.create({ payment_intent, amount: 900 })).toMatchObject({
      status: 'succeeded',
      amount: 900,
    });
    await expect(harness.stripe.refunds.create({ payment_intent, amount: 4001 })).rejects.toMatchObject({
      statusCode: 400,
    });
    await harness.stripe.refunds.create({ payment_intent });
    await expect(harness.stripe.refunds.create({ payment_intent })).rejects.toMatchObject({
      code: 'charge_already_refunded',
    });
  });

  it('refuses unknown and retired parameters, wrong keys and versions', async () => {
    const create = (over: object) => aStripeSession(harness, over);
    await expect(create({ colour: 'red' })).rejects.toMatchObject({ code: 'parameter_unknown', param: 'colour' });
    await expect(create({ payment_method_types: ['card'] })).rejects.toMatchObject({
      code: 'payment_method_types_no_longer_supported',
    });
    await expect(create({ customer: 'cus_none', customer_email: undefined })).rejects.toMatchObject({
      code: 'resource_missing',
      statusCode: 400,
    });
    await expect(harness.stripe.customers.retrieve('cus_none')).rejects.toMatchObject({ statusCode: 404 });
    const other = { apiKey: 'sk_test_wrong' };
    await expect(harness.stripe.customers.list({}, other)).rejects.toBeInstanceOf(
      Stripe.errors.StripeAuthenticationError,
    );
    await expect(harness.stripe.customers.list({}, { apiVersion: '2020-08-27' })).rejects.toMatchObject({
      statusCode: 400,
    });
  });

  it('lists newest first, pages by id and expands', async () => {
    for (const name of ['a', 'b', 'c']) await harness.stripe.customers.create({ email: 'same@example.com', name });
    const first = await harness.stripe.customers.list({ email: 'same@example.com', limit: 2 });
    expect(first).toMatchObject({ object: 'list', has_more: true, data: [{ name: 'c' }, { name: 'b' }] });
    const rest = await harness.stripe.customers.list({
      email: 'same@example.com',
      starting_after: first.data[1]?.id ?? '',
    });
    expect(rest).toMatchObject({ has_more: false, data: [{ name: 'a' }] });
  });
});

describe('Stripe idempotency', () => {
  it('replays the first answer, refuses other parameters', async () => {
    const options = { idempotencyKey: 'same-key' };
    const first = await harness.stripe.customers.create({ email: 'one@example.com' }, options);
    const second = await harness.stripe.customers.create({ email: 'one@example.com' }, options);
    expect(second.id).toBe(first.id);
    expect(second.lastResponse.headers['idempotent-replayed']).toBe('true');
    await expect(harness.stripe.customers.create({ email: 'two@example.com' }, options)).rejects.toBeInstanceOf(
      Stripe.errors.StripeIdempotencyError,
    );
  });

  it('stores an executed 500 and replays it', async () => {
    await harness.control('POST', '/faults', {
      provider: 'stripe',
      operation: 'customers.create',
      kind: 'status',
      status: 500,
      times: 1,
    });
    const create = () => harness.stripe.customers.create({ email: 'x@example.com' }, { idempotencyKey: 'failed-key' });
    await expect(create()).rejects.toMatchObject({ statusCode: 500 });
    await expect(create()).rejects.toMatchObject({ statusCode: 500 });
  });

  it('keeps the key free after a validation failure', async () => {
    const options = { idempotencyKey: 'validated-key' };
    await expect(harness.stripe.products.create({ name: '' }, options)).rejects.toMatchObject({ statusCode: 400 });
    await expect(harness.stripe.products.create({ name: 'Good' }, options)).resolves.toMatchObject({ name: 'Good' });
  });

  it('answers 409 while the first request still runs', async () => {
    await harness.control('POST', '/faults', {
      provider: 'stripe',
      operation: 'customers.create',
      kind: 'latency',
      latency_ms: 150,
      times: 1,
    });
    const create = () => harness.stripe.customers.create({ email: 'y@example.com' }, { idempotencyKey: 'busy-key' });
    const results = await Promise.allSettled([create(), create()]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(results.find((result) => result.status === 'rejected')).toMatchObject({
      reason: { statusCode: 409, code: 'idempotency_key_in_use' },
    });
  });
});
