import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../../src/db/new-id.ts';
import type { ChangePreview, SubscriptionOperations } from '../../../src/providers/port-subscriptions.ts';
import { BillingError } from '../../../src/domain/errors.ts';
import { fakeProviders } from './fake-providers.ts';
import { startApi, type TestApi } from './support.ts';

let api: TestApi;
/** What `world` answers when it is asked what a change costs. */
let previewed: (input: Parameters<NonNullable<SubscriptionOperations['preview']>>[0]) => Promise<ChangePreview>;
const never = () => Promise.reject(new Error('the API called a provider'));

beforeAll(async () => {
  const subscriptions: SubscriptionOperations = {
    ...{ get: never, list: never, cancel: never },
    preview: (input) => previewed(input),
  };
  api = await startApi({ providers: fakeProviders(undefined, { subscriptions }) });
  for (const provider of ['world', 'local'])
    await api.query(
      `insert into provider_prices (price_id, provider, provider_product_id, provider_price_id, project_id, live)
       select id, ?, plan_id, id, project_id, false from prices where billing_interval is not null and amount_minor > 0
       returning price_id`,
      [provider],
    );
});
afterAll(() => api.close());
beforeEach(() => {
  api.temporal.work = async (what) => void (await settle(what, 'applied'));
  previewed = never;
});

const settle = (what: string, status: string, more = '') =>
  api.query(
    `update subscription_changes set status = '${status}', version = version + 1 ${more} where id = ? returning id`,
    [what.split('/')[1] ?? ''],
  );
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();

interface Sub {
  readonly id: string;
  readonly organization: string;
  readonly path: string;
}

/** An active monthly subscription to `pro`, in the middle of its period. */
async function aSubscription(columns: Record<string, unknown> = {}): Promise<Sub> {
  const id = newId('sub');
  const organization = `org_${randomUUID()}`;
  await api.query(`insert into organizations (project_id, live, id) values ('default', false, ?) returning id`, [
    organization,
  ]);
  const [price] = await api.query(
    `select id from prices where plan_id = ? and billing_interval = 'monthly' and currency = ?`,
    [api.plans.pro, columns['currency'] ?? 'USD'],
  );
  const row = {
    ...{ id, project_id: 'default', live: false, organization_id: organization, plan_id: api.plans.pro },
    ...{ price_id: price?.['id'], status: 'active', billing_interval: 'monthly', quantity: 1, provider: 'world' },
    ...{ provider_subscription_id: `ps_${id}`, amount_minor: 2_900, currency: 'USD', metadata: '{}' },
    ...{ current_period_start: inDays(-15), current_period_end: inDays(15) },
    ...columns,
  };
  const names = Object.keys(row);
  await api.query(
    `insert into subscriptions (${names.join(', ')}) values (${names.map(() => '?').join(', ')}) returning id`,
    Object.values(row),
  );
  return { id, organization, path: `/billing/subscriptions/${id}` };
}

const changesOf = (id: string) =>
  api.query(`select * from subscription_changes where subscription_id = ? order by id`, [id]);

describe('changing a subscription', () => {
  it('writes down what is asked and has its workflow do it', async () => {
    const { id, path } = await aSubscription();
    const answer = await api.call('PATCH', path, { body: { billing_interval: 'yearly', quantity: 2 } });
    expect(answer).toMatchObject({ status: 200, body: { id, pending_change: null } });
    const [change, ...more] = await changesOf(id);
    expect(more).toEqual([]);
    expect(change).toMatchObject({
      ...{ kind: 'change', timing: 'now', proration: 'immediate', plan_id: null, billing_interval: 'yearly' },
      ...{ quantity: 2, actor: expect.stringContaining('key_') },
    });
    expect(api.temporal.operated.at(-1)).toBe(change?.['id']);
  });

  it('waits for the period’s end where less is bought, and shows what waits', async () => {
    const { path } = await aSubscription({ quantity: 3 });
    api.temporal.work = async (what) => void (await settle(what, 'scheduled', ', effective_at = now()'));
    const { status, body } = await api.call('PATCH', path, { body: { quantity: 1 } });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      pending_change: { status: 'scheduled', quantity: 1, when: 'period_end', plan: null },
    });
    const second = await api.call('PATCH', path, { body: { quantity: 2 } });
    expect(second).toMatchObject({
      status: 409,
      body: { code: 'change_pending', pending_change: { quantity: 1, status: 'scheduled' } },
    });
  });

  it('lets one of two through that come at once', async () => {
    const { id, path } = await aSubscription();
    api.temporal.work = async () => undefined;
    const both = await Promise.all([2, 3].map((quantity) => api.call('PATCH', path, { body: { quantity } })));
    expect(new Set(both.map(({ status }) => status))).toEqual(new Set([202, 409]));
    expect(await changesOf(id)).toHaveLength(1);
  });

  it('is done once for one Idempotency-Key, and answered with how it stands until it is known', async () => {
    const { id, path } = await aSubscription();
    const headers = { 'idempotency-key': randomUUID() };
    api.temporal.work = async () => undefined;
    const first = await api.call('PATCH', path, { body: { quantity: 2 }, headers });
    expect(first).toMatchObject({ status: 202, body: { pending_change: { status: 'requested' } } });
    expect(first.headers.get('retry-after')).toBe('2');
    api.temporal.work = async (what) => void (await settle(what, 'applied'));
    const again = await api.call('PATCH', path, { body: { quantity: 2 }, headers });
    expect(again).toMatchObject({ status: 200, body: { pending_change: null } });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await changesOf(id)).toHaveLength(1);
  });

  it.each([
    [
      'payment_declined',
      `'{"message": "Declined.", "decline_code": "expired_card"}'`,
      { decline_code: 'expired_card' },
    ],
    ['not_supported_by_provider', `'{"message": "No.", "possible": ["when=now"]}'`, { possible: ['when=now'] }],
    ['provider_rejected', `'{"message": "No.", "provider_code": "secret_thing"}'`, {}],
  ])('tells what it failed with: %s', async (code, detail, shown) => {
    const { path } = await aSubscription();
    api.temporal.work = async (what) =>
      void (await settle(what, 'failed', `, failure_code = '${code}', failure_detail = ${detail}`));
    const answer = await api.call('PATCH', path, { body: { quantity: 2 } });
    expect(answer).toMatchObject({ status: 422, body: { code, ...shown } });
    expect(JSON.stringify(answer.body)).not.toContain('secret_thing');
  });

  it.each([
    ['what it is already', {}, { plan_id: 'pro', quantity: 1 }, 422, 'nothing_to_change', undefined],
    ['nothing', {}, {}, 422, 'nothing_to_change', undefined],
    ['an unknown plan', {}, { plan_id: 'nope' }, 422, 'product_not_found', '/plan_id'],
    ['a product', {}, { plan_id: 'starter-kit' }, 422, 'product_not_found', '/plan_id'],
    ['what is sold by contact', {}, { plan_id: 'scale' }, 422, 'contact_sales', '/plan_id'],
    ['no such price', { currency: 'MXN' }, { billing_interval: 'yearly' }, 422, 'price_not_found', '/billing_interval'],
    ['an ended one', { status: 'canceled' }, { quantity: 2 }, 409, 'subscription_ended', undefined],
    ['one that ends', { cancel_at_period_end: true }, { quantity: 2 }, 409, 'subscription_ending', undefined],
    ['seats of what has none', { provider: 'local' }, { quantity: 2 }, 422, 'not_supported_by_provider', '/quantity'],
    ['an unknown field', {}, { seats: 2 }, 422, 'validation_failed', '/seats'],
    [
      'a pinned instant without preview',
      { provider: 'merchant' },
      { quantity: 2, proration_at: inDays(-1) },
      422,
      'not_supported_by_provider',
      '/proration_at',
    ],
    [
      'a pinned instant of long ago',
      {},
      { quantity: 2, proration_at: inDays(-40) },
      422,
      'validation_failed',
      '/proration_at',
    ],
  ] as const)('refuses %s, and writes nothing', async (_what, columns, body, status, code, pointer) => {
    const { id, path } = await aSubscription(columns);
    const answer = await api.call('PATCH', path, { body });
    expect(answer).toMatchObject({ status, body: { code } });
    expect(answer.body.errors[0]?.pointer).toBe(pointer);
    expect(await changesOf(id)).toEqual([]);
  });

  it('tells what would be possible instead', async () => {
    const { path } = await aSubscription({ provider: 'local' });
    const body = { billing_interval: 'yearly', proration: 'immediate' };
    expect(await api.call('PATCH', path, { body })).toMatchObject({
      status: 422,
      body: { code: 'not_supported_by_provider', possible: ['proration=none', 'when=period_end'] },
    });
  });

  it('sends who has a free plan to a checkout', async () => {
    const [price] = await api.query(`select id from prices where plan_id = ?`, [api.plans.free]);
    const { path } = await aSubscription({
      ...{ plan_id: api.plans.free, price_id: price?.['id'], provider: null, collection: 'none', amount_minor: 0 },
      ...{ provider_subscription_id: null, current_period_end: null },
    });
    expect(await api.call('PATCH', path, { body: { plan_id: 'pro' } })).toMatchObject({
      status: 422,
      body: { code: 'checkout_required' },
    });
  });
});

describe('whose subscription it is', () => {
  it('may be told by the organization’s id, a paused one too', async () => {
    const { id, organization } = await aSubscription({ status: 'paused' });
    const resumed = await api.call('POST', `/billing/subscriptions/${organization}/resume`, { body: {} });
    expect(resumed).toMatchObject({ status: 200, body: { id } });
    expect(await changesOf(id)).toMatchObject([{ kind: 'resume' }]);
  });

  it('is nobody else’s business', async () => {
    const { id, path, organization } = await aSubscription();
    const session = async (organization_id: string, permissions: readonly string[]) => {
      const opened = await api.call('POST', '/billing/sessions', { body: { organization_id, permissions } });
      return { key: api.keys.publishable, headers: { 'plinto-session': opened.body.session_token } };
    };
    const stranger = await session('org_stranger', ['manage']);
    const reader = await session(organization, ['read']);
    const owner = await session(organization, ['manage']);
    const cancel = (options: object) => api.call('POST', `${path}/cancel`, { body: {}, ...options });
    expect(await cancel(stranger)).toMatchObject({ status: 404, body: { code: 'subscription_not_found' } });
    expect(await cancel(reader)).toMatchObject({ status: 403, body: { code: 'insufficient_scope' } });
    expect(await cancel({ key: api.keys.other })).toMatchObject({ status: 404 });
    expect(await cancel({ key: api.keys.live })).toMatchObject({ status: 404 });
    expect(await cancel({ key: api.keys.reader })).toMatchObject({ status: 403 });
    expect(await changesOf(id)).toEqual([]);
    expect(await cancel(owner)).toMatchObject({ status: 200 });
  });
});

describe('ending a subscription', () => {
  it.each([
    ['DELETE', '', {}, 'period_end'],
    ['POST', '/cancel', { reason: 'too_expensive', comment: 'see you' }, 'period_end'],
    ['POST', '/cancel?cancel_immediately=true', {}, 'now'],
  ])('%s%s', async (method, suffix, body, timing) => {
    const { id, path } = await aSubscription();
    expect(await api.call(method, `${path}${suffix}`, { body })).toMatchObject({ status: 200, body: { id } });
    const asked = { reason: null, comment: null, ...body };
    expect(await changesOf(id)).toMatchObject([{ kind: 'cancel', timing, ...asked }]);
  });

  it('is harmless to ask for again, and undone by resume', async () => {
    const { id, path } = await aSubscription({ cancel_at_period_end: true, cancel_at: inDays(15) });
    expect(await api.call('DELETE', path)).toMatchObject({ status: 200, body: { cancel_at_period_end: true } });
    expect(await changesOf(id)).toEqual([]);
    expect(await api.call('POST', `${path}/resume`)).toMatchObject({ status: 200 });
    expect(await changesOf(id)).toMatchObject([{ kind: 'undo_cancel' }]);
  });

  it('that no provider takes back is refused', async () => {
    const { path } = await aSubscription({ provider: 'merchant', cancel_at_period_end: true });
    expect(await api.call('POST', `${path}/resume`)).toMatchObject({
      status: 422,
      body: { code: 'not_supported_by_provider' },
    });
  });

  it('refuses a strange wish by name', async () => {
    const { path } = await aSubscription();
    const strange = await api.call('POST', `${path}/cancel?cancel_immediately=maybe`);
    expect(strange).toMatchObject({ status: 422, body: { errors: [{ pointer: '/cancel_immediately' }] } });
    expect(await api.call('DELETE', `${path}?now=1`)).toMatchObject({ status: 422 });
  });
});

describe('a pause', () => {
  it('is asked for with the day it ends on', async () => {
    const { id, path } = await aSubscription();
    const body = { when: 'period_end', resumes_at: inDays(60) };
    expect(await api.call('POST', `${path}/pause`, { body })).toMatchObject({ status: 200 });
    const [change] = await changesOf(id);
    expect(change).toMatchObject({ kind: 'pause', timing: 'period_end' });
    expect(new Date(String(change?.['resumes_at'])).toISOString()).toBe(body.resumes_at);
  });

  it.each([
    ['that is over before it begins', {}, { resumes_at: inDays(-1) }, 'validation_failed'],
    ['where there is none', { provider: 'merchant' }, {}, 'not_supported_by_provider'],
    ['of what is paused', { status: 'paused' }, {}, 'nothing_to_change'],
  ])('%s is refused', async (_what, columns, body, code) => {
    const { path } = await aSubscription(columns);
    expect(await api.call('POST', `${path}/pause`, { body })).toMatchObject({ status: 422, body: { code } });
  });

  it('that is none does not end', async () => {
    const { path } = await aSubscription();
    expect(await api.call('POST', `${path}/resume`)).toMatchObject({
      status: 422,
      body: { code: 'nothing_to_change' },
    });
  });
});

describe('a change that waits', () => {
  it('is withdrawn', async () => {
    const { id, path } = await aSubscription({ quantity: 3 });
    api.temporal.work = async (what) => void (await settle(what, 'scheduled', `, method = 'provider'`));
    await api.call('PATCH', path, { body: { quantity: 1 } });
    api.temporal.work = async (what) => void (await settle(what, 'applied'));
    expect(await api.call('DELETE', `${path}/pending-change`)).toMatchObject({ status: 200 });
    expect((await changesOf(id)).map(({ kind }) => kind)).toEqual(['change', 'undo_change']);
  });

  it('must be there', async () => {
    const { path } = await aSubscription();
    expect(await api.call('DELETE', `${path}/pending-change`)).toMatchObject({
      status: 422,
      body: { code: 'nothing_to_change' },
    });
  });
});

describe('what a change will cost', () => {
  const preview = (path: string, body: object) => api.call('POST', `${path}/preview`, { body });

  it('is said by a provider that knows, with the instant to repeat', async () => {
    const { path } = await aSubscription();
    const asked: unknown[] = [];
    previewed = async (input) => {
      asked.push(input);
      const dueNow = { amountMinor: 1_451, currency: 'USD' };
      const line = { description: 'Remaining time', quantity: 2, amount: dueNow, periodStart: null, periodEnd: null };
      return { lines: [line], dueNow, nextInvoice: null, prorationAt: input.prorationAt ?? '2026-11-21T00:00:00.000Z' };
    };
    const told = await preview(path, { quantity: 2 });
    expect(told).toMatchObject({
      status: 200,
      body: {
        lines: [{ description: 'Remaining time', amount_minor: 1_451, currency: 'USD', period_start: null }],
        ...{ due_now: { amount_minor: 1_451, currency: 'USD' }, next_invoice: null, estimate: false },
        ...{ when: 'now', proration: 'immediate', method: 'provider', proration_at: '2026-11-21T00:00:00.000Z' },
      },
    });
    const pinned = inDays(-1);
    expect(await preview(path, { quantity: 2, proration_at: pinned })).toMatchObject({
      body: { proration_at: pinned },
    });
    expect(asked).toMatchObject([
      { price: null, quantity: 2, when: 'now', proration: 'immediate', prorationAt: null },
      { prorationAt: pinned },
    ]);
  });

  it('is the instant that the change is made with', async () => {
    const { id, path } = await aSubscription();
    const proration_at = inDays(-1);
    await api.call('PATCH', path, { body: { quantity: 2, proration_at } });
    const [change] = await changesOf(id);
    expect(new Date(String(change?.['proration_at'])).toISOString()).toBe(proration_at);
  });

  it('is estimated where nobody knows, and says so', async () => {
    const { id, path } = await aSubscription({ provider: 'merchant' });
    const { body } = await preview(path, { quantity: 2 });
    expect(body).toMatchObject({
      estimate: true,
      proration_at: null,
      due_now: { currency: 'USD' },
      next_invoice: { amount_minor: 5_800 },
    });
    const { due_now, lines } = body as unknown as {
      due_now: { amount_minor: number };
      lines: { amount_minor: number }[];
    };
    expect(lines.reduce((sum, line) => sum + line.amount_minor, 0)).toBe(due_now.amount_minor);
    expect(Math.abs(due_now.amount_minor - 1_450)).toBeLessThanOrEqual(1);
    expect(await changesOf(id)).toEqual([]);
  });

  it('says what is done instead of what cannot be', async () => {
    const [yearly] = await api.query(`select id from prices where plan_id = ? and billing_interval = 'yearly'`, [
      api.plans.pro,
    ]);
    const columns = { billing_interval: 'yearly', price_id: yearly?.['id'], amount_minor: 29_000 };
    const { path } = await aSubscription({ provider: 'local', ...columns });
    const { body } = await preview(path, { billing_interval: 'monthly' });
    expect(body).toMatchObject({
      ...{ when: 'period_end', method: 'ours', proration: 'none', estimate: true },
      ...{ due_now: { amount_minor: 0 }, next_invoice: { amount_minor: 2_900, currency: 'USD' } },
    });
  });

  it('is not made up while the provider is away', async () => {
    const { path } = await aSubscription();
    previewed = () =>
      Promise.reject(new BillingError({ code: 'provider_timeout', kind: 'unavailable', message: 'Late.' }));
    expect(await preview(path, { quantity: 2 })).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  });

  it('is refused as the change would be', async () => {
    const { path } = await aSubscription({ provider: 'local' });
    expect(await preview(path, { quantity: 2 })).toMatchObject({
      status: 422,
      body: { code: 'not_supported_by_provider' },
    });
  });
});
