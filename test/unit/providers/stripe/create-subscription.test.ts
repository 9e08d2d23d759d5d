import { describe, expect, it } from 'vitest';
import { anInvoice, aSubscription, list, scripted } from './support.ts';

const reads = { 'GET /subscriptions/sub_1': aSubscription(), 'GET /invoices': list() };

describe('Stripe subscriptions without a page', () => {
  const input = {
    subscriptionId: 'ours_1',
    customer: { organizationId: 'o', providerCustomerId: 'cus_1', email: null, name: null, phone: null, address: null },
    line: {
      name: 'Team',
      description: null,
      unitAmount: { amountMinor: 1450, currency: 'USD' },
      quantity: 2,
      billingInterval: 'monthly' as const,
      digital: true,
      providerPrice: { providerProductId: 'prod_1', providerPriceId: 'price_1' },
    },
    providerPaymentMethodId: null,
    trialEnd: null,
    metadata: { project_id: 'p' },
    idempotencyKey: 'k',
  };
  const incomplete = aSubscription({
    status: 'incomplete',
    latest_invoice: anInvoice({ status: 'open', confirmation_secret: { client_secret: 'cs' } }),
  });

  it('waits for the browser where there is nothing to charge', async () => {
    const { client, sent } = await scripted({
      'GET /customers/cus_1': { id: 'cus_1', invoice_settings: { default_payment_method: null } },
      'POST /subscriptions': incomplete,
      'GET /subscriptions/sub_1': incomplete,
      'GET /invoices': list(),
    });
    expect(await client.subscriptions.create?.(input)).toMatchObject({
      outcome: 'pending',
      nextAction: { kind: 'confirm', clientSecret: 'cs' },
      value: { status: 'incomplete' },
    });
    expect(sent.find(({ call }) => call === 'POST /subscriptions')).toMatchObject({
      key: 'k:subscription',
      params: { payment_behavior: 'default_incomplete', 'metadata[subscription_id]': 'ours_1' },
    });
  });

  it('charges a method at once and tells a decline with what is kept of it', async () => {
    const failed = anInvoice({
      status: 'open',
      amount_paid: 0,
      attempt_count: 1,
      payments: list({
        id: 'inpay_1',
        status: 'open',
        amount_requested: 2900,
        currency: 'usd',
        payment: { payment_intent: 'pi_1' },
      }),
    });
    const { client, sent } = await scripted({
      'POST /subscriptions': incomplete,
      'GET /subscriptions/sub_1': incomplete,
      'GET /invoices': list(failed),
      'GET /payment_intents/pi_1': {
        id: 'pi_1',
        status: 'requires_payment_method',
        amount: 2900,
        currency: 'usd',
        last_payment_error: { code: 'card_declined', decline_code: 'stolen_card' },
      },
    });
    expect(await client.subscriptions.create?.({ ...input, providerPaymentMethodId: 'pm_1' })).toMatchObject({
      outcome: 'declined',
      declineCode: 'stolen_card',
      value: { status: 'incomplete' },
    });
    expect(sent[0]?.params).toMatchObject({ payment_behavior: 'allow_incomplete', default_payment_method: 'pm_1' });
  });

  it('makes a product for an amount that was never pushed', async () => {
    const { client, sent } = await scripted({
      ...reads,
      'POST /products': { id: 'prod_9' },
      'POST /subscriptions': aSubscription(),
    });
    const line = { ...input.line, providerPrice: null };
    await client.subscriptions.create?.({ ...input, line, providerPaymentMethodId: 'pm_1' });
    expect(sent[1]?.params).toMatchObject({
      'items[0][price_data][product]': 'prod_9',
      'items[0][price_data][unit_amount]': '1450',
      'items[0][price_data][recurring][interval]': 'month',
    });
  });

  it('names the method of a renewal in our words', async () => {
    const payments = list({
      id: 'inpay_1',
      status: 'paid',
      amount_paid: 2900,
      amount_requested: 2900,
      currency: 'usd',
      payment: { payment_intent: 'pi_1' },
    });
    const debited = aSubscription({
      default_payment_method: { id: 'pm_1', type: 'sepa_debit' },
      latest_invoice: anInvoice({ payments }),
    });
    const { client } = await scripted({ 'GET /subscriptions': list(debited) });
    const { items } = await client.subscriptions.list({ providerCustomerId: 'cus_1', cursor: null, limit: 10 });
    expect(items[0]?.payments).toMatchObject([{ providerPaymentId: 'pi_1', method: 'sepa', status: 'succeeded' }]);
  });

  it('finds by our id among all of a customer', async () => {
    const { client, sent } = await scripted({
      ...reads,
      'GET /subscriptions': list(aSubscription({ id: 'sub_0', metadata: {} }), aSubscription()),
    });
    const found = await client.subscriptions.find?.({ subscriptionId: 'ours_1', providerCustomerId: 'cus_1' });
    expect(found?.providerSubscriptionId).toBe('sub_1');
    expect(sent[0]?.params).toMatchObject({ customer: 'cus_1', status: 'all' });
  });
});
