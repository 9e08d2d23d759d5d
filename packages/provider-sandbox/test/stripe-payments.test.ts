import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Harness, aStripeSession, startHarness } from './support/harness.ts';

let harness: Harness;
let stripe: Stripe;

beforeAll(async () => {
  harness = await startHarness();
  ({ stripe } = harness);
});
afterAll(() => harness.sandbox.close());

const pay = (over: Partial<Stripe.PaymentIntentCreateParams> = {}) =>
  stripe.paymentIntents.create({
    amount: 4900,
    currency: 'usd',
    payment_method: 'pm_card_visa',
    confirm: true,
    return_url: 'https://app.example/back',
    ...over,
  });

/** Plays the bank on the page that `next_action` leads to. */
const answer = (intent: { next_action: unknown }, reply: 'approve' | 'fail') => {
  const action = intent.next_action as Stripe.PaymentIntent.NextAction;
  return fetch(String(action.redirect_to_url?.url), {
    method: 'POST',
    body: new URLSearchParams({ answer: reply }),
    redirect: 'manual',
  });
};

describe('Stripe payment methods', () => {
  it('attaches, lists both ways, updates and detaches for good', async () => {
    const customer = await stripe.customers.create({ email: 'pm@example.com' });
    const method = await stripe.paymentMethods.create({ type: 'card', card: { token: 'tok_mastercard' } });
    expect(method).toMatchObject({ type: 'card', customer: null, card: { brand: 'mastercard', last4: '4444' } });
    await stripe.paymentMethods.attach(method.id, { customer: customer.id });
    await stripe.paymentMethods.update(method.id, { billing_details: { name: 'Ana' }, metadata: { a: '1' } });
    const [own, all] = await Promise.all([
      stripe.customers.listPaymentMethods(customer.id, { type: 'card' }),
      stripe.paymentMethods.list({ customer: customer.id }),
    ]);
    expect(own.data).toEqual(all.data);
    expect(own.data).toMatchObject([{ id: method.id, billing_details: { name: 'Ana' }, metadata: { a: '1' } }]);
    await stripe.paymentMethods.detach(method.id);
    await expect(stripe.paymentMethods.attach(method.id, { customer: customer.id })).rejects.toMatchObject({
      statusCode: 400,
      code: 'payment_method_unexpected_state',
    });
    const setup = { customer: customer.id, payment_method: method.id, confirm: true };
    await expect(stripe.setupIntents.create(setup)).rejects.toMatchObject({ statusCode: 400 });
  });

  it('refuses to attach what the bank declines, and attaches the card that fails later', async () => {
    const customer = await stripe.customers.create();
    await expect(
      stripe.paymentMethods.attach('pm_card_chargeDeclined', { customer: customer.id }),
    ).rejects.toBeInstanceOf(Stripe.errors.StripeCardError);
    const late = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer: customer.id });
    await expect(pay({ customer: customer.id, payment_method: late.id })).rejects.toMatchObject({
      code: 'card_declined',
      decline_code: 'generic_decline',
    });
  });
});

describe('Stripe payment intents', () => {
  it.each([
    ['pm_card_visa_chargeDeclined', 'card_declined', 'generic_decline'],
    ['pm_card_visa_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
    ['pm_card_visa_chargeDeclinedLostCard', 'card_declined', 'lost_card'],
    ['pm_card_visa_chargeDeclinedStolenCard', 'card_declined', 'stolen_card'],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card', ''],
    ['pm_card_chargeDeclinedIncorrectCvc', 'incorrect_cvc', ''],
    ['pm_card_chargeDeclinedProcessingError', 'processing_error', ''],
  ])('%s answers 402 %s', async (payment_method, code, decline) => {
    const failed = await pay({ payment_method }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(Stripe.errors.StripeCardError);
    expect(failed).toMatchObject({ statusCode: 402, code, decline_code: decline });
    expect((failed as Stripe.errors.StripeCardError).payment_intent).toMatchObject({
      status: 'requires_payment_method',
      last_payment_error: { code },
    });
  });

  it('asks the cardholder, takes a yes and survives a no', async () => {
    const asked = await pay({ payment_method: 'pm_card_authenticationRequired' });
    expect(asked).toMatchObject({ status: 'requires_action', next_action: { type: 'redirect_to_url' } });
    const back = await answer(asked, 'approve');
    expect(back.headers.get('location')).toBe('https://app.example/back');
    expect((await stripe.paymentIntents.retrieve(asked.id)).status).toBe('succeeded');
    const refused = await pay({ payment_method: 'pm_card_authenticationRequired' });
    await answer(refused, 'fail');
    expect(await stripe.paymentIntents.retrieve(refused.id)).toMatchObject({
      status: 'requires_payment_method',
      last_payment_error: { code: 'payment_intent_authentication_failure' },
    });
  });

  it('charges off session only what was set up', async () => {
    const customer = await stripe.customers.create();
    const off = { customer: customer.id, off_session: true } as const;
    const method = await stripe.paymentMethods.attach('pm_card_authenticationRequiredOnSetup', {
      customer: customer.id,
    });
    await expect(pay({ ...off, payment_method: method.id })).rejects.toMatchObject({ code: 'authentication_required' });
    const setup = await stripe.setupIntents.create({ customer: customer.id, payment_method: method.id, confirm: true });
    expect(setup.status).toBe('requires_action');
    await answer(setup, 'approve');
    expect((await stripe.setupIntents.retrieve(setup.id)).status).toBe('succeeded');
    expect((await pay({ ...off, payment_method: method.id })).status).toBe('succeeded');
  });

  it('holds, captures in part and lets go', async () => {
    const held = await pay({ capture_method: 'manual' });
    expect(held).toMatchObject({ status: 'requires_capture', amount_capturable: 4900 });
    expect(await stripe.paymentIntents.capture(held.id, { amount_to_capture: 4000 })).toMatchObject({
      status: 'succeeded',
      amount_received: 4000,
    });
    const other = await pay({ capture_method: 'manual' });
    expect(await stripe.paymentIntents.cancel(other.id)).toMatchObject({ status: 'canceled', amount_capturable: 0 });
    await expect(stripe.paymentIntents.cancel(other.id)).rejects.toMatchObject({
      code: 'payment_intent_unexpected_state',
    });
  });

  it('gives vouchers and CLABEs, and settles debits on the movable clock', async () => {
    const oxxo = await pay({
      currency: 'mxn',
      payment_method: undefined,
      payment_method_data: { type: 'oxxo' },
    } as object);
    expect(oxxo.next_action).toMatchObject({ type: 'oxxo_display_details' });
    await harness.control('POST', `/checkouts/stripe/${oxxo.id}/complete`, { outcome: 'voucher_paid' });
    expect((await stripe.paymentIntents.retrieve(oxxo.id)).status).toBe('succeeded');
    const customer = await stripe.customers.create();
    const spei = await stripe.paymentIntents.create({
      amount: 89_900,
      currency: 'mxn',
      customer: customer.id,
      allowed_payment_method_types: ['customer_balance'],
      payment_method_data: { type: 'customer_balance' },
      confirm: true,
    });
    const [address] = spei.next_action?.display_bank_transfer_instructions?.financial_addresses ?? [];
    expect(address?.spei?.clabe).toMatch(/^\d{18}$/);
    const debit = await stripe.paymentIntents.create({
      amount: 5000,
      currency: 'eur',
      payment_method_data: { type: 'sepa_debit', sepa_debit: { iban: 'DE89370400440532013000' } },
      confirm: true,
    });
    expect(debit.status).toBe('processing');
    await harness.control('POST', '/clock', { advance: 'P6D' });
    expect((await stripe.paymentIntents.retrieve(debit.id)).status).toBe('succeeded');
  });

  it.each([
    ['usd', 49, 'amount_too_small'],
    ['jpy', 49, 'amount_too_small'],
    ['kwd', 5005, undefined],
    ['isk', 5050, undefined],
    ['ugx', 500_001, undefined],
    ['usd', 100_000_000, 'amount_too_large'],
  ])('refuses %s %i', async (currency, amount, code) => {
    await expect(stripe.paymentIntents.create({ currency, amount })).rejects.toMatchObject({ statusCode: 400, code });
  });

  it('refuses unknown and retired parameters', async () => {
    const create = (over: object) => stripe.paymentIntents.create({ amount: 500, currency: 'usd', ...over });
    await expect(create({ colour: 'red' })).rejects.toMatchObject({ code: 'parameter_unknown', param: 'colour' });
    await expect(create({ payment_method_types: ['card'] })).rejects.toMatchObject({
      code: 'payment_method_types_no_longer_supported',
    });
  });
});

describe('Stripe methods by currency and mode', () => {
  const price = (currency: string, recurring = false) => [
    {
      price_data: {
        currency,
        unit_amount: 89_900,
        product_data: { name: 'Kit' },
        ...(recurring ? { recurring: { interval: 'month' as const } } : {}),
      },
      quantity: 1,
    },
  ];

  it('offers each method where it may pay', async () => {
    const types = async (currency: string, recurring = false) =>
      (
        await aStripeSession(harness, {
          mode: recurring ? 'subscription' : 'payment',
          line_items: price(currency, recurring),
        })
      ).payment_method_types;
    expect(await types('mxn')).toContain('oxxo');
    expect(await types('mxn', true)).not.toContain('oxxo');
    expect(await types('eur')).toEqual(
      expect.arrayContaining(['card', 'ideal', 'bancontact', 'sepa_debit', 'eps', 'p24']),
    );
    expect(await types('usd')).toEqual(expect.arrayContaining(['us_bank_account', 'affirm', 'cashapp']));
    expect(await types('pln')).toContain('blik');
    expect(await types('usd')).not.toContain('ideal');
  });

  it('taxes by the address, and not at all unless asked', async () => {
    const customer = await stripe.customers.create({ address: { country: 'DE' } });
    const taxed = await aStripeSession(harness, {
      customer: customer.id,
      customer_email: undefined,
      line_items: price('eur'),
      automatic_tax: { enabled: true },
    } as object);
    expect(taxed).toMatchObject({
      automatic_tax: { status: 'complete' },
      amount_total: 106_981,
      total_details: { amount_tax: 17_081 },
    });
    const plain = await aStripeSession(harness, { line_items: price('eur') });
    expect(plain).toMatchObject({ amount_total: 89_900, automatic_tax: { enabled: false, status: null } });
    const nowhere = await stripe.customers.create();
    await expect(
      aStripeSession(harness, {
        customer: nowhere.id,
        customer_email: undefined,
        automatic_tax: { enabled: true },
      } as object),
    ).rejects.toMatchObject({ code: 'customer_tax_location_invalid' });
  });
});
