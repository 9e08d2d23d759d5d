import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPolar } from '@polar-sh/sdk/2026-10';
import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxAccount } from '../src/index.ts';
import { type Harness, aConektaOrder, aPolarCheckout, aStripeSession, startHarness } from './support/harness.ts';
import { type Receiver, startReceiver } from './support/receiver.ts';

let harness: Harness;
let receiver: Receiver;
let other: SandboxAccount;
let stripe: Stripe;

const CONEKTA_ACCEPT = 'application/vnd.conekta-v2.2.0+json';

function stripeOf({ config }: SandboxAccount): Stripe {
  const { port } = new URL(config.stripe.base_url);
  return new Stripe(config.stripe.api_key, { host: '127.0.0.1', port, protocol: 'http', maxNetworkRetries: 0 });
}

beforeAll(async () => {
  receiver = await startReceiver();
  harness = await startHarness({ webhooks: { stripe: receiver.url('default') } });
  other = harness.sandbox.createAccount({ name: 'Second shop', webhooks: { stripe: receiver.url('second') } });
  stripe = stripeOf(other);
});
afterAll(async () => {
  await harness.sandbox.close();
  await receiver.close();
});

const rows = async (path: string): Promise<unknown> => (await harness.control('GET', path)).body;

describe('accounts', () => {
  it('keeps the objects of each provider apart', async () => {
    const mine = await harness.stripe.customers.create({ email: 'mine@example.com' });
    const theirs = await stripe.customers.create({ email: 'theirs@example.com' });
    await expect(harness.stripe.customers.retrieve(theirs.id)).rejects.toMatchObject({ statusCode: 404 });
    await expect(stripe.customers.retrieve(mine.id)).rejects.toMatchObject({ statusCode: 404 });
    expect((await stripe.customers.list()).data.map(({ email }) => email)).toEqual(['theirs@example.com']);

    const polar = createPolar({
      accessToken: other.config.polar.api_key,
      baseUrl: other.config.polar.base_url,
    });
    const checkout = await aPolarCheckout({ ...harness, polar }, 'chk_theirs');
    await expect(harness.polar.checkouts.get(checkout.id)).rejects.toThrow();
    expect((await polar.checkouts.get(checkout.id)).id).toBe(checkout.id);

    const { base_url: base, api_key: key } = other.config.conekta;
    const order = await fetch(`${base}/orders`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, accept: CONEKTA_ACCEPT, 'content-type': 'application/json' },
      body: JSON.stringify(aConektaOrder('chk_theirs')),
    });
    const { id } = (await order.json()) as { id: string };
    expect((await harness.conekta('GET', `/orders/${id}`)).status).toBe(404);
  });

  it('shows a hosted page whichever account it belongs to, and records the money there alone', async () => {
    const session = await aStripeSession({ ...harness, stripe });
    const card = {
      method: 'card',
      number: '4242424242424242',
      expiry: '12/34',
      cvc: '123',
      name: 'Ana',
      country: 'US',
    };
    const paid = await fetch(String(session.url), {
      method: 'POST',
      body: new URLSearchParams(card),
      redirect: 'manual',
    });
    expect(paid.status).toBe(303);
    expect(await rows('/ledger')).toEqual([]);
    expect(await rows(`/ledger?account=${other.id}`)).toMatchObject([
      { account: other.id, provider: 'stripe', kind: 'charge', amount_minor: 4900, tax_minor: null },
    ]);
    expect(await rows('/ledger?account=*')).toHaveLength(1);
  });

  it("asks a browser's call without a key by the secret in its path", async () => {
    const polar = createPolar({ accessToken: other.config.polar.api_key, baseUrl: other.config.polar.base_url });
    const { client_secret: secret } = await aPolarCheckout({ ...harness, polar }, 'chk_browser');
    const answer = await fetch(`${other.config.polar.base_url}/v1/checkouts/client/${secret}`);
    expect(answer.status).toBe(200);
  });

  it("sends each account's events to its own receiver under its own secret", async () => {
    const customer = await stripe.customers.create({ email: 'event@example.com' });
    const [event] = await receiver.waitFor(({ path, body }) => path === '/second' && body.includes(customer.id));
    const signature = String(event?.headers['stripe-signature']);
    const verify = (secret: string) => Stripe.webhooks.constructEvent(event?.body ?? '', signature, secret);
    expect(verify(other.config.stripe.webhook_secret).type).toBe('customer.created');
    expect(() => verify(harness.sandbox.config.stripe.webhook_secret)).toThrow();
    expect(receiver.received.some(({ path, body }) => path === '/default' && body.includes(customer.id))).toBe(false);
    const own = (await rows(`/deliveries?account=${other.id}`)) as { account: string; id: string }[];
    expect(own.length).toBeGreaterThan(0);
    expect(own.every(({ account }) => account === other.id)).toBe(true);
    const ids = ((await rows('/deliveries')) as { id: string }[]).map(({ id }) => id);
    expect(own.some(({ id }) => ids.includes(id))).toBe(false);
    const count = (): number => receiver.received.filter(({ body }) => body === event?.body).length;
    const before = count();
    await harness.control('POST', `/deliveries/${own.at(-1)?.id}/resend`);
    await receiver.waitFor(({ body }) => body === event?.body, before + 1);
  });

  it('renews on the common clock, in each account', async () => {
    const sandboxClock = await rows('/clock');
    expect(sandboxClock).toMatchObject({ offset_ms: 0 });
    const session = await aStripeSession(
      { ...harness, stripe },
      {
        mode: 'subscription',
        line_items: [
          {
            price_data: {
              currency: 'usd',
              unit_amount: 1000,
              recurring: { interval: 'month' },
              product_data: { name: 'Plan' },
            },
            quantity: 1,
          },
        ],
      },
    );
    await harness.control('POST', `/checkouts/stripe/${session.id}/complete?account=${other.id}`, { outcome: 'paid' });
    const count = async (): Promise<number> =>
      ((await rows(`/ledger?account=${other.id}`)) as { amount_minor: number }[]).filter(
        (row) => row.amount_minor === 1000,
      ).length;
    expect(await count()).toBe(1);
    await harness.control('POST', '/clock', { advance: 'P1M1D' });
    expect(await count()).toBe(2);
    expect(await rows('/ledger')).toEqual([]);
  });

  it('is made and listed by the control interface, and refuses what it does not know', async () => {
    const made = await harness.control('POST', '/accounts', {
      name: 'Third',
      webhooks: { polar: receiver.url('third') },
    });
    expect(made.body).toMatchObject({
      name: 'Third',
      stripe: { base_url: harness.sandbox.url, env: { STRIPE_BASE_URL: harness.sandbox.url } },
      webhooks: { polar: receiver.url('third'), stripe: null },
    });
    const id = String(made.body['id']);
    expect(await rows(`/config?account=${id}`)).toMatchObject({ account: id, polar: made.body['polar'] });
    expect(await rows('/accounts')).toMatchObject([{ id: 'default' }, { id: other.id, name: 'Second shop' }, { id }]);
    expect((await harness.control('GET', '/ledger?account=acc_none')).status).toBe(404);
    expect((await harness.control('POST', '/accounts', { surname: 'x' })).status).toBe(422);
    const objects = await rows(`/objects/stripe/customers?account=${other.id}`);
    expect(JSON.stringify(objects)).toContain('theirs@example.com');
    expect(JSON.stringify(objects)).not.toContain('mine@example.com');
  });

  it("refuses a key that nobody has in the provider's own manner", async () => {
    const nobody = new Stripe('sk_test_nobody', {
      host: '127.0.0.1',
      port: new URL(harness.sandbox.url).port,
      protocol: 'http',
      maxNetworkRetries: 0,
    });
    await expect(nobody.customers.list()).rejects.toBeInstanceOf(Stripe.errors.StripeAuthenticationError);
  });

  it('is there again after a restart, with its keys and its objects', async () => {
    const stateDir = mkdtempSync(join(tmpdir(), 'sandbox-accounts-'));
    const before = await startHarness({ stateDir });
    const made = before.sandbox.createAccount({ name: 'Kept' });
    const customer = await stripeOf(made).customers.create({ email: 'kept@example.com' });
    await before.sandbox.close();
    const after = await startHarness({ stateDir });
    const config = (await after.control('GET', `/config?account=${made.id}`)).body;
    expect(config).toMatchObject({ stripe: { api_key: made.config.stripe.api_key } });
    const again = stripeOf({ ...made, config: config as unknown as SandboxAccount['config'] });
    expect((await again.customers.retrieve(customer.id)).id).toBe(customer.id);
    await after.control('POST', '/reset');
    expect((await again.customers.list()).data).toEqual([]);
    await after.sandbox.close();
    rmSync(stateDir, { recursive: true, force: true });
  });
});
