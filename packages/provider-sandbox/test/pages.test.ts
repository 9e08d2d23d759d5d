import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Harness, aConektaOrder, aPolarCheckout, aStripeSession, startHarness } from './support/harness.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.sandbox.close());

const CARD = {
  method: 'card',
  number: '4242 4242 4242 4242',
  expiry: '12 / 34',
  cvc: '123',
  name: 'Ana López',
  country: 'MX',
};

function submit(url: string, fields: Record<string, string>): Promise<Response> {
  return fetch(url, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' });
}

describe('hosted pages', () => {
  it("pays on Stripe's page without JavaScript and redirects", async () => {
    const session = await aStripeSession(harness);
    const page = await (await fetch(String(session.url))).text();
    expect(page).toContain('Starter kit');
    expect(page).toContain('$49.00');
    expect(page).toContain('4000 0000 0000 0002');
    const paid = await submit(String(session.url), CARD);
    expect(paid.status).toBe(303);
    expect(paid.headers.get('location')).toBe(`https://app.example/ok?c=${session.id}`);
    expect(await (await fetch(`${harness.sandbox.url}/c/pay/${session.id}`)).text()).toContain('completed');
  });

  it('shows faulty fields and a decline inline, then accepts another card', async () => {
    const session = await aStripeSession(harness);
    const wrong = await submit(String(session.url), { ...CARD, number: '4242', name: '' });
    expect(wrong.status).toBe(422);
    expect(await wrong.text()).toContain('Your card number is invalid.');
    const declined = await submit(String(session.url), { ...CARD, number: '4000000000009995' });
    expect(await declined.text()).toContain('insufficient funds');
    expect((await submit(String(session.url), CARD)).status).toBe(303);
  });

  it("asks for 3-D Secure on Polar's page; failing it allows another try", async () => {
    const checkout = await aPolarCheckout(harness, 'chk_page');
    const challenged = await submit(checkout.url, { ...CARD, number: '4000002760003184' });
    const challenge = String(challenged.headers.get('location'));
    expect(await (await fetch(challenge)).text()).toContain('Approve payment');
    const failed = await submit(challenge, { answer: 'fail' });
    expect(await failed.text()).toContain('unable to authenticate');
    const again = await submit(checkout.url, { ...CARD, number: '4000002760003184' });
    const approved = await submit(String(again.headers.get('location')), { answer: 'approve' });
    expect(approved.headers.get('location')).toBe(`https://app.example/ok?c=${checkout.id}`);
  });

  it('refuses embargoed countries at Polar', async () => {
    const checkout = await aPolarCheckout(harness, 'chk_cuba');
    expect(await (await submit(checkout.url, { ...CARD, country: 'CU' })).text()).toContain('not supported');
  });

  it("shows Conekta's page in Spanish, gives a reference and simulates the shop", async () => {
    const { body } = await harness.conekta('POST', '/orders', aConektaOrder('chk_pagina'));
    const { url } = body['checkout'] as { url: string };
    const page = await (await fetch(url)).text();
    expect(page).toContain('Efectivo (OXXO)');
    expect(page).toContain('$899.00');
    const voucher = await submit(url, { method: 'cash' });
    expect(voucher.headers.get('location')).toBe(url);
    const shown = await (await fetch(url)).text();
    expect(shown).toContain('Simular pago en tienda');
    expect(shown).toContain('.svg');
    expect((await submit(`${url}/settle`, {})).headers.get('location')).toBe('https://app.example/ok');
  });

  it('shows a decent page for expired and unknown checkouts and escapes what it prints', async () => {
    const session = await aStripeSession(harness, {
      line_items: [
        {
          price_data: { currency: 'usd', unit_amount: 100, product_data: { name: '<script>alert(1)</script>' } },
          quantity: 1,
        },
      ],
    });
    expect(await (await fetch(String(session.url))).text()).not.toContain('<script>alert(1)');
    await harness.stripe.checkout.sessions.expire(session.id);
    expect(await (await fetch(String(session.url))).text()).toContain('expired');
    const unknown = await fetch(`${harness.sandbox.url}/c/pay/cs_test_none`);
    expect(unknown.status).toBe(404);
  });

  it('never keeps a card number', async () => {
    const { body } = await harness.control('GET', '/objects/stripe/saved_cards');
    const text = JSON.stringify([body, (await harness.control('GET', '/objects/stripe/payment_methods')).body]);
    expect(text).toContain('4242');
    expect(text).not.toContain('4242424242424242');
  });
});
