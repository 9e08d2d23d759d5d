import Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Harness } from './support/harness.ts';
import { aMonthlyPlan, type PolarCaller, startPolarCaller } from './support/polar-caller.ts';

interface Entry {
  readonly id: string;
  readonly kind: string;
  readonly status: string;
  readonly subscription: string | null;
  readonly period: { readonly start: string; readonly end: string } | null;
  readonly charge: string | null;
}

let harness: Harness;
let polar: PolarCaller;

beforeEach(async () => {
  polar = await startPolarCaller();
  harness = polar.harness;
});
afterEach(() => harness.sandbox.close());

const ledgerOf = async (provider: string) =>
  (await harness.control('GET', `/ledger?provider=${provider}`)).body as unknown as readonly Entry[];

/** Every charge of one subscription pays the interval after the one before. */
function expectChain(charges: readonly Entry[], subscription: string, length: number): void {
  expect(charges.map((charge) => charge.subscription)).toEqual(charges.map(() => subscription));
  expect(charges).toHaveLength(length);
  expect(charges.slice(1).map(({ period }) => period?.start)).toEqual(
    charges.slice(0, -1).map(({ period }) => period?.end),
  );
}

describe('the ledger of subscriptions', () => {
  it('tells what each charge of an imported Fungies subscription pays, and what went back before our time', async () => {
    const { fungies } = harness.sandbox.config;
    const send = async (path: string, body: object) => {
      const answer = await fetch(`${fungies.base_url}${path}`, {
        method: 'POST',
        headers: {
          'x-fngs-public-key': fungies.api_key,
          'x-fngs-secret-key': fungies.api_secret,
          'content-type': 'application/json',
        },
        body: JSON.stringify(body),
      });
      expect(answer.status).toBe(200);
      return ((await answer.json()) as { data: Record<string, { id: string }> }).data;
    };
    const { product } = await send('/v0/products/create', { name: 'Pro', type: 'Subscription', status: 'ACTIVE' });
    const { offer } = await send('/v0/offers/create', {
      ...{ productId: product?.id, name: 'Pro monthly', price: 29, currency: 'USD', recurringInterval: 'month' },
    });
    const [start, end] = [Date.now() - 29 * 86_400_000, Date.now() + 86_400_000];
    await send('/dashboard/import', {
      users: [{ id: 'user-1', email: 'one@example.com', card: '4242424242424242' }],
      subscriptions: [
        {
          ...{ id: 'LEGACY0000000001', userId: 'user-1', offerId: offer?.id, createdAt: start },
          ...{ currentIntervalStart: start, currentIntervalEnd: end },
        },
      ],
      payments: [
        { subscriptionId: 'LEGACY0000000001', createdAt: start, status: 'REFUNDED' },
        { subscriptionId: 'LEGACY0000000001', createdAt: start, intervalStart: start, intervalEnd: end },
      ],
    });
    await harness.control('POST', '/clock', { advance: 'P40D' });
    const ledger = await ledgerOf('fungies');
    const [before, ...charges] = ledger.filter(({ kind }) => kind === 'charge');
    expectChain(charges, 'LEGACY0000000001', 3);
    expect(charges[0]?.period).toEqual({ start: new Date(start).toISOString(), end: new Date(end).toISOString() });
    expect(before).toMatchObject({ status: 'succeeded', period: null });
    expect(ledger.filter(({ kind }) => kind === 'refund')).toMatchObject([{ charge: before?.id }]);
  });

  it('tells that a trial at Polar was not paid, and its first charge begins where it ends', async () => {
    const product = await polar.make('/v1/products/', {
      ...aMonthlyPlan(1000),
      ...{ trial_interval: 'day', trial_interval_count: 3 },
    });
    const id = String((await polar.buys(product)).subscription?.['id']);
    expect(await ledgerOf('polar')).toEqual([]);
    const { body } = await polar.call('GET', `/v1/subscriptions/${id}`);
    await polar.advance('P70D');
    const charges = await ledgerOf('polar');
    expectChain(charges, id, 3);
    expect(Date.parse(charges[0]?.period?.start ?? '')).toBe(Date.parse(String(body['trial_end'])));
  });

  it('tells the period of a charge at Stripe by its invoice', async () => {
    const stripe: Stripe = harness.stripe;
    const customer = await stripe.customers.create();
    const method = await stripe.paymentMethods.attach('pm_card_visa', { customer: customer.id });
    await stripe.customers.update(customer.id, { invoice_settings: { default_payment_method: method.id } });
    const product = await stripe.products.create({ name: 'Pro' });
    const price = await stripe.prices.create({
      ...{ product: product.id, currency: 'usd', unit_amount: 2900, recurring: { interval: 'month' } },
    });
    const made = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: price.id }] });
    await harness.control('POST', '/clock', { advance: 'P40D' });
    expectChain(await ledgerOf('stripe'), made.id, 2);
  });
});
