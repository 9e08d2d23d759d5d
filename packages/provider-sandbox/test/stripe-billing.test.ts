import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Harness, startHarness } from './support/harness.ts';

let harness: Harness;
let stripe: Stripe;

beforeAll(async () => {
  harness = await startHarness();
  ({ stripe } = harness);
});
afterAll(() => harness.sandbox.close());

const advance = (by: string) => harness.control('POST', '/clock', { advance: by });

async function aPrice(amount: number, over: Partial<Stripe.PriceCreateParams> = {}) {
  return stripe.prices.create({
    currency: 'usd',
    unit_amount: amount,
    recurring: { interval: 'month' },
    product_data: { name: `Plan ${amount}` },
    ...over,
  });
}

async function aCustomer(card = 'pm_card_visa', over: Partial<Stripe.CustomerCreateParams> = {}) {
  const customer = await stripe.customers.create({ email: 'billing@example.com', ...over });
  const method = await stripe.paymentMethods.attach(card, { customer: customer.id });
  await stripe.customers.update(customer.id, { invoice_settings: { default_payment_method: method.id } });
  return customer;
}

async function aSubscription(amount = 3000, over: Partial<Stripe.SubscriptionCreateParams> = {}) {
  const customer = await aCustomer();
  const price = await aPrice(amount);
  return stripe.subscriptions.create({ customer: customer.id, items: [{ price: price.id }], ...over });
}

const invoiceOf = async (subscription: string) => {
  const found = await stripe.subscriptions.retrieve(subscription, { expand: ['latest_invoice'] });
  return found.latest_invoice as Stripe.Invoice;
};
const shapeOf = ({ data }: Stripe.ApiList<Stripe.InvoiceLineItem>) =>
  data.map(({ amount, description, quantity, period }) => ({ amount, description, quantity, period }));
/** The id of a field that is not expanded. */
const idOf = (field: string | { id: string } | null | undefined): string =>
  typeof field === 'string' ? field : (field?.id ?? '');
const sku = (subscription: Stripe.Subscription) => subscription.items.data[0]?.id ?? '';

describe('Stripe subscriptions', () => {
  it('waits for its first payment, then starts', async () => {
    const customer = await stripe.customers.create();
    const price = await aPrice(2000);
    const made = await stripe.subscriptions.create({
      customer: customer.id,
      items: [{ price: price.id }],
      payment_behavior: 'default_incomplete',
      expand: ['latest_invoice.confirmation_secret', 'latest_invoice.payments'],
    });
    const invoice = made.latest_invoice as Stripe.Invoice;
    expect(made.status).toBe('incomplete');
    expect(invoice.confirmation_secret?.client_secret).toMatch(/^pi_.*_secret_/);
    const intent = idOf(invoice.payments?.data[0]?.payment.payment_intent);
    await stripe.paymentIntents.confirm(intent, { payment_method: 'pm_card_visa' });
    expect((await stripe.subscriptions.retrieve(made.id)).status).toBe('active');
  });

  it('expires when nobody pays within 23 hours', async () => {
    const customer = await aCustomer('pm_card_chargeCustomerFail');
    const price = await aPrice(2000);
    const made = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: price.id }] });
    expect(made.status).toBe('incomplete');
    await advance('PT24H');
    expect((await stripe.subscriptions.retrieve(made.id)).status).toBe('incomplete_expired');
    expect((await invoiceOf(made.id)).status).toBe('void');
  });

  it('creates nothing with error_if_incomplete', async () => {
    const customer = await aCustomer('pm_card_chargeCustomerFail');
    const price = await aPrice(2000);
    const create = stripe.subscriptions.create({
      customer: customer.id,
      items: [{ price: price.id }],
      payment_behavior: 'error_if_incomplete',
    });
    await expect(create).rejects.toBeInstanceOf(Stripe.errors.StripeCardError);
    expect((await stripe.subscriptions.list({ customer: customer.id, status: 'all' })).data).toEqual([]);
  });

  it.each(['always_invoice', 'create_prorations', 'none'] as const)(
    'bills a change with %s exactly as its preview said',
    async (proration_behavior) => {
      const subscription = await aSubscription(3000);
      const bigger = await aPrice(7000);
      await advance('P11D');
      const items = [{ id: sku(subscription), price: bigger.id, quantity: 2 }];
      const proration_date = (subscription.items.data[0]?.current_period_start ?? 0) + 11 * 86_400 + 1234;
      const preview = await stripe.invoices.createPreview({
        subscription: subscription.id,
        subscription_details: { items, proration_behavior, proration_date },
      });
      await stripe.subscriptions.update(subscription.id, { items, proration_behavior, proration_date });
      if (proration_behavior !== 'always_invoice') await advance('P32D');
      const billed = await invoiceOf(subscription.id);
      expect(billed.status).toBe('paid');
      expect(billed.total).toBe(preview.total);
      expect(shapeOf(billed.lines)).toEqual(shapeOf(preview.lines));
      expect(preview.total).toBeGreaterThan(0);
    },
  );

  it('starts a new cycle at once when the interval changes, crediting what is left', async () => {
    const subscription = await aSubscription(3000);
    const yearly = await aPrice(30_000, { recurring: { interval: 'year' } });
    await advance('P10D');
    const items = [{ id: sku(subscription), price: yearly.id }];
    const preview = await stripe.invoices.createPreview({
      subscription: subscription.id,
      subscription_details: { items },
    });
    await stripe.subscriptions.update(subscription.id, { items });
    const billed = await invoiceOf(subscription.id);
    expect(Math.abs(billed.total - preview.total)).toBeLessThanOrEqual(1);
    expect(billed.total).toBeLessThan(30_000);
    expect(billed.billing_reason).toBe('subscription_update');
  });

  it('holds a change back until its invoice is paid', async () => {
    const subscription = await aSubscription(3000);
    const failing = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', {
      customer: idOf(subscription.customer),
    });
    await stripe.subscriptions.update(subscription.id, { default_payment_method: failing.id });
    const bigger = await aPrice(9000);
    const held = await stripe.subscriptions.update(subscription.id, {
      items: [{ id: sku(subscription), price: bigger.id }],
      payment_behavior: 'pending_if_incomplete',
      proration_behavior: 'always_invoice',
    });
    expect(held.pending_update).not.toBeNull();
    expect(held.items.data[0]?.price.unit_amount).toBe(3000);
    await stripe.invoices.pay(idOf(held.latest_invoice), { payment_method: 'pm_card_visa' });
    const applied = await stripe.subscriptions.retrieve(subscription.id);
    expect(applied.pending_update).toBeNull();
    expect(applied.items.data[0]?.price.unit_amount).toBe(9000);
  });

  it('recovers from a failed renewal by a better card', async () => {
    const subscription = await aSubscription(3000);
    const failing = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', {
      customer: idOf(subscription.customer),
    });
    await stripe.subscriptions.update(subscription.id, { default_payment_method: failing.id });
    await advance('P32D');
    expect((await stripe.subscriptions.retrieve(subscription.id)).status).toBe('past_due');
    await stripe.subscriptions.update(subscription.id, { default_payment_method: '' });
    await advance('P4D');
    expect((await stripe.subscriptions.retrieve(subscription.id)).status).toBe('active');
  });

  it('pauses and resumes, and ends with a credit when asked', async () => {
    const subscription = await aSubscription(3000);
    expect((await stripe.subscriptions.pause(subscription.id)).status).toBe('paused');
    await advance('P40D');
    expect((await stripe.subscriptions.retrieve(subscription.id)).status).toBe('paused');
    expect((await stripe.subscriptions.resume(subscription.id)).status).toBe('active');
    await stripe.subscriptions.cancel(subscription.id, { prorate: true, invoice_now: true });
    const customer = await stripe.customers.retrieve(idOf(subscription.customer));
    expect((customer as Stripe.Customer).balance).toBeLessThan(0);
  });

  it('changes the price at the next period by a schedule, and lets go of it', async () => {
    const subscription = await aSubscription(3000);
    const bigger = await aPrice(5000);
    const schedule = await stripe.subscriptionSchedules.create({ from_subscription: subscription.id });
    const [phase] = schedule.phases;
    const start_date = phase?.start_date ?? 0;
    const end_date = phase?.end_date ?? 0;
    const planned = await stripe.subscriptionSchedules.update(schedule.id, {
      end_behavior: 'release',
      phases: [
        { items: [{ price: idOf(subscription.items.data[0]?.price) }], start_date, end_date },
        { items: [{ price: bigger.id }], duration: { interval: 'month' } },
      ],
    });
    expect(planned.phases).toMatchObject([{ end_date }, { start_date: end_date }]);
    await expect(stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true })).rejects.toMatchObject({
      statusCode: 400,
    });
    await advance('P32D');
    expect((await invoiceOf(subscription.id)).total).toBe(5000);
    await stripe.subscriptionSchedules.release(schedule.id);
    expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({ schedule: null, status: 'active' });
  });

  it('takes coupons as long as they last', async () => {
    const coupon = await stripe.coupons.create({ percent_off: 50, duration: 'repeating', duration_in_months: 2 });
    const code = await stripe.promotionCodes.create({ promotion: { type: 'coupon', coupon: coupon.id }, code: 'HALF' });
    const subscription = await aSubscription(3000, { discounts: [{ promotion_code: code.id }] });
    const totals = [(await invoiceOf(subscription.id)).total];
    for (const _month of [1, 2]) {
      await advance('P32D');
      totals.push((await invoiceOf(subscription.id)).total);
    }
    expect(totals).toEqual([1500, 1500, 3000]);
  });

  it('bills what a meter counted, once per identifier', async () => {
    const meter = await stripe.billing.meters.create({
      display_name: 'Calls',
      event_name: 'api_call',
      default_aggregation: { formula: 'sum' },
    });
    const customer = await aCustomer();
    const price = await stripe.prices.create({
      currency: 'usd',
      recurring: { interval: 'month', usage_type: 'metered', meter: meter.id },
      unit_amount: 25,
      product_data: { name: 'Calls' },
    });
    const subscription = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: price.id }] });
    const report = (identifier: string, value: string) =>
      stripe.billing.meterEvents.create({
        event_name: 'api_call',
        identifier,
        payload: { stripe_customer_id: customer.id, value },
      });
    await report('u1', '7');
    await stripe.v2.billing.meterEvents.create({
      event_name: 'api_call',
      identifier: 'u2',
      payload: { stripe_customer_id: customer.id, value: '5' },
    });
    await report('u3', '100');
    await stripe.billing.meterEventAdjustments.create({
      event_name: 'api_call',
      type: 'cancel',
      cancel: { identifier: 'u3' },
    });
    await expect(report('u1', '7')).rejects.toMatchObject({
      statusCode: 400,
      message: /already exists with identifier/,
    });
    await advance('P32D');
    expect((await invoiceOf(subscription.id)).total).toBe(12 * 25);
  });
});

describe('Stripe invoices', () => {
  it('goes from draft to paid, void and uncollectible', async () => {
    const customer = await aCustomer('pm_card_visa', { address: { country: 'DE' } });
    await stripe.invoiceItems.create({ customer: customer.id, amount: 1000, currency: 'eur', description: 'Work' });
    const make = () =>
      stripe.invoices.create({
        customer: customer.id,
        currency: 'eur',
        pending_invoice_items_behavior: 'include',
        automatic_tax: { enabled: true },
      });
    const draft = await make();
    expect(draft).toMatchObject({
      status: 'draft',
      subtotal: 1000,
      total: 1190,
      automatic_tax: { status: 'complete' },
    });
    await stripe.invoices.finalizeInvoice(draft.id);
    const paid = await stripe.invoices.pay(draft.id, { expand: ['payments.data.payment.payment_intent'] });
    expect(paid).toMatchObject({
      status: 'paid',
      amount_paid: 1190,
      payments: { data: [{ status: 'paid', payment: { payment_intent: { status: 'succeeded' } } }] },
    });
    await expect(stripe.invoices.pay(draft.id)).rejects.toMatchObject({ statusCode: 400 });
    const other = await make();
    await stripe.invoiceItems.create({ customer: customer.id, invoice: other.id, amount: 500, currency: 'eur' });
    await stripe.invoices.finalizeInvoice(other.id);
    expect((await stripe.invoices.markUncollectible(other.id)).status).toBe('uncollectible');
    expect((await stripe.invoices.voidInvoice(other.id)).status).toBe('void');
  });
});
