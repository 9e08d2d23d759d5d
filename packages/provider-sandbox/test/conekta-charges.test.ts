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

interface Shown {
  id: string;
  charges: { data: { id: string; amount: number; status: string; payment_method: Record<string, string> }[] };
  next_action: { redirect_to_url: { url: string } };
}

const shown = (body: Record<string, unknown>): Shown => body as unknown as Shown;

function aDirectOrder(charge: object, over: object = {}): object {
  const { checkout: _checkout, ...direct } = aConektaOrder('chk_d') as Record<string, unknown>;
  return { ...direct, charges: [charge], ...over };
}

const order = (charge: object, over: object = {}, headers: Record<string, string> = {}) =>
  harness.conekta('POST', '/orders', aDirectOrder(charge, over), headers);
const card = (token: string, more: object = {}) => ({ payment_method: { type: 'card', token_id: token, ...more } });
const complete = (id: string, body: object) => harness.control('POST', `/checkouts/conekta/${id}/complete`, body);
const get = async (id: string) => (await harness.conekta('GET', `/orders/${id}`)).body;

async function aToken(number = '4242424242424242'): Promise<string> {
  const body = { card: { number, name: 'Ana', cvc: '123', exp_month: '12', exp_year: '34' } };
  return String((await harness.conekta('POST', '/tokens', body)).body['id']);
}

describe('Conekta tokens', () => {
  it('tokenizes with a two-digit year, for one use', async () => {
    const token = await aToken();
    expect(token).toMatch(/^tok_[1-9A-HJ-NP-Za-km-z]{17}$/);
    expect((await order(card(token))).body).toMatchObject({ payment_status: 'paid' });
    expect(await order(card(token))).toMatchObject({
      status: 402,
      body: { type: 'processing_error', details: [{ code: 'conekta.errors.processing.tokenization.used' }] },
    });
    const long = { card: { number: '4242424242424242', name: 'A', cvc: '123', exp_month: '12', exp_year: '2034' } };
    expect((await harness.conekta('POST', '/tokens', long)).status).toBe(422);
    expect(await order(card('tok_nobody'), { metadata: { checkout_id: 'nobody' } })).toMatchObject({
      status: 422,
      body: { details: [{ code: 'conekta.errors.parameter_validation.token_id.nonexistent_token' }] },
    });
  });

  it('makes no order for a charge it cannot run', async () => {
    await order(card('tok_nobody'), { metadata: { checkout_id: 'nothing' } });
    await order({ payment_method: { type: 'card' } }, { metadata: { checkout_id: 'nothing' } });
    expect((await harness.conekta('GET', '/orders?search=nothing')).body['data']).toEqual([]);
  });

  it('gives an empty token for the browser form', async () => {
    const { body } = await harness.conekta('POST', '/tokens', { checkout: { returns_control_on: 'Token' } });
    expect(body).toMatchObject({ object: 'token', used: false, checkout: { type: 'Integration', status: 'Issued' } });
  });

  it('declines published test tokens with the whole order, in the language asked for', async () => {
    expect(await order(card('tok_test_insufficient_funds'))).toMatchObject({
      status: 402,
      body: {
        details: [
          {
            code: 'conekta.errors.processing.bank.insufficient_funds',
            message: 'La tarjeta no tiene fondos suficientes.',
          },
        ],
        data: { object: 'order', payment_status: 'declined', charges: { data: [{ status: 'declined' }] } },
      },
    });
    const english = await order(card('tok_test_card_declined'), {}, { 'accept-language': 'en' });
    expect(english.body['details']).toMatchObject([{ message: 'The card was declined by the issuing bank.' }]);
  });
});

describe('Conekta direct charges', () => {
  it('refuses card charges under 3.00 MXN before making an order', async () => {
    const cheap = {
      line_items: [{ name: 'Chicle', unit_price: 299, quantity: 1 }],
      metadata: { checkout_id: 'cheap' },
    };
    expect(await order(card('tok_test_visa_4242'), cheap)).toMatchObject({
      status: 422,
      body: { details: [{ message: 'El monto mínimo para card es de 3.00 MXN.' }] },
    });
    expect((await harness.conekta('GET', '/orders?search=cheap')).body['data']).toEqual([]);
  });

  it('gives cash references of any store product, thirty days long, and settles them', async () => {
    const { body } = await order({ payment_method: { type: 'cash', product_type: 'oxxo' } });
    const [charge] = shown(body).charges.data;
    expect(charge).toMatchObject({
      status: 'pending_payment',
      payment_method: { object: 'cash_payment', product_type: 'oxxo', store_names: ['OXXO'] },
    });
    const expiresInDays = (Number(charge?.payment_method['expires_at']) - Date.now() / 1000) / 86_400;
    expect(expiresInDays).toBeGreaterThan(28.9);
    expect((await complete(shown(body).id, { outcome: 'voucher_paid' })).body).toMatchObject({ result: 'paid' });
    expect(await get(shown(body).id)).toMatchObject({ payment_status: 'paid' });
  });

  it('reuses a customer CLABE for SPEI when the order asks for it', async () => {
    const customer = (
      await harness.conekta('POST', '/customers', {
        name: 'Ana',
        email: 'ana@example.com',
        phone: '+525555555555',
        payment_sources: [{ type: 'spei_recurrent' }, { type: 'cash_recurrent' }],
      })
    ).body;
    const sources = (await harness.conekta('GET', `/customers/${String(customer['id'])}/payment_sources`)).body;
    const spei = (sources['data'] as Record<string, unknown>[]).find(({ type }) => type === 'spei_recurrent');
    expect(spei).toMatchObject({ reference: expect.stringMatching(/^\d{18}$/) as string, expires_at: 'none' });
    const { body } = await order(
      { payment_method: { type: 'spei' } },
      { customer_info: { customer_id: customer['id'] }, metadata: { reuse_customer_clabe: true } },
    );
    expect(shown(body).charges.data[0]?.payment_method).toMatchObject({
      object: 'bank_transfer_payment',
      clabe: spei?.['reference'],
    });
  });

  it('pre-authorizes, captures part and refunds no more than that', async () => {
    const { body } = await order(card(await aToken()), { pre_authorize: true });
    const { id } = shown(body);
    expect(body).toMatchObject({ payment_status: 'pre_authorized' });
    expect((await harness.conekta('POST', `/orders/${id}/capture`, { amount: 90_000 })).status).toBe(422);
    expect((await harness.conekta('POST', `/orders/${id}/capture`, { amount: 50_000 })).body).toMatchObject({
      payment_status: 'paid',
      charges: { data: [{ amount: 50_000, status: 'paid' }] },
    });
    const over = await harness.conekta('POST', `/orders/${id}/refunds`, { amount: 50_001, reason: 'other' });
    expect(over.status).toBe(422);
    const whole = await harness.conekta('POST', `/orders/${id}/refunds`, { reason: 'other' });
    expect(whole.body).toMatchObject({ payment_status: 'refunded', amount_refunded: 50_000 });
    const [authorized] = await receiver.waitFor((event) => event.type === 'charge.preauthorized');
    expect(authorized?.body).toContain(id);
    const released = shown((await order(card(await aToken()), { pre_authorize: true })).body).id;
    expect((await harness.conekta('POST', `/orders/${released}/cancel`)).body).toMatchObject({
      payment_status: 'canceled',
    });
  });

  it('splits an order over charges, paid when they add up, refunded charge by charge', async () => {
    const { body } = await order(card(await aToken()), { charges: [] });
    const { id } = shown(body);
    const first = await harness.conekta('POST', `/orders/${id}/charges`, {
      amount: 40_000,
      ...card(await aToken(), { monthly_installments: 3 }),
    });
    expect(first.body).toMatchObject({ object: 'charge', status: 'paid', monthly_installments: 3 });
    expect(await get(id)).toMatchObject({ payment_status: 'pending_payment' });
    const second = await harness.conekta('POST', `/orders/${id}/add_charges`, { payment_method: { type: 'cash' } });
    expect(second.body).toMatchObject({ object: 'list', data: [{ amount: 49_900, status: 'pending_payment' }] });
    await complete(id, { outcome: 'voucher_paid' });
    expect(await get(id)).toMatchObject({ payment_status: 'paid' });
    const cash = shown(await get(id)).charges.data[1]?.id ?? '';
    const pending = await harness.conekta('POST', `/orders/${id}/refunds`, {
      amount: 9_900,
      charge_id: cash,
      reason: 'requested_by_client',
    });
    expect(pending.body).toMatchObject({ payment_status: 'partially_refunded', amount_refunded: 9_900 });
    const charges = pending.body['charges'] as { data: { refunds: { data: { id: string }[] } | null }[] };
    expect(charges.data[1]?.refunds?.data).toMatchObject([{ amount: -9_900, status: 'pending' }]);
    const refundId = charges.data[1]?.refunds?.data[0]?.id ?? '';
    expect((await harness.conekta('DELETE', `/orders/${id}/refunds/${refundId}`)).body).toMatchObject({
      payment_status: 'paid',
      amount_refunded: 0,
    });
    const reference = await harness.conekta('PUT', `/charges/${cash}`, { reference_id: 'ours-1' });
    expect(reference.body).toMatchObject({ reference_id: 'ours-1' });
    expect((await harness.conekta('GET', '/charges?search=ours-1')).body['data']).toMatchObject([{ id: cash }]);
  });

  it('sends a 3-D Secure card to a page one can click, and back', async () => {
    const strict = { three_ds_mode: 'strict', return_url: 'https://app.example/back' };
    const asked = (await order(card(await aToken('4000000000001091')), strict)).body;
    expect(asked).toMatchObject({
      payment_status: 'pending_payment',
      charges: null,
      next_action: { type: 'redirect_to_url', redirect_to_url: { return_url: 'https://app.example/back' } },
    });
    const { url } = shown(asked).next_action.redirect_to_url;
    expect(await (await fetch(url)).text()).toContain('Tu banco quiere confirmar que eres tú');
    const answer = await fetch(url, { method: 'POST', body: 'answer=approve', redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, 'https://app.example/back']);
    expect(await get(shown(asked).id)).toMatchObject({ payment_status: 'paid' });
    const refused = shown((await order(card(await aToken('4000000000001091')), strict)).body);
    await complete(refused.id, { outcome: 'declined' });
    expect(await get(refused.id)).toMatchObject({
      payment_status: 'declined',
      charges: { data: [{ failure_code: 'processing.charge.card_payment.declined_by_3ds' }] },
    });
    const frictionless = await order(card(await aToken('4000000000002701')), strict);
    expect(frictionless.body).toMatchObject({ payment_status: 'paid' });
  });

  it.each([
    ['bnpl', { product_type: 'aplazo_bnpl', success_url: 'https://a.example/y', failure_url: 'https://a.example/n' }],
    ['pay_by_bank', { product_type: 'bbva_pay_by_bank' }],
  ])('redirects %s to agree or not', async (type, fields) => {
    const { body } = await order({ payment_method: { type, ...fields } });
    const [charge] = shown(body).charges.data;
    expect(charge).toMatchObject({ status: 'pending_payment', payment_method: { object: `${type}_payment` } });
    await fetch(String(charge?.payment_method['redirect_url']), {
      method: 'POST',
      body: 'answer=approve',
      redirect: 'manual',
    });
    expect(await get(shown(body).id)).toMatchObject({ payment_status: 'paid' });
  });

  it('keeps the amount in step with lines until the first charge', async () => {
    const { body } = await order({}, { charges: [] });
    const path = `/orders/${shown(body).id}/discount_lines`;
    await harness.conekta('POST', path, { amount: 9900, code: 'X', type: 'coupon' });
    expect(await get(shown(body).id)).toMatchObject({ amount: 80_000 });
    await harness.conekta('POST', `/orders/${shown(body).id}/charges`, card(await aToken()));
    expect((await harness.conekta('POST', path, { amount: 1, code: 'Y', type: 'coupon' })).status).toBe(428);
  });
});

describe('Conekta money and disputes', () => {
  it('tells a chargeback opened and lost, and books it', async () => {
    const { id } = shown((await order(card(await aToken()))).body);
    const dispute = await harness.control('POST', `/payments/conekta/${id}/dispute`, { reason: 'fraudulent' });
    expect(dispute.status).toBe(200);
    await harness.control('POST', `/disputes/conekta/${String(dispute.body['dispute_id'])}/close`, { outcome: 'lost' });
    expect(await get(id)).toMatchObject({ payment_status: 'charged_back' });
    const ledger = (await harness.control('GET', '/ledger?provider=conekta')).body as unknown as { kind: string }[];
    expect(ledger.filter(({ kind }) => kind === 'dispute')).toMatchObject([
      { amount_minor: 89_900, status: 'succeeded', currency: 'MXN' },
    ]);
    const { body } = await harness.conekta('GET', '/transactions?type=chargeback');
    expect(body['data']).toMatchObject([{ amount: -89_900, net: -89_900 }]);
    const [lost] = await receiver.waitFor((event) => event.type === 'charge.chargeback.lost');
    expect(JSON.parse(lost?.body ?? '')).toMatchObject({
      data: { object: { chargeback: { status: 'lost', reason: 'fraudulent' } } },
    });
  });

  it('lists transactions net of fees that add up to the balance', async () => {
    const { body } = await harness.conekta('GET', '/transactions?limit=250');
    const rows = body['data'] as { net: number; status: string; amount: number; fee: number }[];
    expect(rows.every(({ amount, fee, net }) => net === amount - fee)).toBe(true);
    const pending = rows.filter(({ status }) => status === 'pending').reduce((sum, { net }) => sum + net, 0);
    expect((await harness.conekta('GET', '/balance')).body).toMatchObject({
      pending: [{ amount: pending, currency: 'MXN' }],
    });
  });
});
