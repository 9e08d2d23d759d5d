import { describe, expect, it } from 'vitest';
import { createPolarCustomerData } from '../../../../src/providers/polar/customer-data.ts';
import { createPolarDiscounts } from '../../../../src/providers/polar/discounts.ts';
import { createPolarInvoices } from '../../../../src/providers/polar/invoices.ts';
import { createPolarLicenseKeys } from '../../../../src/providers/polar/license-keys.ts';
import { createPolarPaymentMethods } from '../../../../src/providers/polar/payment-methods.ts';
import { createPolarWebhookEndpoints } from '../../../../src/providers/polar/webhook-endpoints.ts';
import { fakePolar, invalid, missing, ok, page, refusal, type FakeReply } from './fake-polar.ts';

describe('papers of an order at Polar', () => {
  const url = 'https://files.test/invoice.pdf';
  const papers = (replies: { invoice?: FakeReply; ask?: FakeReply; receipt?: FakeReply }) =>
    createPolarInvoices(
      fakePolar({
        'GET /v1/orders/o1/invoice': replies.invoice ?? missing,
        'POST /v1/orders/o1/invoice': replies.ask ?? missing,
        'GET /v1/orders/o1/receipt': replies.receipt ?? missing,
      }).api,
    ).document?.('o1');
  const noDetails = refusal(422, 'MissingInvoiceBillingDetails');

  it.each([
    ['is ready', { invoice: ok({ url }) }, { state: 'ready', pdfUrl: url, hostedUrl: null }],
    ['is asked for', { ask: { status: 202, json: null } }, { state: 'generating' }],
    ['is a receipt without billing details', { ask: noDetails, receipt: ok({ url }) }, { state: 'ready', pdfUrl: url }],
    ['is a receipt in the making', { ask: noDetails, receipt: { status: 202 } }, { state: 'generating' }],
    ['is none for a draft', { ask: refusal(409, 'OrderNotEligibleForInvoice') }, { state: 'none' }],
    ['is none for no order', {}, { state: 'none' }],
  ] as const)('%s', async (_, replies, document) => {
    await expect(papers(replies)).resolves.toMatchObject(document);
  });

  it('are asked for once, however often somebody looks', async () => {
    let isMade = false;
    const { api, sent } = fakePolar({
      'GET /v1/orders/o1/invoice': () => (isMade ? ok({ url }) : missing),
      'POST /v1/orders/o1/invoice': { status: 202, json: null },
    });
    const invoices = createPolarInvoices(api);
    await expect(invoices.document?.('o1')).resolves.toEqual({ state: 'generating' });
    await expect(invoices.document?.('o1')).resolves.toEqual({ state: 'generating' });
    isMade = true;
    await expect(invoices.document?.('o1')).resolves.toMatchObject({ state: 'ready' });
    expect(sent()).toHaveLength(1);
  });
});

describe('payment methods at Polar', () => {
  const card = {
    id: 'pm1',
    customer_id: 'c1',
    type: 'card',
    method_metadata: { brand: 'visa', last4: '4242', exp_month: 4, exp_year: 2030 },
  };
  const ref = { providerCustomerId: 'c1', providerPaymentMethodId: 'pm1' };
  const session = { token: 'polar_cst_x', customer_portal_url: 'https://polar.test/portal', expires_at: null };

  it('are found with the customer’s default', async () => {
    const { api } = fakePolar({
      'GET /v1/customers/c1': ok({ id: 'c1', default_payment_method_id: 'pm1' }),
      'GET /v1/customers/c1/payment-methods': page(card),
    });
    const methods = createPolarPaymentMethods(api);
    await expect(methods.get(ref)).resolves.toMatchObject({ last4: '4242', isDefault: true });
    await expect(methods.get({ ...ref, providerPaymentMethodId: 'pm9' })).resolves.toBeNull();
  });

  it('are detached with the customer’s own session, harmlessly twice', async () => {
    const { api, sent } = fakePolar({
      'POST /v1/customer-sessions/': ok(session),
      'DELETE /v1/customer-portal/customers/me/payment-methods/pm1': missing,
    });
    await createPolarPaymentMethods(api).detach({ ...ref, idempotencyKey: 'k' });
    expect(sent().at(-1)?.headers).toEqual({ authorization: 'Bearer polar_cst_x' });
  });

  it('stay while a live subscription needs them', async () => {
    const { api } = fakePolar({
      'POST /v1/customer-sessions/': ok(session),
      'DELETE /v1/customer-portal/customers/me/payment-methods/pm1': refusal(
        400,
        'PaymentMethodInUseByActiveSubscription',
      ),
    });
    await expect(createPolarPaymentMethods(api).detach({ ...ref, idempotencyKey: 'k' })).rejects.toMatchObject({
      code: 'payment_method_in_use',
      kind: 'conflict',
    });
  });
});

describe('license keys at Polar', () => {
  const key = { id: 'l1', customer_id: 'c1', display_key: '****-AB', status: 'granted', key: 'SECRET-KEY' };
  const organization = async () => ({ id: 'org', name: null, currency: 'usd' });
  const keys = (replies: Parameters<typeof fakePolar>[0]) =>
    createPolarLicenseKeys(fakePolar(replies).api, organization);
  const asked = { key: 'SECRET-KEY', activationId: null, incrementUsage: 1 };

  it('are told with the key itself, which the port carries', async () => {
    const told = await keys({ 'POST /v1/license-keys/validate': ok(key) }).validate(asked);
    expect(told).toMatchObject({
      providerLicenseKeyId: 'l1',
      status: 'granted',
      displayKey: '****-AB',
      key: 'SECRET-KEY',
    });
  });

  it('are null when unknown, and a conflict when used up', async () => {
    await expect(keys({ 'POST /v1/license-keys/validate': missing }).validate(asked)).resolves.toBeNull();
    const usedUp = refusal(400, 'BadRequest');
    await expect(keys({ 'POST /v1/license-keys/validate': usedUp }).validate(asked)).rejects.toMatchObject({
      code: 'license_usage_exceeded',
      kind: 'conflict',
    });
  });

  it.each([
    ['unknown', missing],
    ['at its limit', refusal(403, 'NotPermitted')],
  ])('are not activated when %s', async (_, reply) => {
    const refused = keys({ 'POST /v1/license-keys/activate': reply });
    await expect(refused.activate({ key: 'K', label: 'mac', conditions: {} })).rejects.toMatchObject({
      code: 'license_activation_refused',
      kind: 'conflict',
    });
  });

  it('are listed by customer, page after page', async () => {
    const listed = keys({
      'GET /v1/license-keys/': ({ query }) =>
        ok({
          items: [{ ...key, id: `l${String(query.page)}`, customer_id: query.page === 2 ? 'c1' : 'c9' }],
          pagination: { total_count: 2, max_page: 2 },
        }),
    });
    const first = await listed.list({ providerCustomerId: 'c1', cursor: null, limit: 1 });
    expect(first).toEqual({ items: [], nextCursor: '2.1' });
    const second = await listed.list({ providerCustomerId: 'c1', cursor: first.nextCursor, limit: 50 });
    expect(second).toMatchObject({ items: [{ providerLicenseKeyId: 'l2' }], nextCursor: null });
  });
});

describe('discounts at Polar', () => {
  const input = {
    idempotencyKey: 'k',
    code: 'HALF',
    name: 'Half off',
    off: { basisPoints: 5_000 },
    duration: { months: 3 },
    maxRedemptions: null,
    startsAt: null,
    endsAt: null,
    providerProductIds: null,
  } as const;
  const made = {
    id: 'd1',
    name: 'Half off',
    code: 'half',
    type: 'percentage',
    basis_points: 5_000,
    duration: 'repeating',
    duration_in_months: 3,
    max_redemptions: null,
    redemptions_count: 2,
  };

  it('are found by code, whatever its case', async () => {
    const { api, sent } = fakePolar({ 'GET /v1/discounts/': page(made) });
    await expect(createPolarDiscounts(api).ensure(input)).resolves.toMatchObject({
      providerDiscountId: 'd1',
      off: { basisPoints: 5_000 },
      duration: { months: 3 },
      redemptions: 2,
      isActive: true,
    });
    expect(sent()).toEqual([]);
  });

  it.each([
    { off: { basisPoints: 4_000 } },
    { off: { amount: { amountMinor: 5_000, currency: 'USD' } } },
    { duration: 'once' as const },
    { maxRedemptions: 5 },
  ])('are a conflict when the code means something else: %o', async (change) => {
    const { api } = fakePolar({ 'GET /v1/discounts/': page(made) });
    await expect(createPolarDiscounts(api).ensure({ ...input, ...change })).rejects.toMatchObject({
      code: 'discount_code_taken',
      kind: 'conflict',
    });
  });

  const refused = invalid({ loc: ['body', 'code'], type: 'value_error' });

  it('are found in the whole list when Polar says that the code is taken', async () => {
    const { api, sent } = fakePolar({
      'GET /v1/discounts/': ({ query }) => ('query' in query ? page() : page({ ...made, id: 'd0', code: null }, made)),
      'POST /v1/discounts/': refused,
    });
    await expect(createPolarDiscounts(api).ensure(input)).resolves.toMatchObject({ providerDiscountId: 'd1' });
    expect(sent()).toHaveLength(1);
    await expect(createPolarDiscounts(api).ensure({ ...input, maxRedemptions: 5 })).rejects.toMatchObject({
      code: 'discount_code_taken',
    });
  });

  it('are refused as they stand when nobody has the code', async () => {
    const { api } = fakePolar({ 'GET /v1/discounts/': page(), 'POST /v1/discounts/': refused });
    await expect(createPolarDiscounts(api).ensure(input)).rejects.toMatchObject({ code: 'provider_rejected' });
  });

  it('are over when used up or past their end', async () => {
    for (const over of [
      { max_redemptions: 2 },
      { ends_at: '2020-01-01T00:00:00Z' },
      { starts_at: '2999-01-01T00:00:00Z' },
    ]) {
      const { api } = fakePolar({ 'GET /v1/discounts/': page({ ...made, ...over }) });
      await expect(createPolarDiscounts(api).find('HALF')).resolves.toMatchObject({ isActive: false });
    }
  });
});

describe('customer data at Polar', () => {
  const ref = { providerCustomerId: 'c1', organizationId: 'org_1' };

  it('is told section by section, as Polar gave it', async () => {
    const { api } = fakePolar({
      'GET /v1/customers/c1': ok({ id: 'c1', email: 'jane@example.com' }),
      'GET /v1/customers/c1/state': ok({ id: 'c1', active_subscriptions: [] }),
      'GET /v1/subscriptions/': page({ id: 's1' }),
      'GET /v1/orders/': ({ query }) =>
        ok({ items: [{ id: `o${String(query.page)}` }], pagination: { total_count: 2, max_page: 2 } }),
      'GET /v1/payments/': page({ id: 'p1' }),
      'GET /v1/refunds/': page(),
      'GET /v1/benefit-grants/': page(),
      'GET /v1/customer-meters/': page(),
      'GET /v1/customers/c1/payment-methods': page({ id: 'pm1' }),
      'GET /v1/license-keys/': page({ id: 'l1', customer_id: 'c1' }, { id: 'l2', customer_id: 'c9' }),
    });
    await expect(createPolarCustomerData(api).export(ref)).resolves.toEqual({
      customer: [{ id: 'c1', email: 'jane@example.com' }],
      state: [{ id: 'c1', active_subscriptions: [] }],
      subscriptions: [{ id: 's1' }],
      orders: [{ id: 'o1' }, { id: 'o2' }],
      payments: [{ id: 'p1' }],
      refunds: [],
      benefit_grants: [],
      meters: [],
      payment_methods: [{ id: 'pm1' }],
      license_keys: [{ id: 'l1', customer_id: 'c1' }],
    });
  });

  it('is anonymised once, and then nobody is known', async () => {
    let isErased = false;
    const { api, sent } = fakePolar({
      'GET /v1/customers/c1': () => (isErased ? missing : ok({ id: 'c1' })),
      'GET /v1/customers/external/org_1': missing,
      'DELETE /v1/customers/c1': () => {
        isErased = true;
        return { status: 204 };
      },
    });
    const data = createPolarCustomerData(api);
    const erased = await data.erase({ ...ref, idempotencyKey: 'k' });
    expect(erased.outcome).toBe('anonymized');
    expect(erased.retained.length).toBeGreaterThan(0);
    await expect(data.erase({ ...ref, idempotencyKey: 'k' })).resolves.toEqual({ outcome: 'not_found', retained: [] });
    await expect(data.export(ref)).resolves.toBeNull();
    expect(sent().map(({ query }) => query)).toEqual([{ anonymize: true }]);
  });
});

describe('webhook endpoints at Polar', () => {
  const url = 'https://billing.test/webhooks/polar';
  const endpoint = { id: 'w1', url, enabled: true, secret: 'whsec_eA==' };

  it('are made once, pinned to our version, and give their secret', async () => {
    let endpoints: readonly unknown[] = [];
    const { api, sent } = fakePolar({
      'GET /v1/webhooks/endpoints': () => page(...endpoints),
      'POST /v1/webhooks/endpoints': () => {
        endpoints = [endpoint];
        return ok(endpoint);
      },
    });
    const made = {
      endpoint: { providerEndpointId: 'w1', url, isActive: true },
      credentials: { POLAR_WEBHOOK_SECRET: 'whsec_eA==' },
    };
    const operations = createPolarWebhookEndpoints(api);
    await expect(operations.create({ url, idempotencyKey: 'k' })).resolves.toEqual(made);
    await expect(operations.create({ url, idempotencyKey: 'k' })).resolves.toEqual(made);
    expect(sent()).toHaveLength(1);
    expect(sent()[0]?.body).toMatchObject({ url, format: 'raw', api_version: '2026-10' });
    expect(sent()[0]?.body?.events).toEqual(expect.arrayContaining(['order.paid', 'order.created', 'refund.updated']));
  });

  it('may refuse an address that is not public', async () => {
    const { api } = fakePolar({
      'GET /v1/webhooks/endpoints': page(),
      'POST /v1/webhooks/endpoints': invalid({ loc: ['body', 'url'], type: 'value_error' }),
    });
    await expect(
      createPolarWebhookEndpoints(api).create({ url: 'http://127.0.0.1', idempotencyKey: 'k' }),
    ).rejects.toMatchObject({ code: 'provider_rejected', details: { param: 'body.url' } });
  });
});
