import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Harness, startHarness } from './support/harness.ts';
import { createPolarChecker, findPolarDocument } from './support/polar-schema.ts';
import { type Receiver, startReceiver } from './support/receiver.ts';

// The official OpenAPI document is not part of the repository: without it there is nothing to compare with.
const document = findPolarDocument();

const EVENTS_PER_TYPE = 8;

interface Answer {
  status: number;
  body: Record<string, unknown>;
}

describe.skipIf(document === null)('Polar against the official 2026-10 document (skipped where it is absent)', () => {
  const checker = document === null ? null : createPolarChecker(document);
  const found: string[] = [];
  let harness: Harness;
  let receiver: Receiver;
  let portalToken = '';

  beforeAll(async () => {
    receiver = await startReceiver();
    harness = await startHarness({ webhooks: { polar: receiver.url('polar') } });
  });
  afterAll(async () => {
    await harness.sandbox.close();
    await receiver.close();
  });

  async function call(method: string, path: string, body?: unknown): Promise<Answer> {
    const { base_url: base, api_key: key } = harness.sandbox.config.polar;
    const token = path.startsWith('/v1/customer-portal/') ? portalToken : key;
    const response = await fetch(`${base}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    const parsed = (isJson ? JSON.parse(text) : {}) as Record<string, unknown>;
    const template = checker?.templateOf(path.split('?')[0] ?? path) ?? null;
    if (template === null) found.push(`${method} ${path} is not documented`);
    else found.push(...(checker?.answer(method, template, response.status, parsed) ?? []));
    return { status: response.status, body: parsed };
  }
  const make = async (path: string, body: unknown): Promise<string> =>
    String((await call('POST', path, body)).body['id']);

  async function aCatalogue() {
    const clauses = [{ property: 'name', operator: 'eq', value: 'api_call' }];
    const meter = await make('/v1/meters/', {
      name: 'API calls',
      filter: { conjunction: 'and', clauses },
      aggregation: { func: 'sum', property: 'units' },
    });
    const file = await call('POST', '/v1/files/', {
      ...{ name: 'guide.pdf', mime_type: 'application/pdf', size: 4096, service: 'downloadable' },
      upload: { parts: [{ number: 1, chunk_start: 0, chunk_end: 4096 }] },
    });
    const fileId = String(file.body['id']);
    const properties: Record<string, object> = {
      custom: { note: 'Welcome' },
      discord: { guild_token: 'guild-1', role_id: 'role-1', kick_member: true },
      github_repository: { repository_owner: 'acme', repository_name: 'tools', permission: 'pull' },
      downloadables: { files: [fileId] },
      license_keys: { prefix: 'ACME', activations: { limit: 1, enable_customer_admin: true }, limit_usage: 2 },
      meter_credit: { units: 100, rollover: false, meter_id: meter },
      feature_flag: {},
      slack_shared_channel: {
        slack_integration_id: '4a1d3c9e-5b7a-4b5e-9a5d-0c1f2e3d4b5a',
        channel_name_template: 'shared',
      },
    };
    const benefits: string[] = [];
    for (const [type, own] of Object.entries(properties))
      benefits.push(await make('/v1/benefits/', { type, description: `The ${type}`, properties: own }));
    const product = await make('/v1/products/', {
      name: 'Pro plan',
      recurring_interval: 'month',
      prices: [
        { amount_type: 'fixed', price_amount: 2900 },
        { amount_type: 'metered_unit', meter_id: meter, unit_amount: '0.5' },
      ],
    });
    await call('POST', `/v1/products/${product}/benefits`, { benefits });
    return { meter, fileId, benefits, product };
  }

  async function aSubscription(
    product: string,
    discount: string,
  ): Promise<{ customer: string; subscription: string; order: string }> {
    const customer = await make('/v1/customers/', {
      ...{ email: 'ana@example.com', external_id: 'user-1', name: 'Ana' },
      billing_address: { country: 'DE', city: 'Berlin', line1: 'Weg 1', postal_code: '10115' },
    });
    const checkout = await make('/v1/checkouts/', {
      products: [product],
      customer_id: customer,
      discount_id: discount,
    });
    await call('GET', `/v1/checkouts/${checkout}`);
    await harness.control('POST', `/checkouts/polar/${checkout}/complete`, { outcome: 'paid' });
    await call('GET', `/v1/checkouts/?customer_id=${customer}`);
    const subscriptions = await call('GET', `/v1/subscriptions/?customer_id=${customer}`);
    const orders = await call('GET', `/v1/orders/?customer_id=${customer}`);
    const first = ({ body }: Answer): string => String((body['items'] as { id: string }[])[0]?.id);
    return { customer, subscription: first(subscriptions), order: first(orders) };
  }

  it('gives every documented field, in every answer and every event', async () => {
    const { meter, fileId, benefits, product } = await aCatalogue();
    const discount = await make('/v1/discounts/', {
      ...{ name: 'Launch', type: 'percentage', basis_points: 1000, duration: 'repeating', duration_in_months: 3 },
    });
    const { customer, subscription, order } = await aSubscription(product, discount);
    const events = [{ name: 'api_call', customer_id: customer, external_id: 'e1', metadata: { units: 250 } }];
    await call('POST', '/v1/events/ingest', { events });
    const session = await call('POST', '/v1/customer-sessions/', { customer_id: customer });
    portalToken = String(session.body['token']);
    const from = new Date(Date.now() - 86_400_000).toISOString();
    const to = new Date(Date.now() + 86_400_000).toISOString();
    const keys = await call('GET', '/v1/license-keys/');
    const key = (keys.body['items'] as { id: string; key: string; organization_id: string }[])[0];
    const own = { key: key?.key, organization_id: key?.organization_id };
    const activation = await call('POST', '/v1/license-keys/activate', { ...own, label: 'laptop' });
    await call('POST', '/v1/license-keys/validate', { ...own, activation_id: activation.body['id'] });
    await call('PATCH', `/v1/orders/${order}`, { billing_name: 'Ana GmbH' });
    await call('POST', `/v1/orders/${order}/invoice`);
    await harness.control('POST', '/clock', { advance: 'PT5S' });
    const link = await make('/v1/checkout-links/', { payment_processor: 'stripe', products: [product] });
    const field = await make('/v1/custom-fields/', { type: 'text', slug: 'vat', name: 'VAT', properties: {} });
    const attached = [{ custom_field_id: field, required: false }];
    await call('PATCH', `/v1/products/${product}`, { attached_custom_fields: attached });
    await call('POST', '/v1/refunds/', { order_id: order, amount: 100, reason: 'customer_request' });
    for (const path of [
      ...['/v1/organizations/', '/v1/customers/', `/v1/customers/${customer}`, `/v1/customers/${customer}/state`],
      ...['/v1/customers/external/user-1/state', `/v1/customers/${customer}/payment-methods`],
      ...['/v1/products/', `/v1/products/${product}`, '/v1/discounts/', '/v1/benefits/', `/v1/benefits/${benefits[0]}`],
      ...[`/v1/benefits/${benefits[4]}/grants`, '/v1/benefit-grants/', `/v1/license-keys/${key?.id}`],
      ...['/v1/files/', `/v1/files/?ids=${fileId}`, '/v1/meters/', `/v1/meters/${meter}`, '/v1/customer-meters/'],
      `/v1/meters/${meter}/quantities?start_timestamp=${from}&end_timestamp=${to}&interval=hour`,
      ...['/v1/events/?limit=100', '/v1/events/names', '/v1/payments/', '/v1/refunds/', '/v1/disputes/'],
      ...[`/v1/orders/${order}`, `/v1/orders/${order}/invoice`, `/v1/subscriptions/${subscription}`],
      ...[`/v1/checkout-links/${link}`, '/v1/checkout-links/', '/v1/custom-fields/'],
      ...['/v1/webhooks/endpoints', '/v1/webhooks/deliveries?limit=5'],
      ...[
        'customers/me',
        'customers/me/payment-methods',
        'subscriptions/',
        `subscriptions/${subscription}`,
        'orders/',
      ].map((path) => `/v1/customer-portal/${path}`),
      ...[`orders/${order}`, 'benefit-grants/', 'meters/', 'license-keys/', 'downloadables/'].map(
        (path) => `/v1/customer-portal/${path}`,
      ),
      ...['customer-session/introspect', 'customer-session/user', 'organizations/sandbox-merchant'].map(
        (path) => `/v1/customer-portal/${path}`,
      ),
    ])
      expect([path, (await call('GET', path)).status]).toEqual([path, 200]);
    await harness.control('POST', '/clock', { advance: 'P1M' });
    const change = (body: object): Promise<Answer> => call('PATCH', `/v1/subscriptions/${subscription}`, body);
    await change({ cancel_at_period_end: true });
    await change({ cancel_at_period_end: false });
    await change({ pause_at_period_end: true });
    await harness.control('POST', '/clock', { advance: 'P1M' });
    await change({ resume: true });
    await call('PATCH', `/v1/benefits/${benefits[0]}`, { type: 'custom', description: 'A warm welcome' });
    await call('PATCH', `/v1/products/${product}`, { name: 'Pro plan, renamed' });
    await call('PATCH', `/v1/discounts/${discount}`, { name: 'Launch week' });
    await call('DELETE', `/v1/discounts/${discount}`);
    await call('PATCH', `/v1/customers/${customer}`, { name: 'Ana María' });
    await call('DELETE', `/v1/subscriptions/${subscription}`);
    for (const type of ['customer.updated', 'discount.deleted', 'subscription.revoked', 'benefit_grant.revoked'])
      await receiver.waitFor((event) => event.type === type);
    const types = new Set(receiver.received.map(({ type }) => type));
    for (const type of types) {
      const sample = receiver.received.filter((event) => event.type === type).slice(-EVENTS_PER_TYPE);
      for (const { body } of sample) found.push(...(checker?.webhook(type, JSON.parse(body)) ?? []));
    }
    expect([...new Set(found)]).toEqual([]);
    expect(types.size).toBeGreaterThanOrEqual(29);
  });
});
