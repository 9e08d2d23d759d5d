import Stripe from 'stripe';
import { afterEach, afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Harness, aConektaOrder, aPolarCheckout, aStripeSession, startHarness } from './support/harness.ts';
import { type Receiver, startReceiver } from './support/receiver.ts';

let harness: Harness;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  harness = await startHarness({ webhooks: { stripe: receiver.url('stripe'), polar: receiver.url('polar') } });
});
afterEach(() => harness.control('DELETE', '/faults'));
afterAll(async () => {
  await harness.sandbox.close();
  await receiver.close();
});

const addFault = (fault: object) =>
  harness.control('POST', '/faults', { provider: 'stripe', operation: 'checkouts.create', times: 1, ...fault });
const countSessions = async (reference: string): Promise<number> => {
  const { data } = await harness.stripe.checkout.sessions.list({ limit: 100 });
  return data.filter((session) => session.client_reference_id === reference).length;
};

describe('request faults', () => {
  it('adds latency', async () => {
    await addFault({ kind: 'latency', latency_ms: 120 });
    const startedAt = performance.now();
    await aStripeSession(harness);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(115);
  });

  it('tells how long each request took, its latency included', async () => {
    await addFault({ kind: 'latency', latency_ms: 50 });
    await aStripeSession(harness);
    const { body } = await harness.control('GET', '/requests?provider=stripe');
    const last = Object.values(body).at(-1);
    expect(last).toMatchObject({ provider: 'stripe', method: 'POST', path: '/v1/checkout/sessions', status: 200 });
    expect(last).toHaveProperty(
      'duration_ms',
      expect.toSatisfy((ms: number) => ms > 45),
    );
  });

  it('answers a status without doing the work', async () => {
    await addFault({ kind: 'status', status: 503 });
    await expect(aStripeSession(harness, { client_reference_id: 'f-status' })).rejects.toMatchObject({
      statusCode: 503,
    });
    expect(await countSessions('f-status')).toBe(0);
  });

  it('does the work and never answers', async () => {
    await addFault({ kind: 'timeout_after_work' });
    const call = harness.stripe.checkout.sessions.create(
      { mode: 'setup', currency: 'usd', success_url: 'https://x.example', client_reference_id: 'f-after' },
      { timeout: 150 },
    );
    await expect(call).rejects.toBeInstanceOf(Stripe.errors.StripeConnectionError);
    expect(await countSessions('f-after')).toBe(1);
  });

  it('never answers and does nothing', async () => {
    await addFault({ kind: 'timeout_before_work' });
    const call = harness.stripe.checkout.sessions.create(
      { mode: 'setup', currency: 'usd', success_url: 'https://x.example', client_reference_id: 'f-before' },
      { timeout: 150 },
    );
    await expect(call).rejects.toBeInstanceOf(Stripe.errors.StripeConnectionError);
    expect(await countSessions('f-before')).toBe(0);
  });

  it('resets the connection', async () => {
    await harness.control('POST', '/faults', {
      provider: 'conekta',
      operation: 'checkouts.create',
      kind: 'reset',
      times: 1,
    });
    await expect(harness.conekta('POST', '/orders', aConektaOrder('f-reset'))).rejects.toThrow('fetch failed');
    expect((await harness.conekta('POST', '/orders', aConektaOrder('f-reset'))).status).toBe(200);
  });

  it("limits in the provider's own form", async () => {
    await harness.control('POST', '/faults', {
      provider: 'polar',
      operation: 'checkouts.create',
      kind: 'rate_limited',
      retry_after_s: 7,
      times: 1,
    });
    await expect(aPolarCheckout(harness, 'f-limited')).rejects.toMatchObject({ statusCode: 429, retryAfter: 7 });
    await addFault({ kind: 'rate_limited' });
    await expect(aStripeSession(harness)).rejects.toBeInstanceOf(Stripe.errors.StripeRateLimitError);
  });

  it('breaks the JSON after the work', async () => {
    await addFault({ kind: 'malformed' });
    await expect(aStripeSession(harness, { client_reference_id: 'f-malformed' })).rejects.toMatchObject({
      type: 'StripeAPIError',
    });
    expect(await countSessions('f-malformed')).toBe(1);
  });

  it('strikes the same requests for the same seed and lists, counts and deletes faults', async () => {
    const run = async (): Promise<string> => {
      const { body } = await addFault({
        operation: 'customers.list',
        kind: 'status',
        status: 500,
        rate: 0.5,
        times: null,
        seed: 42,
      });
      const outcomes: string[] = [];
      for (let at = 0; at < 8; at += 1)
        outcomes.push(
          await harness.stripe.customers.list().then(
            () => '.',
            () => 'x',
          ),
        );
      const listed = (await harness.control('GET', '/faults')).body as unknown as { id: string; hits: number }[];
      expect(listed.find((fault) => fault.id === body['id'])?.hits).toBe(outcomes.filter((one) => one === 'x').length);
      expect((await harness.control('DELETE', `/faults/${String(body['id'])}`)).status).toBe(200);
      return outcomes.join('');
    };
    const first = await run();
    expect(first).toContain('x');
    expect(await run()).toBe(first);
  });
});

describe('webhook faults', () => {
  const addWebhookFault = (fault: object) =>
    harness.control('POST', '/faults', { provider: 'stripe', operation: 'customer.created', times: 1, ...fault });
  const arrivals = (id: string) => receiver.received.filter((event) => event.body.includes(id));

  it('loses one, then sends it on request', async () => {
    await addWebhookFault({ kind: 'webhook_lost' });
    const { id } = await harness.stripe.customers.create({ email: 'lost@example.com' });
    const lost = (await harness.control('GET', '/deliveries?status=lost')).body as unknown as {
      id: string;
      attempts: unknown[];
    }[];
    expect(lost[0]?.attempts).toEqual([]);
    expect(arrivals(id)).toHaveLength(0);
    await harness.control('POST', `/deliveries/${lost[0]?.id}/resend`);
    await receiver.waitFor((event) => event.body.includes(id));
  });

  it('sends one twice with the same event id', async () => {
    await addWebhookFault({ kind: 'webhook_duplicate' });
    const { id } = await harness.stripe.customers.create({ email: 'twice@example.com' });
    const [first, second] = await receiver.waitFor((event) => event.body.includes(id), 2);
    expect(second?.body).toBe(first?.body);
  });

  it('sends one late, and one after its successors', async () => {
    await addWebhookFault({ kind: 'webhook_late', latency_ms: 200 });
    const late = await harness.stripe.customers.create({ email: 'late@example.com' });
    await addWebhookFault({ kind: 'webhook_reordered', latency_ms: 200 });
    const early = await harness.stripe.customers.create({ email: 'early@example.com' });
    const later = await harness.stripe.customers.create({ email: 'later@example.com' });
    await receiver.waitFor((event) => event.body.includes(early.id));
    await receiver.waitFor((event) => event.body.includes(late.id));
    const order = receiver.received
      .map((event) => [early.id, later.id].find((id) => event.body.includes(id)))
      .filter((id) => id !== undefined);
    expect(order).toEqual([later.id, early.id]);
  });

  it('retries a refused delivery with the same body and a new signature time', async () => {
    receiver.answerWith(500);
    const { id } = await harness.stripe.customers.create({ email: 'retry@example.com' });
    const [first, second] = await receiver.waitFor((event) => event.body.includes(id), 2);
    expect(second?.body).toBe(first?.body);
    const delivered = (await harness.control('GET', '/deliveries')).body as unknown as {
      body: string;
      attempts: { status: number }[];
    }[];
    await expect
      .poll(() => delivered.find((delivery) => delivery.body.includes(id))?.attempts.length)
      .toBeGreaterThanOrEqual(1);
  });

  it('signs with both secrets after a Stripe rotation', async () => {
    const before = harness.sandbox.config.stripe.webhook_secret;
    const { body } = await harness.control('POST', '/webhook-secrets/stripe/rotate');
    const { id } = await harness.stripe.customers.create({ email: 'rolled@example.com' });
    const [event] = await receiver.waitFor((sent) => sent.body.includes(id));
    for (const secret of [before, String(body['webhook_secret'])]) {
      expect(() =>
        harness.stripe.webhooks.constructEvent(event?.body ?? '', String(event?.headers['stripe-signature']), secret),
      ).not.toThrow();
    }
  });
});
