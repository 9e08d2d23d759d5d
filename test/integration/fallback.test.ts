import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { strayWorkflowId } from '../../src/domain/checkout/stray.ts';
import { checkoutWorkflowId } from '../../src/workflows/messages.ts';
import { workflowBundle } from '../../src/worker/workflow-bundle.ts';
import { startSystem, type CheckoutView, type System } from './support.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

let system: System;
beforeAll(async () => {
  system = await startSystem();
}, 180_000);
afterAll(() => system?.end());
beforeEach(() => system.clearFaults());

const soon = { timeout: 60_000, interval: 200 };
const first = { US: 'polar', MX: 'conekta' } as const;

/** The first provider opens a session, and its answer is lost: the second serves. */
async function aFallenBack(country: keyof typeof first, body: object = {}): Promise<CheckoutView> {
  await system.fault({
    ...{ provider: first[country], operation: 'checkouts.create', kind: 'timeout_after_work', rate: 1, times: 1 },
  });
  const view = await system.open({ country, ...body });
  expect(view).toMatchObject({
    ...{ provider: 'stripe', status: 'open' },
    fallback: {
      attempted_provider: first[country],
      fallback_provider: 'stripe',
      reason: 'timeout',
      currency_changed: false,
    },
  });
  return view;
}

const orphanOf = (view: CheckoutView, country: keyof typeof first) => ({ ...view, provider: first[country] });
const strayOf = async ({ checkout_id: id }: CheckoutView, provider: string) => {
  const { rows } = await system.db.query<{ status: string }>(
    'select * from stray_sessions where checkout_id = $1 and provider = $2',
    [id, provider],
  );
  return rows[0]?.status;
};
const kindsOf = async ({ checkout_id: id }: CheckoutView) => {
  const key = system.stack.devFile().ops_key;
  const { body } = await system.api('GET', '/ops/reviews?status=open', undefined, { authorization: `Bearer ${key}` });
  const { data } = body as { data: readonly { kind: string; entity_id: string }[] };
  return data.filter(({ entity_id }) => entity_id === id).map(({ kind }) => kind);
};
/** What the buyer is down, in minor units, by provider. */
const netOf = async ({ checkout_id: id }: CheckoutView) => {
  const ledger = (await system.ledger()) as readonly (Awaited<ReturnType<System['ledger']>>[number] & { id: string })[];
  const sums: Record<string, number> = {};
  const mine = ledger.filter(({ metadata, status }) => metadata['checkout_id'] === id && status === 'succeeded');
  for (const { provider, kind, amount_minor } of mine)
    sums[provider] = (sums[provider] ?? 0) + (kind === 'refund' ? -Math.abs(amount_minor) : amount_minor);
  return Object.fromEntries(Object.entries(sums).filter(([, sum]) => sum !== 0));
};
const becomesPaid = (view: CheckoutView, provider: string) =>
  expect.poll(() => system.checkout(view.checkout_id), soon).toMatchObject({ status: 'paid', provider });

describe('a session whose answer was lost', { timeout: 120_000 }, () => {
  it('is ended at its provider, and the buyer pays the other', async () => {
    const view = await aFallenBack('MX');
    await expect.poll(() => strayOf(view, 'conekta'), soon).toBe('ended');
    await system.complete(orphanOf(view, 'MX'), 'paid'); // refused there
    await system.complete(view, 'paid');
    await becomesPaid(view, 'stripe');
    expect(Object.keys(await netOf(view))).toEqual(['stripe']);
    expect(await kindsOf(view)).toEqual([]);
  });

  it.each([
    ['once', {}],
    ['as a subscription', { product_id: 'pro', billing_interval: 'monthly' }],
  ])('that is paid %s after all pays the checkout: the page that was handed out is ended', async (_, body) => {
    const view = await aFallenBack('US', body);
    await system.complete(orphanOf(view, 'US'), 'paid');
    await becomesPaid(view, 'polar');
    await expect.poll(() => strayOf(view, 'stripe'), soon).toBe('ended');
    await system.complete(view, 'paid'); // refused there
    expect(Object.keys(await netOf(view))).toEqual(['polar']);
    expect(await kindsOf(view)).toEqual(['stray_session_paid']);
    const { rows } = await system.db.query('select status, provider from subscriptions where checkout_id = $1', [
      view.checkout_id,
    ]);
    expect(rows).toEqual('product_id' in body ? [{ status: 'active', provider: 'polar' }] : []);
    const handle = system.temporal.workflow.getHandle(checkoutWorkflowId(view.checkout_id));
    expect(await handle.result()).toMatchObject({ status: 'paid' });
    await Worker.runReplayHistory({ workflowBundle: await workflowBundle(undefined) }, await handle.fetchHistory());
  });

  it('that is paid as well goes back in full: one net charge, and a person is told', async () => {
    const view = await aFallenBack('US');
    await system.complete(view, 'paid');
    await becomesPaid(view, 'stripe');
    await system.complete(orphanOf(view, 'US'), 'paid');
    await expect.poll(() => strayOf(view, 'polar'), soon).toBe('refunded');
    expect(Object.keys(await netOf(view))).toEqual(['stripe']);
    expect(await kindsOf(view)).toEqual(['charged_twice']);
    expect(await system.checkout(view.checkout_id)).toMatchObject({ status: 'paid', provider: 'stripe' });
    const stray = system.temporal.workflow.getHandle(strayWorkflowId(view.checkout_id, 'polar'));
    expect(await stray.result()).toEqual({ status: 'refunded' });
  });

  it('that began a subscription as well ends it, and gives its money back', async () => {
    const view = await aFallenBack('US', { product_id: 'pro', billing_interval: 'monthly' });
    await system.complete(view, 'paid');
    await becomesPaid(view, 'stripe');
    await system.complete(orphanOf(view, 'US'), 'paid');
    await expect.poll(() => strayOf(view, 'polar'), soon).toBe('refunded');
    expect(Object.keys(await netOf(view))).toEqual(['stripe']);
    const before = (await system.ledger()).length;
    await system.advance('P32D');
    await expect.poll(async () => (await system.ledger()).length, soon).toBeGreaterThan(before);
    const renewed = (await system.ledger()).slice(before);
    expect(
      renewed.filter(({ metadata }) => metadata['checkout_id'] === view.checkout_id).map(({ provider }) => provider),
    ).not.toContain('polar');
  });
});
