import { afterEach, describe, expect, it } from 'vitest';
import { createConektaChanges } from '../../../../src/providers/conekta/changes.ts';
import { createConektaApi } from '../../../../src/providers/conekta/client.ts';
import { pickNoted } from '../../../../src/providers/conekta/create-subscription.ts';
import { createConektaSubscriptions } from '../../../../src/providers/conekta/subscriptions.ts';
import { createConektaWebhookEndpoints } from '../../../../src/providers/conekta/webhook-endpoints.ts';
import { startStubServer, type StubAnswer, type StubRequest, type StubServer } from '../stub-server.ts';

let server: StubServer;
afterEach(() => server.close());

async function apiThat(answer: (request: StubRequest) => StubAnswer) {
  server = await startStubServer(answer);
  return createConektaApi({ apiKey: 'key_x', baseUrl: server.url, http: { timeoutMs: 1000 } });
}

const plan = { id: 'plinto-price_1', name: 'Pro', amount: 49_900, currency: 'MXN', interval: 'month', frequency: 1 };
const active = {
  id: 'sub_1',
  status: 'active',
  plan_id: plan.id,
  customer_id: 'cus_1',
  created_at: 1_700_000_000,
  billing_cycle_start: 1_700_000_000,
  billing_cycle_end: 1_702_592_000,
};
const ref = { providerSubscriptionId: 'sub_1', providerCustomerId: 'cus_1', idempotencyKey: 'k' };
const sent = (method: string) => server.requests.filter((request) => request.method === method);

/** One customer with what is written about her, and the subscriptions there are. */
function world(start: { metadata?: Record<string, unknown>; subscriptions?: (typeof active)[]; onStart?: StubAnswer }) {
  const state = { metadata: start.metadata ?? {}, subscriptions: [...(start.subscriptions ?? [])] };
  return ({ method, path, body }: StubRequest): StubAnswer => {
    if (path.startsWith('/plans/')) return { body: plan };
    if (path.includes('/subscriptions') && method === 'GET') {
      const one = /subscriptions\/([^/?]+)/.exec(path)?.[1];
      const found = state.subscriptions.find(({ id }) => id === one);
      if (one !== undefined) return found ? { body: found } : { status: 404, body: {} };
      return { body: { data: state.subscriptions, has_more: false } };
    }
    if (path.endsWith('/subscriptions')) {
      const made = { ...active, id: `sub_${state.subscriptions.length + 1}` };
      state.subscriptions.push(made);
      return start.onStart ?? { body: made };
    }
    if (/\/(cancel|pause|resume|retry)$/.test(path)) return { body: { ...active, status: 'canceled' } };
    if (method === 'PUT') Object.assign(state, body);
    return { body: { id: 'cus_1', metadata: state.metadata } };
  };
}

const input = {
  subscriptionId: 'ours_1',
  customer: { organizationId: 'o', providerCustomerId: 'cus_1', email: null, name: null, phone: null, address: null },
  line: {
    name: 'Pro',
    description: null,
    unitAmount: { amountMinor: 49_900, currency: 'MXN' },
    quantity: 1,
    billingInterval: 'monthly',
    digital: true,
    providerPrice: { providerProductId: plan.id, providerPriceId: plan.id },
  },
  providerPaymentMethodId: 'src_1',
  trialEnd: '2027-01-01T00:00:00.000Z',
  metadata: {},
  idempotencyKey: 'k',
} as const;

describe('a subscription started at Conekta', () => {
  it('is noted before and after, and a repeat starts nothing', async () => {
    const subscriptions = createConektaSubscriptions(await apiThat(world({ metadata: { organization_id: 'o' } })));
    expect(await subscriptions.create(input)).toMatchObject({
      outcome: 'succeeded',
      value: { status: 'active', amount: { amountMinor: 49_900, currency: 'MXN' } },
    });
    expect(sent('POST')[0]?.body).toEqual({ plan_id: plan.id, card_id: 'src_1', trial_end: 1_798_761_600 });
    expect(sent('PUT').map(({ body }) => body)).toEqual([
      { metadata: { organization_id: 'o', subscription_ours_1: `??${plan.id}` } },
      { metadata: { organization_id: 'o', subscription_ours_1: 'sub_1' } },
    ]);
    expect(await subscriptions.create(input)).toMatchObject({ value: { providerSubscriptionId: 'sub_1' } });
    expect(sent('POST')).toHaveLength(1);
  });

  it('is found after a lost answer', async () => {
    const subscriptions = createConektaSubscriptions(await apiThat(world({ onStart: 'cut' })));
    expect(await subscriptions.create(input)).toMatchObject({ outcome: 'unknown' });
    const query = { subscriptionId: 'ours_1', providerCustomerId: 'cus_1' };
    expect(await subscriptions.find(query)).toMatchObject({ providerSubscriptionId: 'sub_1' });
    expect(await subscriptions.find({ ...query, subscriptionId: 'ours_2' })).toBeNull();
  });

  it('is declined, and told, where its first charge failed under 200', async () => {
    const onStart = { body: { ...active, status: 'past_due' } };
    const subscriptions = createConektaSubscriptions(await apiThat(world({ onStart })));
    expect(await subscriptions.create(input)).toMatchObject({ outcome: 'declined', value: { status: 'past_due' } });
  });
});

describe('a refused start', () => {
  it('leaves no intent that could claim what comes later', async () => {
    const onStart = { status: 428, body: { type: 'precondition_required_error', details: [{ code: 'x' }] } };
    const subscriptions = createConektaSubscriptions(await apiThat(world({ onStart })));
    await expect(subscriptions.create(input)).rejects.toMatchObject({ code: 'provider_rejected' });
    // The stub's customer now has a subscription of that plan, from somewhere else.
    const query = { subscriptionId: 'ours_1', providerCustomerId: 'cus_1' };
    expect(await subscriptions.find(query)).toBeNull();
  });
});

describe('an intent', () => {
  const older = { ...active, id: 'sub_0', created_at: 1 };
  it.each([
    ['nothing since', '?sub_0?plan', [older], [], null],
    [
      'what came after',
      '?sub_0?plan',
      [
        { ...active, plan_id: 'plan' },
        { ...older, plan_id: 'plan' },
      ],
      [],
      'sub_1',
    ],
    ['what another one claims', '??plan', [{ ...active, plan_id: 'plan' }], ['sub_1'], null],
    ['another plan', '??plan', [active], [], null],
    ['its own subscription', 'sub_1', [active], ['sub_1'], 'sub_1'],
  ])('of %s (%s)', (_what, noted, subscriptions, others, expected) => {
    expect(pickNoted(noted, others, subscriptions)?.id ?? null).toBe(expected);
  });
});

describe('what Conekta does to a subscription', () => {
  it('ends it at once, once', async () => {
    const subscriptions = createConektaSubscriptions(await apiThat(world({ subscriptions: [active] })));
    expect(await subscriptions.cancel({ ...ref, when: 'now', reason: null, comment: null })).toMatchObject({
      status: 'canceled',
    });
    await server.close();
    const ended = createConektaSubscriptions(
      await apiThat(world({ subscriptions: [{ ...active, status: 'canceled' }] })),
    );
    await ended.cancel({ ...ref, when: 'now', reason: null, comment: null });
    expect(sent('POST')).toHaveLength(0);
  });

  it('refuses what it cannot do without asking', async () => {
    const subscriptions = createConektaSubscriptions(await apiThat(world({})));
    const change = { ...ref, price: null, quantity: null, when: 'now', proration: 'none', prorationAt: null } as const;
    const refused = [
      subscriptions.cancel({ ...ref, when: 'period_end', reason: null, comment: null }),
      subscriptions.pause({ ...ref, when: 'period_end', resumesAt: null }),
      subscriptions.pause({ ...ref, when: 'now', resumesAt: '2027-01-01T00:00:00.000Z' }),
      subscriptions.change({ ...change, quantity: 2 }),
      subscriptions.change({ ...change, when: 'period_end' }),
      subscriptions.change({ ...change, proration: 'immediate' }),
    ];
    for (const call of refused) await expect(call).rejects.toMatchObject({ code: 'not_supported_by_provider' });
    expect(server.requests).toHaveLength(0);
  });

  it('neither resumes nor collects what needs neither', async () => {
    const subscriptions = createConektaSubscriptions(await apiThat(world({ subscriptions: [active] })));
    expect(await subscriptions.resume(ref)).toMatchObject({ outcome: 'succeeded', value: { status: 'active' } });
    expect(await subscriptions.retryPayment(ref)).toMatchObject({ outcome: 'succeeded' });
    expect(sent('POST')).toHaveLength(0);
  });
});

describe('changes at Conekta', () => {
  const event = (id: string, seconds: number, type = 'order.paid') => ({
    id,
    type,
    created_at: seconds,
    data: { object: { id: `o_${id}`, metadata: { checkout_id: 'chk' } } },
  });
  const query = { since: '2026-01-01T00:00:00.000Z', until: '2026-01-02T00:00:00.000Z', limit: 3 };
  const at = (iso: string): number => Date.parse(iso) / 1000;

  it('reads on until a page ends before the time asked for', async () => {
    const pages = [
      { data: [event('a', at('2026-01-02T00:00:00Z')), event('b', at('2026-01-01T10:00:00Z'))], has_more: true },
      { data: [event('c', at('2026-01-01T00:00:00Z')), event('d', at('2025-12-31T23:00:00Z'))], has_more: true },
    ];
    const changes = createConektaChanges(await apiThat(() => ({ body: pages.shift() })));
    const first = await changes.list({ ...query, cursor: null });
    expect(first.items).toEqual([
      expect.objectContaining({
        objectKind: 'order',
        objectId: 'o_b',
        checkoutId: 'chk',
        changedAt: '2026-01-01T10:00:00.000Z',
      }),
    ]);
    expect(first.nextCursor).toBe('b');
    const second = await changes.list({ ...query, cursor: 'b' });
    expect(second.items.map(({ objectId }) => objectId)).toEqual(['o_c']);
    expect(second.nextCursor).toBeNull();
  });

  it('does not stop at a page that is out of order, and tells only what bears money or state', async () => {
    const data = [event('x', at('2025-12-01T00:00:00Z')), event('y', at('2026-01-01T01:00:00Z'), 'charge.created')];
    const changes = createConektaChanges(await apiThat(() => ({ body: { data, has_more: true } })));
    expect(await changes.list({ ...query, cursor: null })).toEqual({ items: [], nextCursor: 'y' });
  });
});

describe('a webhook endpoint at Conekta', () => {
  it('comes after its key, which is told once', async () => {
    const endpoints = createConektaWebhookEndpoints(
      await apiThat(({ path, method }) => {
        if (path === '/webhook_keys') return { body: { id: 'key', public_key: 'PEM' } };
        if (method === 'GET') return { body: { data: [], has_more: false } };
        return { body: { id: 'wh_1', url: 'https://api.example/webhooks/x', active: true } };
      }),
    );
    const made = await endpoints.create({ url: 'https://api.example/webhooks/x', idempotencyKey: 'k' });
    expect(made).toEqual({
      endpoint: { providerEndpointId: 'wh_1', url: 'https://api.example/webhooks/x', isActive: true },
      credentials: { CONEKTA_WEBHOOK_PUBLIC_KEY: 'PEM' },
    });
    expect(sent('POST').map(({ path }) => path)).toEqual(['/webhook_keys', '/webhooks']);
    expect(sent('POST')[1]?.body).toMatchObject({
      subscribed_events: expect.arrayContaining(['order.paid', 'subscription.paid']),
    });
  });
});
