import { webhooks } from '@polar-sh/sdk/2026-10';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aMonthlyPlan, type PolarCaller, startPolarCaller } from './support/polar-caller.ts';
import { type Received, type Receiver, startReceiver } from './support/receiver.ts';

let polar: PolarCaller;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  polar = await startPolarCaller();
});
afterAll(async () => {
  await polar.harness.sandbox.close();
  await receiver.close();
});

const anEndpoint = (path: string, events: string[]) => ({
  url: receiver.url(path),
  format: 'raw',
  events,
  api_version: '2026-10',
});
const headersOf = (event: Received | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(event?.headers ?? {}).map(([name, value]) => [name, String(value)]));
const at = (path: string) => (event: Received) => event.path === `/${path}`;

describe("Polar's webhook endpoints", () => {
  it('sign with their own secret, and with the new one after a reset', async () => {
    const made = await polar.call('POST', '/v1/webhooks/endpoints', anEndpoint('own', ['product.created']));
    expect(made).toMatchObject({ status: 201, body: { uses_standard_webhook_signature: true, enabled: true } });
    await polar.make('/v1/products/', aMonthlyPlan(100));
    const [first] = await receiver.waitFor(at('own'));
    const secret = String(made.body['secret']);
    const parsed = await webhooks.validateEvent(first?.body ?? '', headersOf(first), secret);
    expect(parsed).toMatchObject({ type: 'product.created', api_version: '2026-10' });
    const reset = await polar.call('PATCH', `/v1/webhooks/endpoints/${String(made.body['id'])}/secret`);
    expect(reset.body['secret']).not.toBe(secret);
    await polar.make('/v1/products/', aMonthlyPlan(200));
    const [, second] = await receiver.waitFor(at('own'), 2);
    const check = (key: unknown) => webhooks.validateEvent(second?.body ?? '', headersOf(second), String(key));
    await expect(check(secret)).rejects.toThrow();
    await expect(check(reset.body['secret'])).resolves.toMatchObject({ type: 'product.created' });
  });

  it('refuse unknown types, and get nothing while disabled', async () => {
    const wrong = await polar.call('POST', '/v1/webhooks/endpoints', anEndpoint('no', ['order.completed']));
    expect(wrong).toMatchObject({ status: 422, body: { error: 'RequestValidationError' } });
    const id = await polar.make('/v1/webhooks/endpoints', anEndpoint('off', ['benefit.created']));
    await polar.call('PATCH', `/v1/webhooks/endpoints/${id}`, { enabled: false });
    const benefit = { type: 'custom', description: 'A note', properties: {} };
    await polar.make('/v1/benefits/', benefit);
    await polar.call('PATCH', `/v1/webhooks/endpoints/${id}`, { enabled: true });
    await polar.make('/v1/benefits/', { ...benefit, description: 'Another' });
    const [only] = await receiver.waitFor(at('off'));
    expect(JSON.parse(only?.body ?? '{}')).toMatchObject({ data: { description: 'Another' } });
  });

  it('list their deliveries and send an event again, byte for byte', async () => {
    const id = await polar.make('/v1/webhooks/endpoints', anEndpoint('again', ['discount.created']));
    receiver.answerWith(500);
    const input = { name: 'Off', type: 'percentage', basis_points: 100, duration: 'once' };
    await polar.make('/v1/discounts/', input);
    const sent = await receiver.waitFor(at('again'), 2);
    expect(sent[1]?.body).toBe(sent[0]?.body);
    const listed = async () => polar.items(`/v1/webhooks/deliveries?endpoint_id=${id}&sorting=created_at`);
    await expect.poll(async () => (await listed()).length).toBe(2);
    expect(await listed()).toMatchObject([
      { succeeded: false, http_code: 500 },
      { succeeded: true, http_code: 200 },
    ]);
    const event = String(sent[0]?.headers['webhook-id']);
    expect((await polar.call('POST', `/v1/webhooks/events/${event}/redeliver`)).status).toBe(202);
    const third = (await receiver.waitFor(at('again'), 3)).at(-1);
    expect([third?.headers['webhook-id'], third?.body]).toEqual([event, sent[0]?.body]);
  });

  it('tell a renewal and a scheduled end in the documented order', async () => {
    const types = ['subscription.cycled', 'subscription.updated', 'subscription.canceled', 'subscription.revoked'];
    const orders = ['order.created', 'order.updated', 'order.paid'];
    const product = await polar.make('/v1/products/', aMonthlyPlan(1000));
    const { subscription } = await polar.buys(product);
    await polar.make('/v1/webhooks/endpoints', anEndpoint('order', [...types, ...orders]));
    const seen = async (count: number): Promise<string[]> =>
      (await receiver.waitFor(at('order'), count)).slice(-count).map(({ type }) => type);
    await polar.advance('P32D');
    expect(await seen(5)).toEqual(['subscription.cycled', 'subscription.updated', ...orders]);
    const path = `/v1/subscriptions/${String(subscription?.['id'])}`;
    await polar.call('PATCH', path, { cancel_at_period_end: true });
    expect((await seen(7)).slice(5)).toEqual(['subscription.updated', 'subscription.canceled']);
    await polar.advance('P32D');
    const ending = ['subscription.updated', 'subscription.canceled', 'subscription.revoked'];
    expect((await seen(10)).slice(7)).toEqual(ending);
  });
});
