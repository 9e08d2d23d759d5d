import { afterAll, beforeAll, expect, it } from 'vitest';
import { Webhook } from 'standardwebhooks';
import { startReceiver, type Receiver } from './db/outbound-receiver.ts';
import { startSystem, type System } from './support.ts';

let system: System;
let app: Receiver;
let verify: Webhook;
let endpoint: string;
beforeAll(async () => {
  [system, app] = await Promise.all([startSystem(), startReceiver()]);
  const { body } = await ops('POST', '/ops/webhook-endpoints', { url: `${app.url}/webhooks` });
  endpoint = String(body['id']);
  verify = new Webhook(String(body['secret']));
}, 180_000);
afterAll(async () => {
  app?.close();
  await system?.end();
});

async function ops(method: string, path: string, body?: unknown) {
  const response = await fetch(`${system.apiUrl}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${system.stack.devFile().ops_key}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

interface Told {
  readonly id: string;
  readonly type: string;
  readonly organization_id: string | null;
  readonly data: { readonly id?: string };
}

/** Everything that arrived, each verified as an app would. */
const told = () =>
  app.received.map(({ body, headers }) => verify.verify(body, headers as Record<string, string>) as Told);
const typesOf = (object: string) => told().flatMap(({ type, data }) => (data.id === object ? [type] : []));

it('an app on this machine hears of its tests and of what its customers buy', async () => {
  expect((await ops('POST', `/ops/webhook-endpoints/${endpoint}/test`, {})).status).toBe(202);
  await expect.poll(() => typesOf(endpoint), { timeout: 10_000 }).toEqual(['webhook_endpoint.test']);
  const bought = await system.open({ product_id: 'pro', billing_interval: 'monthly' });
  await system.complete(bought, 'paid');
  await expect.poll(async () => (await system.checkout(bought.checkout_id)).status, { timeout: 20_000 }).toBe('paid');
  const { subscription_id: subscription } = await system.checkout(bought.checkout_id);
  await expect.poll(() => typesOf(subscription ?? ''), { timeout: 10_000 }).toContain('subscription.created');
}, 60_000);

it('hears each event at least once, and none before its time, though the relay is killed in the middle', async () => {
  const [first] = app.received;
  if (!first) throw new Error('nothing has arrived yet');
  app.received.length = 0;
  // Other objects of the purchase may still be told of: only the endpoint's own events count here.
  const ofEndpoint = () => app.received.filter(({ body }) => (JSON.parse(body) as Told).data.id === endpoint);
  // It has sent the request, and will never know the answer.
  app.behave = () => null;
  expect((await ops('POST', `/ops/events/${first.id}/replay`, {})).status).toBe(202);
  await expect.poll(() => ofEndpoint().length, { timeout: 10_000 }).toBe(1);
  system.kill('relay');
  app.behave = () => 200;
  expect((await ops('POST', `/ops/webhook-endpoints/${endpoint}/test`, {})).status).toBe(202);
  // Of the same object: it waits for the lease of the one that was under way.
  const waiting = async () => {
    const { body } = await ops('GET', `/ops/webhook-endpoints/${endpoint}/deliveries?status=waiting`);
    return (body['data'] as unknown[]).length;
  };
  await expect.poll(waiting, { timeout: 60_000, interval: 500 }).toBe(0);
  const ids = ofEndpoint().map(({ id }) => id);
  expect(ids.filter((id) => id === first.id).length).toBeGreaterThan(1);
  expect(ids.at(-1)).not.toBe(first.id);
  expect(ids.slice(0, -1).every((id) => id === first.id)).toBe(true);
  expect(new Set(app.received.filter(({ id }) => id === first.id).map(({ body }) => body))).toEqual(
    new Set([first.body]),
  );
}, 120_000);
