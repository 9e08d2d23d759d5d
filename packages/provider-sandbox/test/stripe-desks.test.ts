import { Stripe } from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Sandbox } from '../src/context.ts';
import { OperatorRefusal } from '../src/operator.ts';
import type { ProviderDesk } from '../src/provider-desk.ts';
import { createStripe } from '../src/stripe/index.ts';
import { type Harness, aStripeSession, startHarness } from './support/harness.ts';
import { type Receiver, startReceiver } from './support/receiver.ts';
import { createSandbox } from './support/sandbox.ts';

/** A desk without a server: requests go straight to the routes. */
function aDesk(): {
  sandbox: Sandbox;
  desk: ProviderDesk;
  call: (method: string, path: string, form?: object) => Record<string, unknown>;
} {
  const sandbox = createSandbox({ stateDir: null, seed: 1, publicUrl: () => 'http://sandbox.example' });
  const desk = createStripe(sandbox);
  const call = (method: string, path: string, form: object = {}): Record<string, unknown> => {
    const route = desk.api.routes.find(
      (candidate) =>
        candidate.method === method &&
        new RegExp(`^${candidate.path.replaceAll(/:\w+/g, '[^/]+')}$`).test(path) &&
        (!candidate.path.endsWith(':id') || !path.endsWith('/search')),
    );
    const names = [...(route?.path ?? '').matchAll(/:(\w+)/g)].map((match) => match[1] ?? '');
    const values = new RegExp(`^${(route?.path ?? '').replaceAll(/:\w+/g, '([^/]+)')}$`).exec(path)?.slice(1) ?? [];
    const body = new URLSearchParams(
      Object.entries(form).map(([key, value]): [string, string] => [key, String(value)]),
    );
    const request = {
      method: method.toUpperCase(),
      path,
      params: Object.fromEntries(names.map((name, at) => [name, values[at] ?? ''])),
      query: new URLSearchParams(),
      headers: {},
      rawBody: Buffer.from(body.toString()),
      ip: '127.0.0.1',
      search: '',
    };
    return route?.handle(request).body as Record<string, unknown>;
  };
  return { sandbox, desk, call };
}

/** A customer with a good card and a monthly subscription of 29.00 USD. */
function aSubscriber(call: ReturnType<typeof aDesk>['call']) {
  const customer = String(call('post', '/v1/customers', { email: 'ana@example.com', name: 'Ana' })['id']);
  const method = String(call('post', '/v1/payment_methods/pm_card_visa/attach', { customer })['id']);
  const price = String(
    call('post', '/v1/prices', {
      currency: 'usd',
      unit_amount: 2900,
      'recurring[interval]': 'month',
      'product_data[name]': 'Pro',
    })['id'],
  );
  const subscription = String(
    call('post', '/v1/subscriptions', { customer, 'items[0][price]': price, default_payment_method: method })['id'],
  );
  return { customer, method, subscription };
}

const typesOf = (call: ReturnType<typeof aDesk>['call']) =>
  (call('get', '/v1/events')['data'] as { type: string }[]).map(({ type }) => type);

describe('Stripe operator desk', () => {
  it('refunds in parts, disputes and closes, in the order of the real events', () => {
    const { desk, call } = aDesk();
    const { subscription } = aSubscriber(call);
    const invoice = String(call('get', `/v1/subscriptions/${subscription}`)['latest_invoice']);
    desk.operator?.refund(invoice, 900);
    expect(() => desk.operator?.refund(invoice, 2001)).toThrow(OperatorRefusal);
    const disputeId = desk.operator?.dispute(invoice, { amountMinor: null, reason: 'fraudulent' }).disputeId ?? '';
    expect(call('get', `/v1/disputes/${disputeId}`)).toMatchObject({ status: 'needs_response', amount: 2900 });
    desk.operator?.closeDispute(disputeId, 'won');
    expect(typesOf(call).slice(0, 6)).toEqual([
      'charge.dispute.funds_reinstated',
      'charge.dispute.closed',
      'charge.dispute.funds_withdrawn',
      'charge.dispute.created',
      'refund.created',
      'charge.refunded',
    ]);
    expect(() => desk.operator?.closeDispute(disputeId, 'lost')).toThrow(OperatorRefusal);
  });

  it('makes a renewal fail by a card and recover by another', () => {
    const { sandbox, desk, call } = aDesk();
    const { subscription } = aSubscriber(call);
    desk.operator?.useCard(subscription, '4000000000000341');
    sandbox.clock.moveTo(sandbox.clock.nowMs() + 32 * 86_400_000);
    sandbox.agenda.runDue();
    expect(call('get', `/v1/subscriptions/${subscription}`)['status']).toBe('past_due');
    expect(desk.operator?.retryPayment(subscription)).toEqual({ outcome: 'declined' });
    desk.operator?.useCard(subscription, '4242424242424242');
    expect(desk.operator?.retryPayment(subscription)).toEqual({ outcome: 'paid' });
    expect(() => desk.operator?.retryPayment(subscription)).toThrow('owes nothing');
    desk.operator?.cancelSubscription(subscription, 'period_end');
    expect(call('get', `/v1/subscriptions/${subscription}`)).toMatchObject({
      status: 'active',
      cancel_at_period_end: true,
    });
    desk.operator?.cancelSubscription(subscription, 'now');
    expect(call('get', `/v1/subscriptions/${subscription}`)['status']).toBe('canceled');
  });
});

describe('Stripe portal and hosted invoices', () => {
  const open = (call: ReturnType<typeof aDesk>['call'], customer: string) => {
    const url = String(
      call('post', '/v1/billing_portal/sessions', { customer, return_url: 'https://app.example' })['url'],
    );
    return url.slice(url.lastIndexOf('/') + 1);
  };

  it('shows what the customer has and lets them cancel, undo and change the card', () => {
    const { desk, call } = aDesk();
    const { customer, subscription, method } = aSubscriber(call);
    const token = open(call, customer);
    const portal = desk.portal?.desk;
    expect(portal?.find(token)).toMatchObject({
      returnUrl: 'https://app.example',
      subscriptions: [{ id: subscription, title: 'Pro', amountMinor: 2900, currency: 'USD', actions: ['cancel'] }],
      invoices: [{ status: 'paid', amountMinor: 2900 }],
      paymentMethods: [{ id: method, isDefault: false }],
    });
    expect(portal?.act(token, { kind: 'cancel', subscriptionId: subscription })).toEqual({ kind: 'done' });
    expect(portal?.find(token)?.subscriptions[0]?.actions).toEqual(['undo_cancel']);
    expect(portal?.act(token, { kind: 'undo_cancel', subscriptionId: subscription })).toEqual({ kind: 'done' });
    const card = { number: '5555555555554444', expMonth: 12, expYear: 2034, cvc: '123', name: 'Ana' };
    expect(portal?.act(token, { kind: 'add_card', card, subscriptionId: null })).toEqual({ kind: 'done' });
    expect(portal?.find(token)?.paymentMethods.map(({ isDefault }) => isDefault)).toEqual([false, true]);
    expect(portal?.act(token, { kind: 'remove_payment_method', paymentMethodId: method })).toEqual({ kind: 'done' });
    expect(portal?.act(token, { kind: 'pause', subscriptionId: subscription })).toMatchObject({ kind: 'refused' });
    expect(portal?.find('test_nothing')).toBeNull();
  });

  it('takes a card for an open invoice, and no second one', () => {
    const { desk, call } = aDesk();
    const customer = String(call('post', '/v1/customers', { email: 'b@example.com' })['id']);
    call('post', '/v1/invoiceitems', { customer, amount: 5000, currency: 'mxn', description: 'Work' });
    const id = String(
      call('post', '/v1/invoices', {
        customer,
        currency: 'mxn',
        collection_method: 'send_invoice',
        days_until_due: 7,
        pending_invoice_items_behavior: 'include',
      })['id'],
    );
    const url = String(call('post', `/v1/invoices/${id}/send`)['hosted_invoice_url']);
    const token = url.slice(url.lastIndexOf('/') + 1);
    const invoices = desk.invoices?.desk;
    const card = (number: string) => ({ number, expMonth: 12, expYear: 2034, cvc: '123', name: null });
    expect(invoices?.find(token)).toMatchObject({ totalMinor: 5000, currency: 'MXN', isPayable: true });
    expect(invoices?.pay(token, card('4000000000009995'))).toMatchObject({ kind: 'declined' });
    expect(invoices?.pay(token, card('4242424242424242'))).toEqual({ kind: 'done' });
    expect(invoices?.find(token)).toMatchObject({ status: 'paid', paidMinor: 5000, isPayable: false });
    expect(invoices?.pay(token, card('4242424242424242'))).toMatchObject({ kind: 'refused' });
  });
});

describe('Stripe events and methods over the wire', () => {
  let harness: Harness;
  let receiver: Receiver;
  let stripe: Stripe;
  beforeAll(async () => {
    receiver = await startReceiver();
    harness = await startHarness();
    ({ stripe } = harness);
  });
  afterAll(async () => {
    await harness.sandbox.close();
    await receiver.close();
  });

  it('reports usage that failed its checks in a thin event that the SDK can fetch', async () => {
    const destination = await stripe.v2.core.eventDestinations.create({
      name: 'thin',
      type: 'webhook_endpoint',
      event_payload: 'thin',
      enabled_events: ['v1.billing.meter.error_report_triggered', 'v1.customer.created'],
      webhook_endpoint: { url: receiver.url('thin') },
      include: ['webhook_endpoint.signing_secret'],
    });
    await stripe.billing.meters.create({
      display_name: 'Calls',
      event_name: 'call',
      default_aggregation: { formula: 'sum' },
    });
    await stripe.billing.meterEvents.create({
      event_name: 'call',
      identifier: 'bad-1',
      payload: { stripe_customer_id: 'cus_none', value: '1' },
    });
    const [sent] = await receiver.waitFor((event) => event.body.includes('error_report_triggered'));
    const notification = stripe.parseEventNotification(
      sent?.body ?? '',
      String(sent?.headers['stripe-signature']),
      destination.webhook_endpoint?.signing_secret ?? '',
    );
    expect(notification).toMatchObject({ type: 'v1.billing.meter.error_report_triggered' });
    expect(sent?.body).not.toContain('bad-1');
    expect(await stripe.v2.core.events.retrieve(notification.id)).toMatchObject({
      data: {
        reason: {
          error_types: [
            { code: 'meter_event_customer_not_found', sample_errors: [{ request: { identifier: 'bad-1' } }] },
          ],
        },
      },
    });
    await stripe.customers.create({ email: 'thin@example.com' });
    await receiver.waitFor((event) => event.body.includes('"v1.customer.created"'));
  });

  it('warns of fraud and disputes the card that is made for it', async () => {
    const intent = await stripe.paymentIntents.create({
      amount: 4200,
      currency: 'usd',
      payment_method: 'pm_card_createDispute',
      confirm: true,
    });
    expect(intent.status).toBe('succeeded');
    await harness.control('POST', '/clock', { advance: 'PT1M' });
    const { data } = await stripe.disputes.list({ payment_intent: intent.id });
    expect(data).toMatchObject([{ status: 'needs_response', amount: 4200 }]);
    const warned = await stripe.events.list({ type: 'radar.early_fraud_warning.created' });
    expect(warned.data).toHaveLength(1);
    const lost = await stripe.disputes.close(data[0]?.id ?? '');
    expect(lost.status).toBe('lost');
  });

  it('completes a debit session unpaid and tells when the money came', async () => {
    const session = await aStripeSession(harness, {
      allowed_payment_method_types: ['sepa_debit'],
      line_items: [{ price_data: { currency: 'eur', unit_amount: 4900, product_data: { name: 'Kit' } }, quantity: 1 }],
    });
    await harness.control('POST', `/checkouts/stripe/${session.id}/complete`, { outcome: 'paid' });
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({
      status: 'complete',
      payment_status: 'unpaid',
    });
    await harness.control('POST', '/clock', { advance: 'P6D' });
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({ payment_status: 'paid' });
    const told = await stripe.events.list({ type: 'checkout.session.async_payment_succeeded' });
    expect(told.data).toHaveLength(1);
  });

  it('moves its time by a test clock', async () => {
    const start = Math.floor(Date.now() / 1000) + 40 * 86_400;
    const clock = await stripe.testHelpers.testClocks.create({ frozen_time: start });
    await stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: start + 3600 });
    expect((await stripe.testHelpers.testClocks.retrieve(clock.id)).status).toBe('ready');
    expect((await stripe.customers.create()).created).toBeGreaterThanOrEqual(start + 3600);
    expect(await stripe.accounts.retrieveCurrent()).toMatchObject({ object: 'account', charges_enabled: true });
    expect((await stripe.balance.retrieve()).available.length).toBeGreaterThan(0);
  });
});
