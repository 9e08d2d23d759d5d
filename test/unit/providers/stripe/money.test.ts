import { describe, expect, it } from 'vitest';
import { declineCodes } from '../../../../src/domain/payment/decline.ts';
import type { CreatePaymentInput } from '../../../../src/providers/port-money.ts';
import { declineCodeOf } from '../../../../src/providers/stripe/declines.ts';
import { disputeStatus } from '../../../../src/providers/stripe/disputes.ts';
import { refundStatus } from '../../../../src/providers/stripe/refunds.ts';
import oxxoFixture from '../../../fixtures/stripe/session-oxxo-pending.json' with { type: 'json' };
import { aPaymentIntent, cardDecline, list, refusal, scripted } from './support.ts';

const payment = (more: Partial<CreatePaymentInput> = {}): CreatePaymentInput => ({
  businessId: 'inv_1',
  customer: {
    organizationId: 'org_1',
    providerCustomerId: 'cus_1',
    email: 'person@example.com',
    name: 'Person',
    phone: null,
    address: null,
  },
  amount: { amountMinor: 4900, currency: 'USD' },
  description: 'One month',
  source: { kind: 'stored', providerPaymentMethodId: 'pm_1', offSession: true },
  returnUrl: null,
  metadata: { project_id: 'p' },
  idempotencyKey: 'k',
  ...more,
});

describe('Stripe declines', () => {
  it.each([
    ['insufficient_funds', 'insufficient_funds'],
    ['do_not_honor', 'generic_decline'],
    ['fraudulent', 'suspected_fraud'],
    ['pickup_card', 'call_issuer'],
    ['try_again_later', 'processing_error'],
    ['card_velocity_exceeded', 'limit_exceeded'],
    ['payment_intent_authentication_failure', 'authentication_failed'],
    ['a_code_of_tomorrow', 'generic_decline'],
    [null, 'generic_decline'],
  ])('says %s as %s', (code, ours) => {
    expect(declineCodeOf(code)).toBe(ours);
    expect(declineCodes).toContain(declineCodeOf(code));
  });
});

describe('Stripe payments', () => {
  it('charges a stored method off-session', async () => {
    const { client, sent } = await scripted({ 'POST /payment_intents': aPaymentIntent() });
    expect(await client.payments.create(payment())).toMatchObject({
      outcome: 'succeeded',
      value: { state: 'succeeded', payment: { providerPaymentId: 'pi_1', method: 'card' } },
    });
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({
      key: 'k:payment',
      params: {
        amount: '4900',
        currency: 'usd',
        customer: 'cus_1',
        payment_method: 'pm_1',
        confirm: 'true',
        off_session: 'true',
        'metadata[business_id]': 'inv_1',
      },
    });
    expect(sent[0]?.params).not.toHaveProperty('payment_method_types[0]');
  });

  it.each([
    ['JPY', 500, '500'],
    ['KWD', 1230, '1230'],
    ['ISK', 500, '50000'],
  ])('sends %s in the units Stripe wants', async (currency, amountMinor, wire) => {
    const answer = aPaymentIntent({
      amount: Number(wire),
      amount_received: Number(wire),
      currency: currency.toLowerCase(),
    });
    const { client, sent } = await scripted({ 'POST /payment_intents': answer });
    const result = await client.payments.create(payment({ amount: { amountMinor, currency } }));
    expect(sent[0]?.params.amount).toBe(wire);
    expect(result).toMatchObject({ value: { amount: { amountMinor, currency } } });
  });

  it('keeps what Stripe keeps of a decline', async () => {
    const kept = aPaymentIntent({
      status: 'requires_payment_method',
      amount_received: 0,
      latest_charge: 'ch_1',
      last_payment_error: { code: 'card_declined', decline_code: 'lost_card' },
    });
    const { client } = await scripted({
      'POST /payment_intents': cardDecline('lost_card', { payment_intent: kept }),
    });
    expect(await client.payments.create(payment())).toMatchObject({
      outcome: 'declined',
      declineCode: 'lost_card',
      providerCode: 'lost_card',
      value: { providerObjectId: 'pi_1', state: 'declined' },
    });
  });

  it('sends the buyer to the bank, or to the script, whichever was asked for', async () => {
    const redirecting = aPaymentIntent({
      status: 'requires_action',
      next_action: { type: 'redirect_to_url', redirect_to_url: { url: 'https://hooks.stripe.com/3ds' } },
    });
    const scriptedOnly = aPaymentIntent({ status: 'requires_action', next_action: { type: 'use_stripe_sdk' } });
    const { client, sent } = await scripted({ 'POST /payment_intents': { each: [redirecting, scriptedOnly] } });
    const source = { kind: 'stored' as const, providerPaymentMethodId: 'pm_1', offSession: false };
    expect(await client.payments.create(payment({ source, returnUrl: 'https://app.example/back' }))).toMatchObject({
      outcome: 'pending',
      nextAction: { kind: 'redirect', url: 'https://hooks.stripe.com/3ds' },
    });
    expect(await client.payments.create(payment({ source }))).toMatchObject({
      outcome: 'pending',
      nextAction: { kind: 'confirm', clientSecret: 'pi_1_secret_x' },
    });
    expect(sent[0]?.params.return_url).toBe('https://app.example/back');
    expect(sent[1]?.params['automatic_payment_methods[allow_redirects]']).toBe('never');
  });

  it('tells a voucher in the answer', async () => {
    const answer = aPaymentIntent({
      ...oxxoFixture.payment_intent,
      id: 'pi_1',
      metadata: { business_id: 'inv_1', voucher_expires_at: '2026-10-04T00:00:00.000Z' },
    });
    const { client, sent } = await scripted({ 'POST /payment_intents': answer });
    const source = { kind: 'voucher' as const, method: 'oxxo' as const, expiresAt: '2026-10-04T00:00:00.000Z' };
    const result = await client.payments.create(payment({ source, amount: { amountMinor: 89900, currency: 'MXN' } }));
    expect(result).toMatchObject({
      outcome: 'pending',
      nextAction: null,
      value: { state: 'pending', voucher: { kind: 'oxxo', reference: '12345678901234657890123456789012' } },
    });
    expect(sent[0]?.params).toMatchObject({
      'allowed_payment_method_types[0]': 'oxxo',
      'payment_method_data[billing_details][email]': 'person@example.com',
    });
  });

  it('refuses amounts that Stripe does not take', async () => {
    const { client } = await scripted({
      'POST /payment_intents': refusal({ code: 'amount_too_small', param: 'amount' }),
    });
    const expected = { code: 'amount_out_of_range', details: { maximum_minor: 99_999_999 } };
    await expect(client.payments.create(payment())).rejects.toMatchObject(expected);
    const huge = payment({ amount: { amountMinor: 100_000_000, currency: 'USD' } });
    await expect(client.payments.create(huge)).rejects.toMatchObject(expected);
  });

  it('finds by what it carries, without the search', async () => {
    const others = aPaymentIntent({ id: 'pi_0', metadata: { business_id: 'inv_0' } });
    const { client, sent } = await scripted({ 'GET /payment_intents': list(aPaymentIntent(), others) });
    const query = { businessId: 'inv_1', providerCustomerId: 'cus_1', createdAfter: '2026-09-21T00:00:00.000Z' };
    expect((await client.payments.find(query)).map(({ providerObjectId }) => providerObjectId)).toEqual(['pi_1']);
    expect(sent[0]?.params).toMatchObject({
      customer: 'cus_1',
      'created[gte]': String(Date.parse('2026-09-21T00:00:00Z') / 1000),
    });
  });

  it.each([
    ['canceled', 'canceled'],
    ['succeeded', 'already_settled'],
    ['processing', 'not_cancelable'],
  ])('says of a refused cancel of a %s intent: %s', async (status, said) => {
    const { client } = await scripted({
      'POST /payment_intents/pi_1/cancel': refusal({ code: 'payment_intent_unexpected_state' }),
      'GET /payment_intents/pi_1': aPaymentIntent({ status }),
    });
    expect(await client.payments.cancel({ providerObjectId: 'pi_1', idempotencyKey: 'k' })).toBe(said);
  });
});

describe('Stripe refunds', () => {
  const input = {
    refundId: 'ref_1',
    refundedMinor: 0,
    providerPaymentId: 'pi_1',
    providerInvoiceId: null,
    amount: { amountMinor: 5000, currency: 'USD' },
    reason: 'service_disruption' as const,
    idempotencyKey: 'k',
  };
  const refund = {
    id: 're_1',
    status: 'succeeded',
    amount: 5000,
    currency: 'usd',
    payment_intent: 'pi_1',
    created: 1790000100,
    metadata: { refund_id: 'ref_1' },
  };

  it('carries our id and the reason Stripe knows', async () => {
    const { client, sent } = await scripted({ 'POST /refunds': refund });
    expect(await client.refunds.create(input)).toMatchObject({ outcome: 'succeeded', value: { refundId: 'ref_1' } });
    expect(sent[0]).toMatchObject({
      key: 'k:refund',
      params: { payment_intent: 'pi_1', reason: 'requested_by_customer', 'metadata[reason]': 'service_disruption' },
    });
  });

  it.each([
    ['all of it was paid back', { code: 'charge_already_refunded' }, 'refund_exceeds_payment', { refundable_minor: 0 }],
    ['it is more than the rest', { param: 'amount' }, 'refund_exceeds_payment', { refundable_minor: 3900 }],
    ['it is disputed', { code: 'charge_disputed' }, 'payment_not_refundable', { why: 'disputed' }],
    ['another thing is wrong', { param: 'reason' }, 'provider_rejected', { param: 'reason' }],
  ])('says so when %s', async (_what, error, code, details) => {
    const half = { id: 'ch_1', amount_refunded: 1000 };
    const { client } = await scripted({
      'POST /refunds': refusal(error),
      'GET /payment_intents/pi_1': aPaymentIntent({ latest_charge: half }),
    });
    await expect(client.refunds.create(input)).rejects.toMatchObject({ code, details });
  });

  it('lists from the oldest on', async () => {
    const { client } = await scripted({ 'GET /refunds': list({ ...refund, id: 're_2' }, refund) });
    const refunds = await client.refunds.list({ providerPaymentId: 'pi_1', providerInvoiceId: null });
    expect(refunds.map(({ providerRefundId }) => providerRefundId)).toEqual(['re_1', 're_2']);
  });

  it.each([
    ['pending', 'pending'],
    ['requires_action', 'pending'],
    ['succeeded', 'succeeded'],
    ['failed', 'failed'],
    ['canceled', 'canceled'],
  ])('reads %s as %s', (status, ours) => {
    expect(refundStatus(status)).toBe(ours);
  });
});

describe('Stripe disputes', () => {
  it.each([
    ['warning_needs_response', 'warning'],
    ['warning_under_review', 'warning'],
    ['warning_closed', 'closed'],
    ['needs_response', 'needs_response'],
    ['under_review', 'under_review'],
    ['won', 'won'],
    ['lost', 'lost'],
    ['prevented', 'closed'],
    ['appeal_needs_response', 'needs_response'],
    ['appeal_under_review', 'under_review'],
    ['something_new', 'needs_response'],
  ])('reads %s as %s', (status, ours) => {
    expect(disputeStatus(status)).toBe(ours);
  });
});

describe('Stripe payment methods', () => {
  const card = {
    id: 'pm_1',
    type: 'card',
    customer: 'cus_1',
    card: { brand: 'visa', last4: '4242', exp_month: 4, exp_year: 2030, country: 'US' },
  };
  const customer = { id: 'cus_1', invoice_settings: { default_payment_method: 'pm_1' } };
  const input = {
    providerCustomerId: 'cus_1',
    token: 'pm_card_visa',
    setAsDefault: true,
    billingAddress: null,
    returnUrl: null,
    idempotencyKey: 'k',
  };

  it('attaches through a confirmed set-up and makes it the default', async () => {
    const { client, sent, calls } = await scripted({
      'POST /setup_intents': { id: 'seti_1', status: 'succeeded', payment_method: card },
      'POST /customers/cus_1': customer,
      'GET /customers/cus_1/payment_methods/pm_1': card,
    });
    expect(await client.paymentMethods.attach?.(input)).toEqual({
      outcome: 'succeeded',
      value: {
        providerPaymentMethodId: 'pm_1',
        providerCustomerId: 'cus_1',
        type: 'card',
        brand: 'visa',
        last4: '4242',
        expMonth: 4,
        expYear: 2030,
        country: 'US',
        isDefault: true,
      },
    });
    expect(calls()[0]).toBe('POST /setup_intents');
    expect(sent[0]?.params).toMatchObject({ usage: 'off_session', confirm: 'true', payment_method: 'pm_card_visa' });
  });

  it('makes a method of an older card token first', async () => {
    const { client, sent } = await scripted({
      'POST /payment_methods': card,
      'POST /setup_intents': { id: 'seti_1', status: 'succeeded', payment_method: card },
      'GET /customers/cus_1': customer,
    });
    const attached = await client.paymentMethods.attach?.({ ...input, token: 'tok_visa', setAsDefault: false });
    expect(attached).toMatchObject({
      outcome: 'succeeded',
      value: { providerPaymentMethodId: 'pm_1', isDefault: true },
    });
    expect(sent[0]).toMatchObject({ key: 'k:method', params: { type: 'card', 'card[token]': 'tok_visa' } });
    expect(sent[1]?.params.payment_method).toBe('pm_1');
  });

  it('waits for the bank before it sets a default', async () => {
    const { client, calls } = await scripted({
      'POST /setup_intents': {
        id: 'seti_1',
        status: 'requires_action',
        client_secret: 'seti_1_secret',
        payment_method: card,
        next_action: { type: 'use_stripe_sdk' },
      },
    });
    expect(await client.paymentMethods.attach?.(input)).toMatchObject({
      outcome: 'pending',
      nextAction: { kind: 'confirm', clientSecret: 'seti_1_secret' },
      value: { isDefault: false },
    });
    expect(calls()).toEqual(['POST /setup_intents']);
  });

  it.each([
    ['unknown', { code: 'resource_missing', param: 'payment_method' }, 'token_invalid'],
    ['used', { code: 'token_already_used' }, 'token_invalid'],
    ['of another customer', { param: 'payment_method' }, 'token_invalid'],
    ['good, for a customer who is unknown', { code: 'resource_missing', param: 'customer' }, 'provider_rejected'],
  ])('refuses a token that is %s', async (_what, error, code) => {
    const { client } = await scripted({ 'POST /setup_intents': refusal(error) });
    await expect(client.paymentMethods.attach?.(input)).rejects.toMatchObject({ code });
  });

  it('detaches what is gone without a word', async () => {
    const { client } = await scripted({
      'POST /payment_methods/pm_1/detach': refusal({ message: 'not attached to a customer' }),
    });
    const ref = { providerCustomerId: 'cus_1', providerPaymentMethodId: 'pm_1', idempotencyKey: 'k' };
    await expect(client.paymentMethods.detach(ref)).resolves.toBeUndefined();
  });
});
