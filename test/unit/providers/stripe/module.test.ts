import { describe, expect, it } from 'vitest';
import { stripe } from '../../../../src/providers/stripe/index.ts';
import { sessionParams } from '../../../../src/providers/stripe/session-params.ts';
import { ourMethod, wireMethods } from '../../../../src/providers/stripe/methods.ts';
import type { CreateCheckoutInput } from '../../../../src/providers/port.ts';

const { paymentMethods } = stripe.abilities;
const named = (name: string) => paymentMethods.find(({ method }) => method === name);

describe('Stripe module', () => {
  it.each([
    ['sk_live_x', true],
    ['rk_live_x', true],
    ['sk_test_x', false],
    ['rk_test_x', false],
    [undefined, false],
  ])('knows by its form whether %s moves real money', (key, live) => {
    expect(stripe.isLive({ STRIPE_SECRET_KEY: key })).toBe(live);
    expect(stripe.isLive({ STRIPE_API_KEY: key })).toBe(live);
  });

  it('describes each key that it reads, with an example of the right form', () => {
    const example = Object.fromEntries(Object.entries(stripe.credentials).map(([key, field]) => [key, field.example]));
    expect(stripe.configSchema.parse(example)).toMatchObject({ live: false, automaticTax: false });
    const { STRIPE_WEBHOOK_SECRET: secret } = stripe.credentials;
    expect(Object.keys(stripe.credentials)).toContain(secret?.previousKey);
    expect(stripe.configSchema.parse({ ...example, STRIPE_AUTOMATIC_TAX: 'true' })).toMatchObject({
      automaticTax: true,
    });
  });
});

describe('Stripe methods', () => {
  it('names each once, in upper-case codes', () => {
    expect(new Set(paymentMethods.map(({ method }) => method)).size).toBe(paymentMethods.length);
    for (const { currencies = [], countries = [] } of paymentMethods) {
      for (const currency of currencies) expect(currency).toMatch(/^[A-Z]{3}$/);
      for (const country of countries) expect(country).toMatch(/^[A-Z]{2}$/);
    }
  });

  it('sells by voucher once only, and not by what has closed', () => {
    expect(named('oxxo')).toMatchObject({ modes: ['payment'], currencies: ['MXN'] });
    expect(named('spei')).toMatchObject({ modes: ['payment'], currencies: ['MXN'] });
    expect(named('giropay')).toBeUndefined();
    expect(named('sofort')).toBeUndefined();
  });

  it('goes there and back in our words', () => {
    for (const { method } of paymentMethods.filter(({ method: name }) => !name.endsWith('e_pay')))
      expect(wireMethods([method]).map(ourMethod)).toEqual([method]);
    expect(wireMethods(['apple_pay', 'google_pay', 'card'])).toEqual(['card']);
  });
});

describe('Stripe sessions', () => {
  const input: CreateCheckoutInput = {
    checkoutId: 'co_1',
    mode: 'payment',
    line: {
      name: 'Team',
      description: null,
      unitAmount: { amountMinor: 900, currency: 'JPY' },
      quantity: 1,
      billingInterval: null,
      digital: true,
      providerPrice: null,
    },
    customer: { organizationId: 'o', providerCustomerId: 'cus_1', email: null, name: null, phone: null, address: null },
    paymentMethods: null,
    successUrl: 'https://app.example/ok',
    cancelUrl: 'https://app.example/no',
    voucherExpiresAt: null,
    discountCode: null,
    trialDays: null,
    locale: null,
    embedOrigin: null,
    metadata: { checkout_id: 'co_1', organization_id: 'o', project_id: 'p' },
    idempotencyKey: 'k',
  };
  const found = { customerId: 'cus_1', promotionCodeId: null };

  it('computes tax only where the operator has switched it on', () => {
    expect(sessionParams(input, { ...found, automaticTax: false })).not.toHaveProperty('automatic_tax');
    expect(sessionParams(input, { ...found, automaticTax: true })).toMatchObject({
      automatic_tax: { enabled: true },
      customer_update: { address: 'auto' },
    });
    const setup: CreateCheckoutInput = { ...input, mode: 'setup', line: null };
    expect(sessionParams(setup, { ...found, automaticTax: true })).not.toHaveProperty('automatic_tax');
  });
});
