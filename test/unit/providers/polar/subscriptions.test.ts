import { describe, expect, it } from 'vitest';
import { createPolarSubscriptions } from '../../../../src/providers/polar/subscriptions.ts';
import subscriptionFixture from '../../../fixtures/polar/subscription-active.json' with { type: 'json' };
import { fakePolar, missing, ok, page, refusal, type FakeReply } from './fake-polar.ts';

const id = subscriptionFixture.id;
const path = `/v1/subscriptions/${id}`;
const ref = { providerSubscriptionId: id, providerCustomerId: null, idempotencyKey: 'k' };
const renewing = { ...subscriptionFixture, cancel_at_period_end: false, canceled_at: null, ends_at: null };
const price = (billingInterval: 'monthly' | 'yearly', providerProductId = 'product-2') => ({
  providerProductId,
  providerPriceId: null,
  unitAmount: { amountMinor: 4900, currency: 'USD' },
  billingInterval,
});
const change = { ...ref, price: price('monthly'), quantity: null, prorationAt: null } as const;

/** A Polar with this one subscription, which answers each change with the change applied. */
function withSubscription(state: Record<string, unknown>, patch?: FakeReply) {
  let now = state;
  const fake = fakePolar({
    [`GET ${path}`]: () => ok(now),
    [`PATCH ${path}`]: ({ body }) => {
      if (patch) return patch;
      now = { ...now, ...body };
      return ok(now);
    },
    'GET /v1/orders/': page(),
  });
  return { ...fake, subscriptions: createPolarSubscriptions(fake.api) };
}

describe('canceling a subscription at Polar', () => {
  it('ends it now, with a reason of Polar’s own list', async () => {
    const { subscriptions, sent } = withSubscription(renewing);
    await subscriptions.cancel({ ...ref, when: 'now', reason: 'too_expensive', comment: 'sorry' });
    expect(sent().map(({ body }) => body)).toEqual([
      { revoke: true, customer_cancellation_reason: 'too_expensive', customer_cancellation_comment: 'sorry' },
    ]);
  });

  it('ends it with the period, a foreign reason becoming other', async () => {
    const { subscriptions, sent } = withSubscription(renewing);
    const truth = await subscriptions.cancel({ ...ref, when: 'period_end', reason: 'moved away', comment: null });
    expect(sent().map(({ body }) => body)).toEqual([
      { cancel_at_period_end: true, customer_cancellation_reason: 'other' },
    ]);
    expect(truth.cancelAtPeriodEnd).toBe(true);
  });

  it.each([
    ['has ended', { status: 'canceled', ended_at: '2026-10-09T00:00:00Z' }, 'now'],
    ['ends with the period already', { cancel_at_period_end: true }, 'period_end'],
  ] as const)('asks nothing of one that %s', async (_, state, when) => {
    const { subscriptions, sent } = withSubscription({ ...renewing, ...state });
    await subscriptions.cancel({ ...ref, when, reason: null, comment: null });
    expect(sent()).toEqual([]);
  });

  it('is content when somebody was faster', async () => {
    const { subscriptions } = withSubscription(renewing, refusal(403, 'AlreadyCanceledSubscription'));
    await expect(subscriptions.cancel({ ...ref, when: 'now', reason: null, comment: null })).resolves.toMatchObject({
      providerSubscriptionId: id,
    });
  });

  it('waits for a lock instead of giving up', async () => {
    const { subscriptions } = withSubscription(renewing, refusal(409, 'SubscriptionLocked'));
    await expect(subscriptions.cancel({ ...ref, when: 'now', reason: null, comment: null })).rejects.toMatchObject({
      code: 'provider_object_locked',
      kind: 'unavailable',
    });
  });

  it('knows nothing of a subscription that is not there', async () => {
    const { api } = fakePolar({ [`GET ${path}`]: missing, 'GET /v1/orders/': page() });
    const subscriptions = createPolarSubscriptions(api);
    await expect(subscriptions.get(ref)).resolves.toBeNull();
    await expect(subscriptions.cancel({ ...ref, when: 'now', reason: null, comment: null })).rejects.toMatchObject({
      code: 'provider_object_missing',
      kind: 'not_found',
    });
  });

  it('takes it back, once', async () => {
    const { subscriptions, sent } = withSubscription({ ...renewing, cancel_at_period_end: true });
    await subscriptions.undoCancel?.(ref);
    await subscriptions.undoCancel?.(ref);
    expect(sent().map(({ body }) => body)).toEqual([{ cancel_at_period_end: false }]);
  });
});

describe('pausing and resuming at Polar', () => {
  const resumesAt = '2026-12-24T00:00:00.000Z';

  it('begins at the period’s end and names its end', async () => {
    const { subscriptions, sent } = withSubscription(renewing);
    await subscriptions.pause?.({ ...ref, when: 'period_end', resumesAt });
    await subscriptions.pause?.({ ...ref, when: 'period_end', resumesAt });
    expect(sent().map(({ body }) => body)).toEqual([{ pause_at_period_end: true, resumes_at: resumesAt }]);
  });

  it('cannot begin at once', async () => {
    const { subscriptions, sent } = withSubscription(renewing);
    await expect(subscriptions.pause?.({ ...ref, when: 'now', resumesAt: null })).rejects.toMatchObject({
      code: 'not_supported_by_provider',
    });
    expect(sent()).toEqual([]);
  });

  it.each([
    ['ends a pause', { status: 'paused' }, [{ resume: true }]],
    ['takes back one to come', { pause_at_period_end: true }, [{ pause_at_period_end: false }]],
    ['asks nothing of one that runs', {}, []],
  ])('%s', async (_, state, bodies) => {
    const { subscriptions, sent } = withSubscription({ ...renewing, ...state });
    await expect(subscriptions.resume?.(ref)).resolves.toMatchObject({ outcome: 'succeeded' });
    expect(sent().map(({ body }) => body)).toEqual(bodies);
  });
});

describe('resuming a subscription whose card says no', () => {
  it('is a decline, though the pause is over', async () => {
    const order = {
      id: 'o1',
      created_at: '2026-11-02T10:00:00Z',
      status: 'pending',
      paid: false,
      total_amount: 2900,
      currency: 'usd',
      customer_id: 'c',
      subscription_id: id,
    };
    const payment = {
      id: 'p1',
      created_at: '2026-11-02T10:00:01Z',
      status: 'failed',
      amount: 2900,
      currency: 'usd',
      decline_reason: 'insufficient_funds',
      order_id: 'o1',
    };
    const { api } = fakePolar({
      [`GET ${path}`]: ok({ ...renewing, status: 'paused' }),
      [`PATCH ${path}`]: ok({ ...renewing, status: 'past_due' }),
      'GET /v1/orders/': page(order),
      'GET /v1/payments/': page(payment),
    });
    await expect(createPolarSubscriptions(api).resume?.(ref)).resolves.toMatchObject({
      outcome: 'declined',
      declineCode: 'insufficient_funds',
      value: { status: 'past_due' },
    });
  });
});

describe('changing a subscription at Polar', () => {
  it.each([
    ['now', 'immediate', 'invoice'],
    ['now', 'next_invoice', 'prorate'],
    ['period_end', 'none', 'next_period'],
    ['period_end', 'immediate', 'next_period'],
  ] as const)('%s, charged %s, is %s', async (when, proration, behavior) => {
    const { subscriptions, sent } = withSubscription(renewing);
    await expect(subscriptions.change?.({ ...change, when, proration })).resolves.toMatchObject({
      outcome: 'succeeded',
    });
    expect(sent().map(({ body }) => body)).toEqual([{ product_id: 'product-2', proration_behavior: behavior }]);
  });

  it.each([
    ['never charging the difference', { ...change, proration: 'none' }],
    ['another interval with the next invoice', { ...change, price: price('yearly'), proration: 'next_invoice' }],
    ['three of what is sold as one', { ...change, price: null, quantity: 3, proration: 'immediate' }],
  ] as const)('refuses %s', async (_, input) => {
    const { subscriptions, sent } = withSubscription(renewing);
    await expect(subscriptions.change?.({ ...input, when: 'now' })).rejects.toMatchObject({
      code: 'not_supported_by_provider',
    });
    expect(sent()).toEqual([]);
  });

  it('changes seats where there are seats, units where there are units', async () => {
    for (const key of ['seats', 'units']) {
      const { subscriptions, sent } = withSubscription({ ...renewing, [key]: 2 });
      const input = { ...change, price: null, quantity: 5, when: 'now', proration: 'immediate' } as const;
      const result = await subscriptions.change?.(input);
      expect(sent().map(({ body }) => body)).toEqual([{ [key]: 5, proration_behavior: 'invoice' }]);
      expect(result).toMatchObject({ outcome: 'succeeded', value: { quantity: 5 } });
      await subscriptions.change?.(input);
      expect(sent()).toHaveLength(1);
    }
  });

  it('asks nothing when it already is, or is about to be, so', async () => {
    const pending = { product_id: 'product-2', seats: null, applies_at: '2026-11-02T10:00:00Z' };
    const { subscriptions, sent } = withSubscription({ ...renewing, pending_update: pending });
    await subscriptions.change?.({ ...change, when: 'period_end', proration: 'none' });
    const here = withSubscription({ ...renewing, product_id: 'product-2' });
    await here.subscriptions.change?.({ ...change, when: 'now', proration: 'immediate' });
    expect([...sent(), ...here.sent()]).toEqual([]);
  });

  it.each(['now', 'period_end'] as const)('stays what it is by dropping what waits (%s)', async (when) => {
    const pending = { product_id: 'product-2', seats: null, applies_at: '2026-11-02T10:00:00Z' };
    const { subscriptions, sent } = withSubscription({ ...renewing, pending_update: pending });
    const staying = { ...change, price: price('monthly', renewing.product_id), when, proration: 'immediate' } as const;
    await subscriptions.change?.(staying);
    await subscriptions.change?.(staying);
    expect(sent().map(({ body }) => body)).toEqual([{ pending_update: null }]);
  });

  it('takes back what waits for the period’s end', async () => {
    const pending = { product_id: 'product-2', seats: null, applies_at: '2026-11-02T10:00:00Z' };
    const { subscriptions, sent } = withSubscription({ ...renewing, pending_update: pending });
    await subscriptions.cancelChange?.(ref);
    await subscriptions.cancelChange?.(ref);
    expect(sent().map(({ body }) => body)).toEqual([{ pending_update: null }]);
  });

  it('tells a refused charge as a decline, with the subscription as it stayed', async () => {
    const { subscriptions } = withSubscription(renewing, refusal(402, 'PaymentFailed'));
    await expect(subscriptions.change?.({ ...change, when: 'now', proration: 'immediate' })).resolves.toMatchObject({
      outcome: 'declined',
      declineCode: 'generic_decline',
      providerCode: 'PaymentFailed',
      value: { providerSubscriptionId: id, status: 'active' },
    });
  });

  it('does not know when the answer is lost, and does not ask twice', async () => {
    const { subscriptions, sent } = withSubscription(renewing, { status: 'lost' });
    await expect(subscriptions.change?.({ ...change, when: 'now', proration: 'immediate' })).resolves.toMatchObject({
      outcome: 'unknown',
      reason: 'timeout',
    });
    expect(sent()).toHaveLength(1);
  });

  it('moves the end of a trial, once', async () => {
    const { subscriptions, sent } = withSubscription({ ...renewing, status: 'trialing' });
    const trialEnd = '2026-11-20T00:00:00.000Z';
    await subscriptions.setTrialEnd?.({ ...ref, trialEnd });
    await subscriptions.setTrialEnd?.({ ...ref, trialEnd });
    expect(sent().map(({ body }) => body)).toEqual([{ trial_end: trialEnd }]);
  });
});

describe('listing subscriptions at Polar', () => {
  it('leaves out those that only carry a benefit given directly', async () => {
    const { api } = fakePolar({
      'GET /v1/subscriptions/': page(renewing, { ...renewing, id: 'g', metadata: { grants_benefit_id: 'b1' } }),
      'GET /v1/orders/': page(),
    });
    const { items } = await createPolarSubscriptions(api).list({ providerCustomerId: 'c', cursor: null, limit: 10 });
    expect(items.map(({ providerSubscriptionId }) => providerSubscriptionId)).toEqual([id]);
  });

  it('gives each its own orders, and pages to the end', async () => {
    const order = { created_at: '2026-10-02T10:00:00Z', status: 'paid', paid: true, total_amount: 0, currency: 'usd' };
    const { api } = fakePolar({
      'GET /v1/subscriptions/': ({ query }) =>
        ok({ items: [{ ...renewing, id: `sub-${String(query.page)}` }], pagination: { total_count: 2, max_page: 2 } }),
      'GET /v1/orders/': page(
        { ...order, id: 'o1', customer_id: 'c', subscription_id: 'sub-1' },
        { ...order, id: 'o2', customer_id: 'c', subscription_id: 'sub-2' },
      ),
    });
    const subscriptions = createPolarSubscriptions(api);
    const first = await subscriptions.list({ providerCustomerId: 'c', cursor: null, limit: 1 });
    const second = await subscriptions.list({ providerCustomerId: 'c', cursor: first.nextCursor, limit: 1 });
    const told = [first, second].flatMap(({ items }) =>
      items.map((item) => [item.providerSubscriptionId, item.invoices.map((invoice) => invoice.providerInvoiceId)]),
    );
    expect(told).toEqual([
      ['sub-1', ['o1']],
      ['sub-2', ['o2']],
    ]);
    expect(second.nextCursor).toBeNull();
  });
});
