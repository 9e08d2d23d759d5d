import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyCheckoutTruth } from '../../../src/activities/apply-checkout-truth.ts';
import { applySubscriptionTruth } from '../../../src/activities/apply-subscription-truth.ts';
import { CheckoutEntity } from '../../../src/db/entities/checkout.ts';
import { SubscriptionEntity } from '../../../src/db/entities/subscription.ts';
import { newId } from '../../../src/db/new-id.ts';
import type { CheckoutTruth } from '../../../src/domain/checkout/truth.ts';
import type { SubscriptionTruth } from '../../../src/domain/subscription/truth.ts';
import { expectDocumented } from '../../support/documented-events.ts';
import { aDispute, anInvoice, aPayment, aRefundTruth, aTruth } from '../db/money-support.ts';
import { startApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
  await api.query(`insert into organizations (project_id, live, id) values ('default', false, 'org_1')`);
});
afterAll(() => api.close());

async function aCheckout(planId: string, mode: string): Promise<string> {
  const id = newId('chk');
  const [price] = await api.query(
    `select id, billing_interval, amount_minor from prices where plan_id = ? and currency = 'USD' order by amount_minor`,
    [planId],
  );
  const routing = {
    ...{ rule: 'merchant-of-record', policy: 'standard', policy_version: 1, country: 'US', country_source: 'request' },
    ...{ fallbacks: [], bucket: 1, skipped: [], considered: [], provider: 'merchant' },
  };
  await api.query(
    `insert into checkouts (id, project_id, live, organization_id, mode, country_source, success_url, cancel_url,
       routing, status, quantity, checkout_url, plan_id, price_id, billing_interval, provider, provider_checkout_id,
       amount_minor, currency)
     values (?, 'default', false, 'org_1', ?, 'none', 'https://s', 'https://c', ?::jsonb, 'open', 1, 'https://pay.example',
       ?, ?, ?, 'merchant', ?, ?, 'USD')`,
    [
      id,
      mode,
      JSON.stringify(routing),
      planId,
      price?.['id'],
      price?.['billing_interval'],
      `prov_${id}`,
      price?.['amount_minor'],
    ],
  );
  return id;
}

async function apply(checkoutId: string, truth: CheckoutTruth, back = {}): Promise<void> {
  const em = api.orm.em.fork();
  const row = await em.findOneOrFail(CheckoutEntity, { id: checkoutId });
  await applyCheckoutTruth(em.fork(), row, truth, { back: { refunds: [], disputes: [], ...back } });
}

/** What was told last of everything of a kind: by id. */
async function lastTold(kind: string): Promise<[string, Record<string, unknown>][]> {
  const rows = await api.query(
    `select distinct on (object_id) object_id, data from outbound_events where object_kind = ?
     order by object_id, sequence desc`,
    [kind],
  );
  expect(rows.length).toBeGreaterThan(0);
  return rows.map(({ object_id, data }) => [String(object_id), data as Record<string, unknown>]);
}

/** What is read, but for what an event leaves out on purpose. */
async function expectAsRead(kind: string, path: string, leftOut: readonly string[]): Promise<void> {
  for (const [id, told] of await lastTold(kind)) {
    const { status, body } = await api.call('GET', `${path}/${id}`);
    expect(status).toBe(200);
    const read: Record<string, unknown> = { ...body };
    for (const name of leftOut) read[name] = told[name];
    expect(told).toEqual(Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined)));
  }
}

const aSubscriptionTruth = (changes: Partial<SubscriptionTruth> = {}): SubscriptionTruth => ({
  ...{ providerSubscriptionId: 'msub_1', providerCustomerId: 'mcus_1', status: 'active', quantity: 1, price: null },
  ...{ amount: { amountMinor: 2900, currency: 'USD' }, currentPeriodStart: '2026-11-21T10:00:00.000Z' },
  ...{ currentPeriodEnd: '2026-12-21T10:00:00.000Z', trialStart: null, trialEnd: null, cancelAtPeriodEnd: false },
  ...{ cancelAt: null, canceledAt: null, endedAt: null, pausedAt: null, resumesAt: null, invoices: [], payments: [] },
  ...changes,
});

describe('the last event of an object', () => {
  it('agrees with what a read of it answers, after a sale, a refund and a dispute', async () => {
    const id = await aCheckout(api.plans.starter, 'payment');
    const invoice = anInvoice();
    const payment = aPayment({ providerInvoiceId: invoice.providerInvoiceId });
    const { providerPaymentId } = payment;
    await apply(id, aTruth({ invoice, payment }));
    await expectAsRead('invoice', '/billing/invoices', ['hosted_invoice_url', 'invoice_pdf_url']);
    const refund = aRefundTruth({ providerPaymentId, status: 'pending' });
    await apply(id, aTruth({ invoice, payment }), { refunds: [refund], disputes: [aDispute({ providerPaymentId })] });
    await apply(id, aTruth({ invoice, payment: { ...payment, refundedMinor: 1000 } }), {
      refunds: [{ ...refund, status: 'succeeded' }],
    });
    await expectAsRead('invoice', '/billing/invoices', ['hosted_invoice_url', 'invoice_pdf_url']);
    await expectAsRead('refund', '/billing/refunds', []);
    await expectAsRead('dispute', '/billing/disputes', []);
    await expectAsRead('order', '/billing/orders', []);
    await expectAsRead('checkout', '/billing/checkouts', ['checkout_url', 'payment', 'voucher', 'timeline']);
  });

  it('agrees with what a read of a subscription answers, as it begins, renews and is canceled', async () => {
    const id = await aCheckout(api.plans.pro, 'subscription');
    const payment = aPayment({ amount: { amountMinor: 2900, currency: 'USD' } });
    await apply(id, aTruth({ payment, subscription: aSubscriptionTruth() }));
    await expectAsRead('subscription', '/billing/subscriptions', ['timeline']);
    const em = api.orm.em.fork();
    const settle = async (truth: SubscriptionTruth) => {
      const row = await em.fork().findOneOrFail(SubscriptionEntity, { checkoutId: id });
      await applySubscriptionTruth(em.fork(), row, truth, {});
      await expectAsRead('subscription', '/billing/subscriptions', ['timeline']);
      await expectAsRead('invoice', '/billing/invoices', ['hosted_invoice_url', 'invoice_pdf_url']);
    };
    const next = { currentPeriodStart: '2026-12-21T10:00:00.000Z', currentPeriodEnd: '2027-01-21T10:00:00.000Z' };
    const open = anInvoice({ status: 'open', amountPaidMinor: 0, paidAt: null });
    const declined = aPayment({ providerInvoiceId: open.providerInvoiceId, status: 'declined', paidAt: null });
    await settle(aSubscriptionTruth({ status: 'past_due', invoices: [open], payments: [declined] }));
    const paid = { ...open, status: 'paid' as const, amountPaidMinor: 4900, paidAt: '2026-12-21T11:00:00.000Z' };
    const second = aPayment({ providerInvoiceId: open.providerInvoiceId });
    await settle(aSubscriptionTruth({ ...next, invoices: [paid], payments: [declined, second] }));
    await settle(aSubscriptionTruth({ ...next, cancelAtPeriodEnd: true, cancelAt: next.currentPeriodEnd }));
  });

  it('shows a pause that waits for its day', async () => {
    const [row] = await api.query('select id, current_period_end from subscriptions limit 1');
    const at = new Date(String(row?.['current_period_end'])).toISOString();
    await api.query('update subscriptions set cancel_at = null, cancel_at_period_end = false where id = ?', [
      row?.['id'],
    ]);
    await api.query(
      `insert into subscription_changes (id, project_id, live, organization_id, subscription_id, kind, status, timing,
         method, effective_at, actor)
       values (?, 'default', false, 'org_1', ?, 'pause', 'scheduled', 'period_end', 'provider', ?, 'key_1')`,
      [newId('chg'), row?.['id'], at],
    );
    const waits = { pause_at: at, next_action: expect.objectContaining({ kind: 'pause', by: 'provider', at }) };
    expect((await api.call('GET', `/billing/subscriptions/${String(row?.['id'])}`)).body).toMatchObject(waits);
    expect((await api.call('GET', '/billing/subscriptions')).body.data[0]).toMatchObject(waits);
  });

  it('is in the form that is documented, as every other', async () => {
    const words = await expectDocumented((sql) => api.query(sql));
    expect(words).toEqual(new Set(['checkout', 'order', 'invoice', 'refund', 'dispute', 'subscription']));
  });
});
