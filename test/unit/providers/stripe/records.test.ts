import { describe, expect, it } from 'vitest';
import { decimalOf } from '../../../../src/providers/stripe/usage.ts';
import { CHANGES, DECISIVE, SUBSCRIBED } from '../../../../src/providers/stripe/event-table.ts';
import { list, refusal, scripted } from './support.ts';

const event = (eventId: string, more: object = {}) => ({
  eventId,
  eventName: 'api_calls',
  organizationId: 'org_1',
  providerCustomerId: 'cus_1',
  quantity: '12.5',
  timestamp: '2026-10-01T00:00:00.000Z',
  properties: { region: 'eu' },
  ...more,
});

describe('Stripe usage', () => {
  it('reports each event once and takes a repeat for done', async () => {
    const { client, sent } = await scripted({
      'POST /billing/meter_events': {
        each: [
          { identifier: 'e1' },
          refusal({ message: 'An event already exists with identifier e2.' }),
          refusal({ code: 'archived_meter', message: 'no' }),
        ],
      },
    });
    expect(await client.usage.ingest([event('e1'), event('e2'), event('e3')])).toEqual({
      accepted: 1,
      duplicates: 1,
      rejected: [{ eventId: 'e3', code: 'archived_meter' }],
    });
    expect(sent[0]?.params).toEqual({
      event_name: 'api_calls',
      identifier: 'e1',
      timestamp: String(Date.parse('2026-10-01T00:00:00Z') / 1000),
      'payload[region]': 'eu',
      'payload[stripe_customer_id]': 'cus_1',
      'payload[value]': '12.5',
    });
    expect(new Set(sent.map(({ key }) => key)).size).toBe(3);
  });

  it('tells what it has sent when the calls are used up in the middle, and throws when nothing was', async () => {
    const usedUp = [429, { error: { type: 'invalid_request_error', code: 'rate_limit', message: 'slow' } }] as const;
    const { client } = await scripted({
      'POST /billing/meter_events': { each: [{ identifier: 'e1' }, usedUp, usedUp, { identifier: 'e2' }] },
    });
    const batch = [event('e1'), event('e2'), event('e3')];
    expect(await client.usage.ingest(batch)).toEqual({
      ...{ accepted: 1, duplicates: 0, rejected: [] },
      unsent: { eventIds: ['e2', 'e3'], retryAfterMs: null },
    });
    await expect(client.usage.ingest(batch.slice(1))).rejects.toMatchObject({ code: 'provider_rate_limited' });
    expect(await client.usage.ingest(batch.slice(1))).toMatchObject({ accepted: 2 });
  });

  it('reads which events a notice is about', async () => {
    const sample = (identifier: string) => ({ error_message: 'no', request: { identifier } });
    const { client } = await scripted({
      'GET /v2/core/events/evt_1': {
        ...{ id: 'evt_1', object: 'v2.core.event', type: 'v1.billing.meter.error_report_triggered' },
        data: {
          developer_message_summary: 'There are 3 invalid events',
          reason: {
            error_count: 3,
            error_types: [
              { code: 'archived_meter', error_count: 1, sample_errors: [sample('a')] },
              { code: 'meter_event_invalid_value', error_count: 2, sample_errors: [sample('b'), sample('c')] },
            ],
          },
        },
      },
    });
    expect(await client.usage.refusals?.('evt_1')).toEqual([
      { eventId: 'a', code: 'archived_meter' },
      { eventId: 'b', code: 'meter_event_invalid_value' },
      { eventId: 'c', code: 'meter_event_invalid_value' },
    ]);
  });

  it('lets the caller repeat the batch after an unclear answer', async () => {
    const { client } = await scripted({ 'POST /billing/meter_events': [500, { error: { type: 'api_error' } }] });
    await expect(client.usage.ingest([event('e1')])).rejects.toMatchObject({ code: 'provider_error' });
  });

  it('does not make a meter that Stripe cannot count with, nor bend one that exists', async () => {
    const meter = { meterId: 'm', name: 'Calls', eventName: 'api_calls', property: 'quantity', idempotencyKey: 'k' };
    const { client } = await scripted({
      'GET /billing/meters': list({
        id: 'mtr_1',
        display_name: 'Calls',
        event_name: 'api_calls',
        status: 'active',
        default_aggregation: { formula: 'sum' },
      }),
    });
    await expect(client.usage.ensureMeter({ ...meter, aggregation: 'unique' })).rejects.toMatchObject({
      code: 'not_supported_by_provider',
    });
    await expect(client.usage.ensureMeter({ ...meter, aggregation: 'last' })).rejects.toMatchObject({
      code: 'meter_conflict',
    });
    expect(await client.usage.ensureMeter({ ...meter, aggregation: 'sum' })).toMatchObject({
      providerMeterId: 'mtr_1',
    });
  });

  it('asks for whole minutes', async () => {
    const { client, sent } = await scripted({
      'GET /billing/meters/mtr_1/event_summaries': list({ id: 'mtrusg_1', aggregated_value: 37.5 }),
    });
    const query = { providerMeterId: 'mtr_1', providerCustomerId: 'cus_1' };
    const period = { from: '2026-10-01T00:00:30.000Z', to: '2026-10-02T00:00:30.000Z' };
    expect(await client.usage.quantity({ ...query, ...period })).toBe('37.5');
    expect(sent[0]?.params).toMatchObject({
      start_time: String(Date.parse('2026-10-01T00:00:00Z') / 1000),
      end_time: String(Date.parse('2026-10-02T00:01:00Z') / 1000),
    });
  });

  it.each([
    [0, '0'],
    [1e21, '1000000000000000000000'],
    [0.0000001, '0.0000001'],
    [2.5, '2.5'],
    [-3, '-3'],
  ])('writes %d without an exponent', (value, text) => {
    expect(decimalOf(value)).toBe(text);
  });

  it('takes back what is not older than a day', async () => {
    const { client } = await scripted({
      'POST /billing/meter_event_adjustments': {
        each: [{ status: 'pending' }, refusal({ message: 'Events can only be canceled within 24 hours.' })],
      },
    });
    const input = { eventId: 'e1', eventName: 'api_calls', idempotencyKey: 'k' };
    expect(await client.usage.cancel?.(input)).toBe('canceled');
    expect(await client.usage.cancel?.(input)).toBe('too_late');
  });
});

describe('Stripe changes', () => {
  it('reads events by time to the end, delivered or not', async () => {
    const page = (id: string, hasMore: boolean) => ({
      object: 'list',
      has_more: hasMore,
      data: [
        {
          id,
          object: 'event',
          type: 'refund.updated',
          livemode: false,
          created: 1790000000,
          data: { object: { id: 're_1', object: 'refund', payment_intent: 'pi_1', metadata: { refund_id: 'r' } } },
        },
      ],
    });
    const { client, sent } = await scripted({ 'GET /events': { each: [page('evt_2', true), page('evt_1', false)] } });
    const query = { since: '2026-09-21T00:00:00.500Z', until: '2026-09-22T00:00:00.500Z', limit: 1 };
    const first = await client.changes.list({ ...query, cursor: null });
    expect(first.items).toEqual([
      {
        objectKind: 'refund',
        objectId: 're_1',
        checkoutId: null,
        related: [{ kind: 'payment_intent', id: 'pi_1' }],
        ...{ about: 'refund', charge: 'pi_1' },
        changedAt: new Date(1790000000_000).toISOString(),
      },
    ]);
    expect((await client.changes.list({ ...query, cursor: first.nextCursor })).nextCursor).toBeNull();
    expect(sent[1]?.params).toMatchObject({
      starting_after: 'evt_2',
      'created[gte]': String(Date.parse('2026-09-21T00:00:00Z') / 1000),
      'created[lt]': String(Date.parse('2026-09-22T00:00:01Z') / 1000),
    });
    expect(sent[1]?.params).not.toHaveProperty('delivery_success');
  });

  it('fits the twenty types that a list takes, each of them one we subscribe to', () => {
    expect(CHANGES.length).toBeLessThanOrEqual(20);
    expect(CHANGES.filter((type) => !SUBSCRIBED.includes(type))).toEqual([]);
    expect(CHANGES.filter((type) => !DECISIVE.has(type))).toEqual(['customer.subscription.created']);
  });
});

describe('Stripe discounts', () => {
  const input = {
    code: 'SPRING',
    name: 'Spring',
    off: { basisPoints: 1250 },
    duration: { months: 3 },
    maxRedemptions: null,
    startsAt: null,
    endsAt: null,
    providerProductIds: ['prod_1'],
    idempotencyKey: 'k',
  };
  const coupon = { id: 'co_1', name: 'Spring', percent_off: 12.5, duration: 'repeating', duration_in_months: 3 };
  const code = { id: 'promo_1', code: 'SPRING', active: true, promotion: { type: 'coupon', coupon } };

  it('makes a coupon and the code that a buyer types', async () => {
    const { client, sent } = await scripted({
      'GET /promotion_codes': list(),
      'POST /coupons': coupon,
      'POST /promotion_codes': code,
    });
    expect(await client.discounts.ensure(input)).toMatchObject({
      providerDiscountId: 'promo_1',
      off: { basisPoints: 1250 },
      duration: { months: 3 },
    });
    expect(sent.slice(1).map(({ key }) => key)).toEqual(['k:coupon', 'k:code']);
    expect(sent[1]?.params).toMatchObject({ percent_off: '12.5', 'applies_to[products][0]': 'prod_1' });
    expect(sent[2]?.params).toMatchObject({ 'promotion[coupon]': 'co_1', code: 'SPRING' });
  });

  it('finds its own again, and refuses a code that means something else', async () => {
    const { client, calls } = await scripted({ 'GET /promotion_codes': list(code) });
    expect(await client.discounts.ensure(input)).toMatchObject({ providerDiscountId: 'promo_1' });
    await expect(client.discounts.ensure({ ...input, duration: 'once' })).rejects.toMatchObject({
      code: 'discount_code_taken',
      kind: 'conflict',
    });
    expect(calls()).toEqual(['GET /promotion_codes', 'GET /promotion_codes']);
  });
});

describe('Stripe portal', () => {
  it('makes its configuration once, and finds it', async () => {
    const { client, calls, sent } = await scripted({
      'GET /billing_portal/configurations': list({ id: 'bpc_other', metadata: {} }),
      'POST /billing_portal/configurations': { id: 'bpc_1', metadata: { configuration: 'plinto-1' } },
      'POST /billing_portal/sessions': { url: 'https://billing.stripe.com/p/1' },
    });
    const input = { providerCustomerId: 'cus_1', providerSubscriptionId: null, returnUrl: null, idempotencyKey: 'k' };
    expect(await client.portal.create(input)).toEqual({ url: 'https://billing.stripe.com/p/1', expiresAt: null });
    await client.portal.create({ ...input, idempotencyKey: 'k2' });
    expect(calls().filter((call) => call === 'POST /billing_portal/configurations')).toHaveLength(1);
    expect(sent.at(-1)?.params).toMatchObject({ configuration: 'bpc_1', customer: 'cus_1' });
  });
});

describe('Stripe catalogue', () => {
  const product = { id: 'prod_1', name: 'Team', description: null, active: true };
  const price = (more: object) => ({
    id: 'price_1',
    active: true,
    currency: 'jpy',
    unit_amount: 900,
    product,
    ...more,
  });

  it('leaves out what our words cannot say', async () => {
    const { client } = await scripted({
      'GET /prices': list(
        price({ recurring: { interval: 'year', interval_count: 1 }, lookup_key: 'ours_1' }),
        price({ recurring: { interval: 'month', interval_count: 3 } }),
        price({ unit_amount: null }),
        price({ recurring: null }),
      ),
    });
    const { items } = await client.catalog.list({ cursor: null, limit: 10 });
    expect(items).toMatchObject([
      { priceId: 'ours_1', billingInterval: 'yearly', unitAmount: { amountMinor: 900, currency: 'JPY' } },
      { priceId: null, billingInterval: null },
    ]);
  });

  it('takes one price off sale, not the product', async () => {
    const { client, sent } = await scripted({
      'POST /products/prod_1': product,
      'POST /prices/price_1': price({ active: false }),
      'GET /prices/price_1': price({ active: false }),
    });
    const ids = { providerProductId: 'prod_1', providerPriceId: 'price_1' };
    const input = { name: 'Team', description: null, isActive: false, idempotencyKey: 'k' };
    expect(await client.catalog.update?.(ids, input)).toMatchObject({ isActive: false });
    expect(sent[0]?.params).toEqual({ name: 'Team', description: '' });
    expect(sent[1]?.params).toEqual({ active: 'false' });
  });
});

describe('Stripe customer data', () => {
  it('gives what Stripe has, by section', async () => {
    const { client } = await scripted({
      'GET /customers/cus_1': { id: 'cus_1', email: 'person@example.com', shipping: null },
      'GET /customers/cus_1/payment_methods': list({ id: 'pm_1', type: 'card' }),
      'GET /customers/cus_1/tax_ids': list(),
      'GET /subscriptions': list(),
      'GET /checkout/sessions': list(),
      'GET /payment_intents': list(),
      'GET /setup_intents': list(),
      'GET /charges': list({ id: 'ch_1', amount: 5 }),
      'GET /invoices': list(),
      'GET /credit_notes': list(),
    });
    const ref = { providerCustomerId: 'cus_1', organizationId: 'org_1' };
    expect(await client.customerData.export(ref)).toMatchObject({
      customer: [{ id: 'cus_1', email: 'person@example.com', shipping: null }],
      payment_methods: [{ id: 'pm_1', type: 'card' }],
      charges: [{ id: 'ch_1', amount: 5 }],
      invoices: [],
    });
  });

  it('erases, again without harm, and knows a stranger', async () => {
    const input = { providerCustomerId: 'cus_1', organizationId: 'org_1', idempotencyKey: 'k' };
    const { client, calls } = await scripted({
      'GET /customers/cus_1': { each: [{ id: 'cus_1' }, { id: 'cus_1', deleted: true }] },
      'DELETE /customers/cus_1': { id: 'cus_1', deleted: true },
    });
    expect(await client.customerData.erase(input)).toMatchObject({ outcome: 'erased' });
    expect(await client.customerData.erase(input)).toMatchObject({ outcome: 'erased' });
    expect(calls().filter((call) => call.startsWith('DELETE'))).toHaveLength(1);
    expect(await client.customerData.erase({ ...input, providerCustomerId: 'cus_2' })).toMatchObject({
      outcome: 'not_found',
      retained: [],
    });
    expect(await client.customerData.export(input)).toBeNull();
  });
});

describe('Stripe webhook endpoints', () => {
  it('pins the version and keeps the secret that is told once', async () => {
    const made = { id: 'we_1', url: 'https://billing.example/webhooks/stripe', status: 'enabled' };
    const { client, sent } = await scripted({ 'POST /webhook_endpoints': { ...made, secret: 'whsec_madeup' } });
    expect(await client.webhookEndpoints.create({ url: made.url, idempotencyKey: 'k' })).toEqual({
      endpoint: { providerEndpointId: 'we_1', url: made.url, isActive: true },
      credentials: { STRIPE_WEBHOOK_SECRET: 'whsec_madeup' },
    });
    expect(sent[0]?.params).toMatchObject({ api_version: '2026-10-28.endive' });
    expect(Object.values(sent[0]?.params ?? {})).toContain('charge.dispute.created');
    await expect(client.webhookEndpoints.remove('we_2')).resolves.toBeUndefined();
  });
});
