import { beforeEach, describe, expect, it } from 'vitest';
import type { Sandbox } from '../src/context.ts';
import type { CardInput } from '../src/core/cards.ts';
import type { Answer } from '../src/http/answer.ts';
import { OperatorRefusal } from '../src/operator.ts';
import { createPolar } from '../src/polar/index.ts';
import type { ProviderDesk } from '../src/provider-desk.ts';
import { createSandbox } from './support/sandbox.ts';

let sandbox: Sandbox;
let desk: ProviderDesk;

beforeEach(() => {
  sandbox = createSandbox({ stateDir: null, seed: 1, publicUrl: () => 'http://sandbox.test' });
  desk = createPolar(sandbox);
});

type Body = Record<string, unknown>;

/** One request to the stand-in without a server. */
function call(method: 'get' | 'post' | 'patch', path: string, body: unknown = {}): Body {
  const [bare = '', query = ''] = path.split('?');
  for (const route of desk.api.routes) {
    const names: string[] = [];
    const pattern = route.path.replaceAll(/:(\w+)/g, (_all, name: string) => (names.push(name), '([^/]+)'));
    const match = new RegExp(`^${pattern}$`).exec(bare);
    if (route.method !== method || !match) continue;
    const answer: Answer = route.handle({
      ...{ method, path: bare, headers: {}, ip: '127.0.0.1', search: '' },
      params: Object.fromEntries(names.map((name, at) => [name, match[at + 1] ?? ''])),
      query: new URLSearchParams(query),
      rawBody: Buffer.from(JSON.stringify(body)),
    });
    return answer.body as Body;
  }
  throw new Error(`no route ${method} ${path}`);
}

const aCard = (number: string): CardInput => ({ number, expMonth: 12, expYear: 2040, cvc: '123', name: 'Ana' });

function bought(number = '4242424242424242'): { customer: string; subscription: string; order: string; token: string } {
  const prices = [{ amount_type: 'fixed', price_amount: 11_900 }];
  const product = call('post', '/v1/products/', { name: 'Pro plan', recurring_interval: 'month', prices });
  const customer = call('post', '/v1/customers/', { email: 'ana@example.com', billing_address: { country: 'DE' } });
  const checkout = call('post', '/v1/checkouts/', { products: [product['id']], customer_id: customer['id'] });
  const request = { method: 'card' as const, card: aCard(number), email: null, name: null, country: null };
  expect(desk.cashier.pay(String(checkout['id']), request)).toEqual({ kind: 'paid' });
  const session = call('post', '/v1/customer-sessions/', {
    customer_id: customer['id'],
    return_url: 'https://app.example/',
  });
  const first = (path: string): string => String((call('get', path)['items'] as Body[])[0]?.['id']);
  return {
    customer: String(customer['id']),
    subscription: first('/v1/subscriptions/'),
    order: first('/v1/orders/'),
    token: String(session['token']),
  };
}

function moveTo(iso: unknown): void {
  sandbox.clock.moveTo(Date.parse(String(iso)) + 1000);
  sandbox.agenda.runDue();
}

describe("Polar's operator", () => {
  it('refunds with the tax inside, and says why not', () => {
    const { order } = bought();
    desk.operator?.refund(order, 1190);
    expect(call('get', `/v1/orders/${order}`)).toMatchObject({ refunded_amount: 1000, refunded_tax_amount: 190 });
    expect(() => desk.operator?.refund(order, 20_000)).toThrow(OperatorRefusal);
    desk.operator?.refund(order, null);
    expect(call('get', `/v1/orders/${order}`)).toMatchObject({ status: 'refunded', refundable_amount: 0 });
    expect(() => desk.operator?.refund(order, null)).toThrow(OperatorRefusal);
  });

  it('opens disputes that the merchant accepts or the bank decides', () => {
    const { order } = bought();
    const open = desk.operator?.dispute(order, { amountMinor: null, reason: 'fraudulent' });
    const dispute = call('get', `/v1/disputes/${open?.disputeId ?? ''}`);
    expect(dispute).toMatchObject({ status: 'needs_response', amount: 10_000, tax_amount: 1900, order_id: order });
    expect(call('post', `/v1/disputes/${String(dispute['id'])}/accept`)).toMatchObject({
      status: 'lost',
      closed: true,
    });
    expect(() => call('post', `/v1/disputes/${String(dispute['id'])}/accept`)).toThrow('Polar 409');
    expect(() => desk.operator?.closeDispute(String(dispute['id']), 'won')).toThrow(OperatorRefusal);
  });

  it('makes a renewal fail and recovers it with another card', () => {
    const { subscription } = bought();
    const state = (): Body => call('get', `/v1/subscriptions/${subscription}`);
    desk.operator?.useCard(subscription, '4000000000000002');
    moveTo(state()['current_period_end']);
    expect(state()).toMatchObject({ status: 'past_due' });
    expect(desk.operator?.retryPayment(subscription)).toEqual({ outcome: 'declined' });
    desk.operator?.useCard(subscription, '4242424242424242');
    expect(state()).toMatchObject({ status: 'active', past_due_at: null });
    expect(() => desk.operator?.retryPayment(subscription)).toThrow(OperatorRefusal);
    desk.operator?.cancelSubscription(subscription, 'period_end');
    expect(state()).toMatchObject({ status: 'active', cancel_at_period_end: true });
    desk.operator?.cancelSubscription(subscription, 'now');
    expect(state()).toMatchObject({ status: 'canceled' });
  });
});

describe("Polar's portal", () => {
  it('shows the customer, cancels and undoes, pauses and resumes', () => {
    const { subscription, token } = bought();
    const portal = desk.portal?.desk;
    const actions = (): unknown => portal?.find(token)?.subscriptions[0]?.actions;
    expect(portal?.find(token)).toMatchObject({
      returnUrl: 'https://app.example/',
      invoices: [{ amountMinor: 11_900 }],
    });
    expect(actions()).toEqual(['cancel', 'pause']);
    expect(portal?.act(token, { kind: 'cancel', subscriptionId: subscription })).toEqual({ kind: 'done' });
    expect(actions()).toEqual(['undo_cancel']);
    expect(portal?.act(token, { kind: 'pause', subscriptionId: subscription })).toMatchObject({ kind: 'refused' });
    portal?.act(token, { kind: 'undo_cancel', subscriptionId: subscription });
    portal?.act(token, { kind: 'pause', subscriptionId: subscription });
    moveTo(portal?.find(token) && call('get', `/v1/subscriptions/${subscription}`)['current_period_end']);
    expect(portal?.find(token)).toBeNull();
    expect(call('get', `/v1/subscriptions/${subscription}`)).toMatchObject({ status: 'paused' });
  });

  it('takes test cards and keeps the last one of a live subscription', () => {
    const { token } = bought();
    const portal = desk.portal?.desk;
    const methods = () => portal?.find(token)?.paymentMethods ?? [];
    const add = (number: string) => portal?.act(token, { kind: 'add_card', card: aCard(number), subscriptionId: null });
    const only = methods()[0]?.id ?? '';
    expect(portal?.act(token, { kind: 'remove_payment_method', paymentMethodId: only })).toMatchObject({
      kind: 'refused',
    });
    expect(add('4000000000000002')).toMatchObject({ kind: 'declined' });
    expect(add('1234')).toMatchObject({ kind: 'refused' });
    expect(add('5555555555554444')).toEqual({ kind: 'done' });
    expect(methods().map(({ isDefault }) => isDefault)).toEqual([false, true]);
    expect(portal?.act(token, { kind: 'remove_payment_method', paymentMethodId: only })).toEqual({ kind: 'done' });
    expect(methods()).toHaveLength(1);
  });

  it('lets an open invoice of a past-due subscription be paid', () => {
    const { subscription } = bought('4000000000000341');
    moveTo(call('get', `/v1/subscriptions/${subscription}`)['current_period_end']);
    const customer = call('get', `/v1/subscriptions/${subscription}`)['customer_id'];
    const session = call('post', '/v1/customer-sessions/', { customer_id: customer });
    const view = desk.portal?.desk.find(String(session['token']));
    const secret = view?.invoices[0]?.url?.split('/').at(-1) ?? '';
    expect(desk.invoices?.desk.find(secret)).toMatchObject({ isPayable: true, paidMinor: 0, taxMinor: 1900 });
    expect(desk.invoices?.desk.pay(secret, aCard('4242424242424242'))).toEqual({ kind: 'done' });
    expect(desk.invoices?.desk.find(secret)).toMatchObject({ isPayable: false, paidMinor: 11_900 });
    expect(call('get', `/v1/subscriptions/${subscription}`)).toMatchObject({ status: 'active' });
  });
});
