import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyTax, taxBehaviorOf, taxRate } from '../src/polar/tax.ts';
import { aMonthlyPlan, type PolarCaller, startPolarCaller } from './support/polar-caller.ts';

let polar: PolarCaller;
let plan = '';
let once = '';

beforeAll(async () => {
  polar = await startPolarCaller();
  plan = await polar.make('/v1/products/', aMonthlyPlan(11_900));
  once = await polar.make('/v1/products/', aMonthlyPlan(10_000, { recurring_interval: null }));
});
afterAll(() => polar.harness.sandbox.close());

describe("Polar's taxes", () => {
  it.each([
    ['DE', undefined, { net_amount: 10_000, tax_amount: 1900, total_amount: 11_900 }],
    ['DE', 'DE123456789', { net_amount: 11_900, tax_amount: 0, total_amount: 11_900 }],
    ['CA', undefined, { net_amount: 11_900, tax_amount: 595, total_amount: 12_495 }],
    ['US', undefined, { net_amount: 11_900, tax_amount: 0, total_amount: 11_900 }],
  ])('in %s with tax number %s', async (country, taxId, expected) => {
    const { order } = await polar.buys(plan, { country, ...(taxId === undefined ? {} : { taxId }) });
    expect(order).toMatchObject(expected);
    const [payment] = await polar.items(`/v1/payments/?order_id=${String(order['id'])}`);
    expect(payment).toMatchObject({ amount: expected.total_amount });
  });

  it('always adds up, whatever the amount', () => {
    for (const country of ['DE', 'FI', 'CH', 'CA', 'GB', 'MX']) {
      const rate = taxRate({ country, state: null }, null);
      for (let amount = 0; amount < 5000; amount += 7) {
        const { net, tax, total } = applyTax(amount, rate, taxBehaviorOf(null, country));
        expect(net + tax).toBe(total);
      }
    }
  });

  it('gives back its share with each refund, and exactly all of it in the end', async () => {
    const { order } = await polar.buys(once, { country: 'DE' });
    expect(order).toMatchObject({ net_amount: 8403, tax_amount: 1597, refundable_amount: 8403 });
    const refund = (amount: number) =>
      polar.call('POST', '/v1/refunds/', { order_id: order['id'], amount, reason: 'other' });
    expect((await refund(1000)).body).toMatchObject({ amount: 1000, tax_amount: 190 });
    expect(await refund(7404)).toMatchObject({ status: 422, body: { error: 'PolarRequestValidationError' } });
    expect((await refund(7403)).body).toMatchObject({ tax_amount: 1407 });
    expect(await refund(1)).toMatchObject({ status: 403, body: { error: 'RefundedAlready' } });
  });
});

describe("Polar's orders", () => {
  it('make their invoice in the background, once billing details are there', async () => {
    const { order } = await polar.buys(once, { country: 'FR' });
    const path = `/v1/orders/${String(order['id'])}`;
    expect((await polar.call('GET', `${path}/invoice`)).status).toBe(404);
    expect((await polar.call('POST', `${path}/invoice`)).status).toBe(202);
    await polar.advance('PT2S');
    const { body } = await polar.call('GET', `${path}/invoice`);
    expect(body['url']).toContain('/polar/invoices/');
    expect((await polar.call('GET', path)).body).toMatchObject({ is_invoice_generated: true });
    expect((await polar.call('PATCH', path, { billing_name: 'Other' })).status).toBe(422);
    expect((await polar.call('GET', `${path}/receipt`)).status).toBe(202);
    expect((await polar.call('GET', `${path}/receipt`)).status).toBe(200);
    const { order: bare, customer } = await polar.buys(once);
    expect(customer).not.toBe('');
    expect((await polar.call('GET', `/v1/orders/${String(bare['id'])}/invoice`)).status).toBe(404);
  });

  it('charge a saved card without the customer', async () => {
    const { customer } = await polar.buys(once);
    const draft = await polar.call('POST', '/v1/orders/', { customer_id: customer, product_id: once, amount: 500 });
    expect(draft).toMatchObject({ status: 201, body: { status: 'draft', invoice_number: null, total_amount: 500 } });
    const path = `/v1/orders/${String(draft.body['id'])}/finalize`;
    expect(await polar.call('POST', path, {})).toMatchObject({ status: 200, body: { status: 'paid', paid: true } });
    expect(await polar.call('POST', path, {})).toMatchObject({ status: 412, body: { error: 'OrderNotDraft' } });
    const poor = await polar.make('/v1/customers/', { email: 'nocard@example.com' });
    const open = await polar.make('/v1/orders/', { customer_id: poor, product_id: once });
    expect((await polar.call('POST', `/v1/orders/${open}/finalize`, {})).status).toBe(402);
  });
});

describe("Polar's discounts", () => {
  it('count once, for their months, or for ever', async () => {
    const discount = (over: object) =>
      polar.make('/v1/discounts/', { name: 'Off', type: 'percentage', basis_points: 5000, ...over });
    const totals: Record<string, unknown[]> = {};
    for (const [name, over] of Object.entries({
      once: { duration: 'once' },
      repeating: { duration: 'repeating', duration_in_months: 2 },
      forever: { duration: 'forever' },
    })) {
      const bought = await polar.buys(plan, { checkout: { discount_id: await discount(over) } });
      totals[name] = [bought.subscription?.['id']];
    }
    for (let month = 0; month < 2; month += 1) await polar.advance('P1M');
    for (const [name, [id]] of Object.entries(totals)) {
      const orders = await polar.items(`/v1/orders/?subscription_id=${String(id)}&sorting=created_at`);
      totals[name] = orders.map((order) => order['total_amount']);
    }
    expect(totals).toEqual({
      once: [5950, 11_900, 11_900],
      repeating: [5950, 5950, 11_900],
      forever: [5950, 5950, 5950],
    });
  });

  it('are listed by their name, or by their code in any case', async () => {
    const input = { name: 'Spring', type: 'percentage', basis_points: 500, duration: 'once', code: 'BLOOM5' };
    const id = await polar.make('/v1/discounts/', input);
    for (const query of ['Spring', 'bloom5'])
      expect(await polar.items(`/v1/discounts/?query=${query}`)).toMatchObject([{ id }]);
    expect(await polar.items('/v1/discounts/?query=winter')).toEqual([]);
  });

  it('stop at their redemptions', async () => {
    const input = { name: 'One', type: 'fixed', amount: 100, currency: 'usd', duration: 'once', max_redemptions: 1 };
    const id = await polar.make('/v1/discounts/', input);
    await polar.buys(once, { checkout: { discount_id: id } });
    const again = await polar.call('POST', '/v1/checkouts/', { products: [once], discount_id: id });
    expect(again).toMatchObject({ status: 422, body: { detail: [{ loc: ['body', 'discount_id'] }] } });
  });
});
