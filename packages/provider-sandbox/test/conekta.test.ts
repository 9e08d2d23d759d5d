import { createVerify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Harness, aConektaOrder, startHarness } from './support/harness.ts';
import { type Receiver, startReceiver } from './support/receiver.ts';

let harness: Harness;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  harness = await startHarness({ webhooks: { conekta: receiver.url('conekta') } });
});
afterAll(async () => {
  await harness.sandbox.close();
  await receiver.close();
});

const complete = (id: string, body: object) => harness.control('POST', `/checkouts/conekta/${id}/complete`, body);

async function anOrder(checkoutId: string, checkout: object = {}): Promise<string> {
  const { status, body } = await harness.conekta('POST', '/orders', aConektaOrder(checkoutId, checkout));
  expect(status).toBe(200);
  return String(body['id']);
}

describe('Conekta', () => {
  it('takes a hosted order to paid with RSA-signed events', async () => {
    const id = await anOrder('chk_c1');
    await complete('chk_c1', { outcome: 'paid' });
    expect((await harness.conekta('GET', `/orders/${id}`)).body).toMatchObject({
      payment_status: 'paid',
      amount: 89900,
      charges: { data: [{ status: 'paid', payment_method: { object: 'card_payment', last4: '4242' } }] },
    });
    const [event] = await receiver.waitFor((sent) => sent.type === 'order.paid');
    expect(receiver.received.map(({ type }) => type)).toEqual([
      'order.created',
      'charge.created',
      'charge.paid',
      'order.paid',
    ]);
    const verifier = createVerify('RSA-SHA256').update(event?.body ?? '', 'utf8');
    expect(
      verifier.verify(harness.sandbox.config.conekta.webhook_public_key, String(event?.headers['digest']), 'base64'),
    ).toBe(true);
  });

  it('gives a cash reference with a barcode, then a payment', async () => {
    const id = await anOrder('chk_c2');
    const { body } = await complete('chk_c2', { outcome: 'voucher_issued', method: 'oxxo' });
    const voucher = body['voucher'] as { reference: string; barcode_url: string };
    expect(voucher.reference).toMatch(/^\d{14}$/);
    const barcode = await fetch(voucher.barcode_url);
    expect(barcode.headers.get('content-type')).toBe('image/svg+xml; charset=utf-8');
    expect(await barcode.text()).toContain('<rect');
    expect((await harness.conekta('GET', `/orders/${id}`)).body).toMatchObject({ payment_status: 'pending_payment' });
    await complete(id, { outcome: 'voucher_paid' });
    expect((await harness.conekta('GET', `/orders/${id}`)).body).toMatchObject({ payment_status: 'paid' });
  });

  it('gives an 18-digit CLABE that expires with the clock', async () => {
    const id = await anOrder('chk_c3');
    const { body } = await complete(id, { outcome: 'voucher_issued', method: 'spei' });
    expect((body['voucher'] as { reference: string }).reference).toMatch(/^\d{18}$/);
    await harness.control('POST', '/clock', { advance: 'P4D' });
    expect((await harness.conekta('GET', `/orders/${id}`)).body).toMatchObject({ payment_status: 'expired' });
    await receiver.waitFor((event) => event.type === 'order.expired' && event.body.includes(id));
  });

  it('keeps the page open after a decline', async () => {
    const id = await anOrder('chk_c4');
    expect((await complete(id, { outcome: 'declined' })).body).toMatchObject({ result: 'declined', state: 'open' });
    expect((await complete(id, { outcome: 'paid', card: '4000000000001091' })).body).toMatchObject({ result: 'paid' });
  });

  it('starts a subscription from plan_ids, renews it and cancels it', async () => {
    await harness.conekta('POST', '/plans', {
      id: 'pro',
      name: 'Pro',
      amount: 49900,
      interval: 'month',
      frequency: 1,
      currency: 'MXN',
    });
    const customer = (
      await harness.conekta('POST', '/customers', { name: 'Ana', email: 'ana@example.com', phone: '+525555555555' })
    ).body;
    const order = {
      ...aConektaOrder('chk_c5', { plan_ids: ['pro'], allowed_payment_methods: ['card'] }),
      customer_info: { customer_id: customer['id'] },
    };
    const { body } = await harness.conekta('POST', '/orders', order);
    await complete(String(body['id']), { outcome: 'paid' });
    const path = `/customers/${String(customer['id'])}/subscriptions`;
    const list = (await harness.conekta('GET', path)).body['data'] as { id: string; status: string; plan_id: string }[];
    expect(list).toMatchObject([{ status: 'active', plan_id: 'pro' }]);
    await harness.control('POST', '/clock', { advance: 'P1M' });
    await receiver.waitFor((event) => event.type === 'subscription.paid', 2);
    expect((await harness.conekta('POST', `${path}/${list[0]?.id}/cancel`)).body).toMatchObject({ status: 'canceled' });
  });
});

describe('Conekta API manners', () => {
  it('makes another order for every repeated POST and finds them by search', async () => {
    await anOrder('chk_c6');
    await anOrder('chk_c6');
    const { body } = await harness.conekta('GET', '/orders?search=chk_c6&limit=1');
    expect(body).toMatchObject({ object: 'list', has_more: true, data: [{ object: 'order' }] });
    const next = await fetch(String(body['next_page_url']), {
      headers: {
        authorization: `Bearer ${harness.sandbox.config.conekta.api_key}`,
        accept: 'application/vnd.conekta-v2.2.0+json',
      },
    });
    expect(((await next.json()) as { data: unknown[] }).data.length).toBeGreaterThan(0);
  });

  it('cancels a checkout, refunds with negative rows, declines with the whole order', async () => {
    const open = await harness.conekta('POST', '/orders', aConektaOrder('chk_c7'));
    const checkout = open.body['checkout'] as { id: string };
    expect((await harness.conekta('PUT', `/checkouts/${checkout.id}/cancel`)).body).toMatchObject({
      status: 'Cancelled',
    });
    const paid = await anOrder('chk_c8');
    await complete(paid, { outcome: 'paid' });
    const refunded = await harness.conekta('POST', `/orders/${paid}/refunds`, {
      amount: 10000,
      reason: 'requested_by_client',
    });
    expect(refunded.body).toMatchObject({
      payment_status: 'partially_refunded',
      amount_refunded: 10000,
      charges: { data: [{ refunds: { data: [{ amount: -10000 }] } }] },
    });
    const { checkout: _checkout, ...direct } = aConektaOrder('chk_c9') as Record<string, unknown>;
    const declined = await harness.conekta('POST', '/orders', {
      ...direct,
      charges: [{ payment_method: { type: 'card', token_id: 'tok_test_card_declined' } }],
    });
    expect(declined).toMatchObject({
      status: 402,
      body: { object: 'error', type: 'processing_error', data: { payment_status: 'declined' } },
    });
  });

  it('insists on version, key and known fields, in Spanish or English', async () => {
    const wrong = await harness.conekta('GET', '/orders', undefined, { accept: 'application/vnd.conekta-v2.3.0+json' });
    expect(wrong).toMatchObject({ status: 409, body: { type: 'conflict_error' } });
    expect((await harness.conekta('GET', '/orders', undefined, { authorization: 'Bearer key_x' })).status).toBe(401);
    const unknown = await harness.conekta('POST', '/orders', { ...aConektaOrder('x'), colour: 1 });
    expect(unknown).toMatchObject({
      status: 422,
      body: {
        details: [
          {
            code: 'conekta.errors.parameter_validation.whitelist',
            message: 'El parámetro "colour" no está permitido.',
          },
        ],
      },
    });
    const missing = await harness.conekta('GET', '/orders/ord_none', undefined, { 'accept-language': 'en' });
    expect(missing).toMatchObject({ status: 404, body: { details: [{ message: 'The resource was not found.' }] } });
    expect(missing.headers.get('conekta-media-type')).toBe('conekta-v2.2.0; format=application/json');
  });
});
