import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkoutWorkflowId, reconciliationScheduleId, subscriptionWorkflowId } from '../../src/workflows/messages.ts';
import { bought } from './subscription-stories.ts';
import { startSystem, type CheckoutView, type System } from './support.ts';

const providers = ['polar', 'conekta', 'stripe'];
const soon = { timeout: 45_000, interval: 200 };
const patient = { timeout: 150_000, interval: 500 };

interface RunView {
  readonly id: string;
  readonly status: string;
  readonly compared: number;
  readonly workflows_restarted: number;
  readonly differences: { readonly total: number; readonly repaired: number; readonly queued: number };
  readonly code?: string;
  readonly reconciliation_id?: string;
}
interface DifferenceView {
  readonly kind: string;
  readonly status: string;
  readonly object: { readonly kind: string; readonly id: string };
  readonly entity: { readonly kind: string; readonly id: string } | null;
  readonly review_id: string | null;
}

/** Nobody looks by itself, and in the second part no webhook arrives: what is learnt, reconciliation has learnt. */
let system: System;
beforeAll(async () => {
  system = await startSystem({ CHECKOUT_LOOK_GAPS: '10h', RECONCILIATION_GRACE: '1s' });
  for (const provider of providers)
    await system.temporal.schedule.getHandle(reconciliationScheduleId(provider)).pause();
}, 120_000);
afterAll(() => system?.end());

async function operate(method: string, path: string, body?: object) {
  const headers = { authorization: `Bearer ${system.stack.devFile().ops_key}` };
  const answer = await system.api(method, `/ops/reconciliations${path}`, body, headers);
  return { status: answer.status, body: answer.body as RunView & { readonly data: readonly DifferenceView[] } };
}
const begin = async (provider: string) => (await operate('POST', '', { provider })).body;
const read = async (id: string) => (await operate('GET', `/${id}`)).body;
const differences = async (id: string) => (await operate('GET', `/${id}/differences?limit=100`)).body.data;
const finished = async (id: string) => {
  await expect.poll(async () => (await read(id)).status, patient).toBe('succeeded');
  return read(id);
};

async function aPaid(country: string): Promise<CheckoutView> {
  const view = await system.open({ country });
  await system.complete(view, 'paid');
  await expect.poll(async () => (await system.checkout(view.checkout_id)).status, soon).toBe('paid');
  return system.checkout(view.checkout_id);
}

/** A page that was paid while nobody was told. */
async function aSilentlyPaid(wish: Readonly<Record<string, unknown>>): Promise<CheckoutView> {
  const view = await system.open(wish);
  await system.complete(view, 'paid');
  return view;
}

async function one(sql: string, ...params: unknown[]): Promise<Readonly<Record<string, unknown>>> {
  const { rows } = await system.db.query<Readonly<Record<string, unknown>>>(sql, params);
  return rows[0] ?? {};
}
const paymentOf = (checkout: string) => one('select * from payments where checkout_id = $1', checkout);

describe('books that differ', () => {
  let amount: CheckoutView;
  let lost: CheckoutView;
  let refunded: CheckoutView;
  let subscription: string;
  let silent: readonly CheckoutView[];
  let second: string;

  it('come about: webhooks are lost, rows vanish and are altered, a workflow is terminated', async () => {
    [amount, lost, refunded] = [await aPaid('RU'), await aPaid('RU'), await aPaid('RU')];
    const refund = { checkout_id: refunded.checkout_id, amount_minor: 900 };
    expect(await system.api('POST', '/billing/refunds', refund)).toMatchObject({ body: { status: 'succeeded' } });
    subscription = await bought(system, {});
    await expect
      .poll(async () => (await one('select status from subscriptions where id = $1', subscription))['status'], soon)
      .toBe('active');
    await expect.poll(() => system.countEvents('status', 'received'), soon).toBe(0);
    for (const provider of providers) await system.fault({ provider, kind: 'webhook_lost', rate: 1 });
    silent = [
      await aSilentlyPaid({ country: 'US' }),
      await aSilentlyPaid({ country: 'MX' }),
      await aSilentlyPaid({ country: 'RU', product_id: 'pro', billing_interval: 'monthly' }),
    ];
    await system.db.query('update payments set amount_minor = amount_minor + 100 where checkout_id = $1', [
      amount.checkout_id,
    ]);
    await system.db.query('update orders set payment_id = null where checkout_id = $1', [lost.checkout_id]);
    await system.db.query('delete from payments where checkout_id = $1', [lost.checkout_id]);
    await system.db.query('delete from refunds where checkout_id = $1', [refunded.checkout_id]);
    const [first] = silent;
    for (const workflowId of [subscriptionWorkflowId(subscription), checkoutWorkflowId(first?.checkout_id ?? '')])
      await system.temporal.workflow.getHandle(workflowId).terminate('a fault of the test');
    // A row must be this old before its workflow is missed.
    await new Promise((resolve) => setTimeout(resolve, 15_000));
  }, 120_000);

  it('are mended where the provider’s truth settles it, and put before a person where it does not', async () => {
    expect(silent.map(({ provider }) => provider)).toEqual(['polar', 'conekta', 'stripe']);
    const runs = await Promise.all(providers.map(begin));
    for (const { id } of runs) await finished(id);
    for (const { checkout_id: id } of silent) expect(await system.checkout(id)).toMatchObject({ status: 'paid' });
    expect(await paymentOf(lost.checkout_id)).toMatchObject({ status: 'succeeded', amount_minor: expect.any(String) });
    const { rows: refunds } = await system.db.query(`select status, amount_minor::integer as amount from refunds`);
    expect(refunds).toEqual([{ status: 'succeeded', amount: 900 }]);
    const found = (await Promise.all(runs.map(({ id }) => differences(id)))).flat();
    const queued = found.filter(({ status }) => status === 'queued');
    const payment = await paymentOf(amount.checkout_id);
    expect(queued).toMatchObject([{ kind: 'amount', object: { id: payment['provider_payment_id'] } }]);
    expect(found.filter(({ status }) => status === 'found')).toEqual([]);
    const review = await one('select * from review_items where id = $1', queued[0]?.review_id);
    expect(review).toMatchObject({
      kind: 'books_differ',
      status: 'open',
      evidence: { checkout_id: amount.checkout_id },
    });
  }, 240_000);

  it('lose no workflow: what was terminated lives again', async () => {
    const { status } = await system.temporal.workflow.getHandle(subscriptionWorkflowId(subscription)).describe();
    expect(status.name).toBe('RUNNING');
    const { rows } = await system.db.query(
      `select entity_id from audit_log where action like '%.workflow_restarted' order by action`,
    );
    expect(rows).toEqual([{ entity_id: silent[0]?.checkout_id }, { entity_id: subscription }]);
  });

  it('are compared one run at a time, held by an operator, and finished though the worker is killed meanwhile', async () => {
    await system.fault({ provider: 'stripe', kind: 'latency', latency_ms: 400, rate: 1 });
    const { id } = await begin('stripe');
    second = id;
    expect(await operate('POST', '', { provider: 'stripe' })).toMatchObject({
      ...{ status: 409, body: { code: 'reconciliation_running', reconciliation_id: id } },
    });
    await expect.poll(async () => (await read(id)).status, soon).toBe('running');
    expect(await operate('POST', `/${id}/pause`, {})).toMatchObject({ status: 200, body: { status: 'paused' } });
    system.kill('worker');
    await expect
      .poll(async () => (await operate('POST', `/${id}/resume`, {})).body.status, patient)
      .toMatch(/running|succeeded/);
    system.kill('worker');
    await system.clearFaults();
    expect(await finished(id)).toMatchObject({ workflows_restarted: 0 });
  }, 300_000);

  it('hold nothing new in the second run: the same question waits for the same person', async () => {
    const queued = await differences(second);
    expect(queued).toMatchObject([{ kind: 'amount', status: 'queued' }]);
    const { rows } = await system.db.query('select id from review_items');
    expect(rows).toEqual([{ id: queued[0]?.review_id }]);
    for (const provider of ['polar', 'conekta']) {
      const run = await finished((await begin(provider)).id);
      expect(run.differences.total).toBe(0);
      expect(run.compared).toBeGreaterThan(0);
    }
  }, 240_000);
});
