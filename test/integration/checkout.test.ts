import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { checkoutWorkflowId, subscriptionWorkflowId } from '../../src/workflows/messages.ts';
import { workflowBundle } from '../../src/worker/workflow-bundle.ts';
import { aCheckoutBody, startSystem, type CheckoutView, type System } from './support.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

let system: System;
beforeAll(async () => {
  system = await startSystem();
}, 120_000);
afterAll(() => system?.end());
beforeEach(() => system.clearFaults());

const soon = { timeout: 25_000, interval: 100 };
const statusOf = async (id: string) => (await system.checkout(id)).status;
const becomes = (view: CheckoutView, status: string) =>
  expect.poll(() => statusOf(view.checkout_id), soon).toBe(status);
const chargesOf = async (id: string) =>
  (await system.ledger()).filter((entry) => entry.metadata['checkout_id'] === id && entry.status === 'succeeded');

describe.each([
  { country: 'US', provider: 'polar', currency: 'USD', rule: 'merchant-of-record' },
  { country: 'MX', provider: 'conekta', currency: 'MXN', rule: 'mexico-local' },
  { country: 'RU', provider: 'stripe', currency: 'USD', rule: 'russia-and-syria' },
])('a visitor from $country', ({ country, provider, currency, rule }) => {
  it(`buys once at ${provider}, and our payment equals the provider's charge`, async () => {
    const view = await system.open({ country });
    expect(view).toMatchObject({
      provider,
      status: 'open',
      mode: 'payment',
      fallback: null,
      routing: { rule, country },
    });
    expect(view.amount.currency).toBe(currency);
    await system.complete(view, 'paid');
    await becomes(view, 'paid');
    const paid = await system.checkout(view.checkout_id);
    const charges = await chargesOf(view.checkout_id);
    expect(charges).toHaveLength(1);
    expect(paid.payment).toMatchObject({ status: 'succeeded', amount: { amount_minor: charges[0]?.amount_minor } });
    expect(paid.timeline.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['checkout.created', 'checkout.opened', 'checkout.paid']),
    );
  });

  it(`subscribes at ${provider}, and the subscription lives in a workflow of its own`, async () => {
    const view = await system.open({ country, product_id: 'pro', billing_interval: 'monthly' });
    expect(view).toMatchObject({ provider, mode: 'subscription' });
    await system.complete(view, 'paid');
    await becomes(view, 'paid');
    const { subscription_id: id } = await system.checkout(view.checkout_id);
    const { body } = await system.api('GET', `/billing/subscriptions/${id}`);
    expect(body).toMatchObject({ id, status: 'active', plan: 'pro', provider, billing_interval: 'monthly' });
    const handle = system.temporal.workflow.getHandle(subscriptionWorkflowId(id ?? ''));
    await expect.poll(async () => (await handle.describe()).status.name, soon).toBe('RUNNING');
    await expect(
      system.open({
        country,
        product_id: 'pro',
        billing_interval: 'monthly',
        organization_id: (body as { organization_id: string }).organization_id,
      }),
    ).rejects.toThrow('already_subscribed');
  });

  it('keeps a one-time checkout within 18 history events and 6 KB, without personal data', async () => {
    const view = await system.open({ country, email: 'secret.person@example.com', name: 'Secret Person' });
    await system.complete(view, 'paid');
    await becomes(view, 'paid');
    const handle = system.temporal.workflow.getHandle(checkoutWorkflowId(view.checkout_id));
    await handle.result();
    const history = await handle.fetchHistory();
    expect(history.events?.length).toBeLessThanOrEqual(18);
    const { raw } = await handle.describe();
    expect(Number(raw.workflowExecutionInfo?.historySizeBytes)).toBeLessThanOrEqual(6 * 1024);
    const text = JSON.stringify(history, (_, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value,
    );
    expect(text).toContain(view.checkout_id);
    expect(text).not.toMatch(/secret.person|Secret Person|checkout_url|polar_c_/i);
    await Worker.runReplayHistory({ workflowBundle: await workflowBundle(undefined) }, history);
  });
});

describe('cash in Mexico', () => {
  it.each(['oxxo', 'spei'])('shows the %s voucher once chosen, waits, and is paid', async (method) => {
    const view = await system.open({ country: 'MX', payment_methods: [method] });
    expect(view.provider).toBe('conekta');
    await system.complete(view, 'voucher_issued', { method });
    await becomes(view, 'pending');
    const { voucher } = await system.checkout(view.checkout_id);
    expect(voucher?.kind).toBe(method);
    expect(method === 'spei' ? voucher?.clabe : voucher?.reference).toMatch(/^\d{10,18}$/);
    await system.complete(view, 'voucher_paid');
    await becomes(view, 'paid');
    expect(await chargesOf(view.checkout_id)).toHaveLength(1);
  });
});

describe('fallback', () => {
  it.each([
    { kind: 'timeout_before_work', reason: 'timeout' },
    { kind: 'timeout_after_work', reason: 'timeout' },
    { kind: 'status', status: 500, reason: 'api_error' },
    { kind: 'reset', reason: 'api_error' },
    { kind: 'malformed', reason: 'api_error' },
    // Last: it is left alone for that long.
    { kind: 'rate_limited', retry_after_s: 1, reason: 'rate_limited' },
  ])('steps in when the first choice answers with $kind, and says so', async ({ reason, ...fault }) => {
    await system.fault({ provider: 'polar', operation: 'checkouts.create', rate: 1, ...fault });
    const view = await system.open({ country: 'US' });
    expect(view).toMatchObject({
      provider: 'stripe',
      fallback: { attempted_provider: 'polar', fallback_provider: 'stripe', reason },
    });
    await system.complete(view, 'paid');
    await becomes(view, 'paid');
    expect(await chargesOf(view.checkout_id)).toHaveLength(1);
    const rows = await system.db.query('select * from fallbacks where checkout_id = $1', [view.checkout_id]);
    expect(rows.rows).toMatchObject([{ attempted_provider: 'polar', fallback_provider: 'stripe', reason }]);
  });

  it('tells the caller when nobody can serve', async () => {
    for (const provider of ['polar', 'stripe']) {
      await system.fault({ provider, operation: null, kind: 'status', status: 503, rate: 1 });
    }
    const answer = await system.api('POST', '/billing/checkout', aCheckoutBody());
    expect(answer).toMatchObject({ status: 503, body: { code: 'no_provider_available' } });
    expect(answer.headers.get('retry-after')).not.toBeNull();
  });
});

describe('webhooks', () => {
  it('find a payment by looking when they are lost', async () => {
    const view = await system.open({ country: 'US' });
    await system.fault({ provider: 'polar', kind: 'webhook_lost', rate: 1 });
    await system.complete(view, 'paid');
    await becomes(view, 'paid');
  });

  it('change nothing when they come twice, late and out of order', async () => {
    for (const kind of ['webhook_duplicate', 'webhook_reordered']) {
      await system.fault({ provider: 'stripe', kind, rate: 1 });
    }
    const view = await system.open({ country: 'RU', product_id: 'pro', billing_interval: 'yearly' });
    await system.complete(view, 'paid');
    await becomes(view, 'paid');
    await expect.poll(() => system.countEvents('status', 'received'), soon).toBe(0);
    const { rows } = await system.db.query('select * from payments where checkout_id = $1', [view.checkout_id]);
    expect(rows).toHaveLength(1);
  });

  it('are acknowledged and kept while the engine is down, and applied when it is back', async () => {
    const view = await system.open({ country: 'RU' });
    system.kill('temporal');
    await system.complete(view, 'paid');
    await expect.poll(() => system.countEvents('checkout_id', view.checkout_id), soon).toBeGreaterThan(0);
    await becomes(view, 'paid');
  });
});

describe('a checkout', () => {
  it('is made once for twenty equal requests at once', async () => {
    const body = aCheckoutBody();
    const key = { 'idempotency-key': 'twenty' };
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => {
        for (;;) {
          const answer = await system.api('POST', '/billing/checkout', body, key);
          if (answer.status !== 409) return answer;
        }
      }),
    );
    expect(new Set(answers.map(({ body: view }) => (view as CheckoutView).checkout_id)).size).toBe(1);
  });

  it('names a discount code that nobody knows, instead of blaming the providers', async () => {
    const answer = await system.api('POST', '/billing/checkout', aCheckoutBody({ discount_code: 'NOSUCH' }));
    expect(answer).toMatchObject({
      status: 422,
      body: { code: 'discount_code_unknown', errors: [{ pointer: '/discount_code' }] },
    });
  });

  it('ends at the caller’s wish, and honours money that comes after all', async () => {
    const view = await system.open({ country: 'US' });
    const ended = await system.api('POST', `/billing/checkouts/${view.checkout_id}/expire`);
    expect(ended).toMatchObject({ status: 200, body: { status: 'canceled' } });
    await system.complete(view, 'paid');
    await becomes(view, 'paid');
    expect(await chargesOf(view.checkout_id)).toHaveLength(1);
  });

  it('stays open after a decline and takes the second card', async () => {
    const view = await system.open({ country: 'RU' });
    await system.complete(view, 'declined');
    expect(await statusOf(view.checkout_id)).toBe('open');
    await system.complete(view, 'paid');
    await becomes(view, 'paid');
  });

  it('of a free plan is paid at once, without a provider', async () => {
    const view = await system.open({ product_id: 'free', billing_interval: 'monthly' });
    expect(view).toMatchObject({ provider: null, status: 'paid' });
    expect(view.checkout_url).toMatch(/^https:\/\/app\.example\/ok\?c=chk_/);
    const { subscription_id: id } = await system.checkout(view.checkout_id);
    expect((await system.api('GET', `/billing/subscriptions/${id}`)).body).toMatchObject({
      status: 'active',
      provider: null,
    });
  });

  it('is refused for a blocked country before any provider is called', async () => {
    const before = (await system.ledger()).length;
    const answer = await system.api('POST', '/billing/checkout', aCheckoutBody({ country: 'KP' }));
    expect(answer).toMatchObject({ status: 403, body: { code: 'country_blocked' } });
    expect((await system.ledger()).length).toBe(before);
  });
});

describe.each([
  { country: 'US', provider: 'polar' },
  { country: 'MX', provider: 'conekta' },
  { country: 'RU', provider: 'stripe' },
])('a subscription at $provider', ({ country }) => {
  it('follows its renewal: a new period, and every charge on record', async () => {
    const view = await system.open({ country, product_id: 'pro', billing_interval: 'monthly' });
    await system.complete(view, 'paid');
    await becomes(view, 'paid');
    const { subscription_id: id } = await system.checkout(view.checkout_id);
    const read = async () =>
      (await system.api('GET', `/billing/subscriptions/${id}`)).body as { status: string; current_period_end: string };
    const before = await read();
    await system.advance('P32D');
    await expect.poll(async () => (await read()).current_period_end > before.current_period_end, soon).toBe(true);
    expect((await read()).status).toBe('active');
    const { rows } = await system.db.query(
      `select amount_minor from payments where subscription_id = $1 and status = 'succeeded'`,
      [id],
    );
    expect(rows).toHaveLength(2);
  });
});

describe('the whole run', () => {
  it('leaves every payment equal to the ledger, to the minor unit', async () => {
    const ours = async () => {
      const { rows } = await system.db.query<{ provider: string; currency: string; amount: string }>(
        `select provider, currency, amount_minor as amount from payments where status = 'succeeded'`,
      );
      return rows.map((row) => `${row.provider} ${row.currency} ${row.amount}`).toSorted();
    };
    const theirs = (await system.ledger())
      .filter(({ kind, status }) => kind === 'charge' && status === 'succeeded')
      .map((entry) => `${entry.provider} ${entry.currency.toUpperCase()} ${entry.amount_minor}`)
      .toSorted();
    expect(theirs.length).toBeGreaterThan(20);
    // Subscriptions of the tests above have renewed too when the providers' clocks were moved.
    await expect.poll(ours, soon).toEqual(theirs);
  });
});
