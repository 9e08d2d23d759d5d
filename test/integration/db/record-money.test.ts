import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { activateFreeCheckout } from '../../../src/activities/activate-free-checkout.ts';
import { applyCheckoutTruth } from '../../../src/activities/apply-checkout-truth.ts';
import { closeUnservedCheckout, keepOpenedCheckout } from '../../../src/activities/keep-opened-checkout.ts';
import { recordPayment } from '../../../src/activities/record-money.ts';
import { createSettleCheckout } from '../../../src/activities/settle-checkout.ts';
import { createSweepDisputes } from '../../../src/activities/sweep-disputes.ts';
import { CheckoutEntity } from '../../../src/db/entities/checkout.ts';
import { nextInvoiceNumber } from '../../../src/db/queries/invoice-numbers.ts';
import type { CheckoutTruth } from '../../../src/domain/checkout/truth.ts';
import type { ProviderInvoice } from '../../../src/providers/port-money.ts';
import {
  aClient,
  aDispute,
  anInvoice,
  aPayment,
  aRefundTruth,
  aTruth,
  openMoneyWorld,
  type MoneyWorld,
} from './money-support.ts';

let world: MoneyWorld;
beforeAll(async () => {
  world = await openMoneyWorld();
});
afterAll(() => world?.close());

async function apply(checkoutId: string, truth: CheckoutTruth, back = {}): Promise<void> {
  const em = world.orm.em.fork();
  const row = await em.findOneOrFail(CheckoutEntity, { id: checkoutId });
  await applyCheckoutTruth(em.fork(), row, truth, { back: { refunds: [], disputes: [], ...back } });
}

const one = async (sql: string, id: string) => (await world.query(sql, [id]))[0] ?? {};
const orderOf = (id: string) => one('select * from orders where checkout_id = ?', id);
const invoiceOf = (id: string) => one('select * from invoices where checkout_id = ?', id);

describe('a one-time checkout that is paid', () => {
  it('becomes an order and an invoice of ours, once, and tells of each', async () => {
    const id = await world.aCheckout();
    const truth = aTruth();
    await apply(id, truth);
    await apply(id, truth);
    const order = await orderOf(id);
    expect(order).toMatchObject({ status: 'paid', amount_minor: '4900', plan_id: 'plan_kit', currency: 'USD' });
    const invoice = await invoiceOf(id);
    expect(invoice).toMatchObject({ status: 'paid', total_minor: '4900', provider_invoice_id: null });
    expect(invoice['number']).toMatch(/^TEST-2026-\d{6}$/);
    expect(invoice['line_items']).toMatchObject([{ description: 'Starter Kit', quantity: 1, amountMinor: 4900 }]);
    expect(order['invoice_id']).toBe(invoice['id']);
    expect(await world.events(String(order['id']))).toEqual(['order.paid']);
    expect(await world.events(String(invoice['id']))).toEqual(['invoice.created', 'invoice.paid']);
    expect(await world.events(id)).toEqual(['checkout.completed']);
    const told = await world.query(`select data from outbound_events where object_id = ?`, [id]);
    expect(told[0]?.['data']).toMatchObject({ checkout_id: id, status: 'paid', checkout_url: null });
  });

  it('is an order without a payment when nothing was due', async () => {
    const id = await world.aCheckout();
    await apply(id, aTruth({ payment: null }));
    expect(await orderOf(id)).toMatchObject({ status: 'paid', amount_minor: '0', payment_id: null });
  });

  it('is no order when it begins a subscription', async () => {
    const id = await world.aCheckout({ mode: 'subscription' });
    await apply(id, aTruth());
    expect(await world.query('select 1 from orders where checkout_id = ?', [id])).toEqual([]);
  });

  it('keeps the number that the provider gave', async () => {
    const id = await world.aCheckout();
    const invoice = anInvoice({ number: 'ACME-77' });
    await apply(id, aTruth({ invoice, payment: aPayment({ providerInvoiceId: invoice.providerInvoiceId }) }));
    expect(await invoiceOf(id)).toMatchObject({ number: 'ACME-77', provider_invoice_id: invoice.providerInvoiceId });
  });
});

describe('money that goes back at the provider', () => {
  it('moves payment, invoice and order together, whoever tells of it first', async () => {
    const id = await world.aCheckout();
    const invoice = anInvoice();
    const payment = aPayment({ providerInvoiceId: invoice.providerInvoiceId });
    await apply(id, aTruth({ invoice, payment }));
    const part = aRefundTruth({ providerPaymentId: payment.providerPaymentId });
    // The provider's invoice does not say that anything was refunded.
    await apply(id, aTruth({ invoice, payment: { ...payment, refundedMinor: 1000 } }), { refunds: [part] });
    expect(await orderOf(id)).toMatchObject({ status: 'partially_refunded', refunded_minor: '1000' });
    expect(await invoiceOf(id)).toMatchObject({ status: 'partially_refunded', amount_refunded_minor: '1000' });
    await apply(id, aTruth({ invoice, payment })); // an older read
    expect(await invoiceOf(id)).toMatchObject({ status: 'partially_refunded', amount_refunded_minor: '1000' });
    const rest = aRefundTruth({
      ...{ providerPaymentId: payment.providerPaymentId, amount: { amountMinor: 3900, currency: 'USD' } },
    });
    await apply(id, aTruth({ invoice, payment: { ...payment, refundedMinor: 4900 } }), { refunds: [part, rest] });
    expect(await orderOf(id)).toMatchObject({ status: 'refunded', refunded_minor: '4900' });
    expect(await invoiceOf(id)).toMatchObject({ status: 'refunded', amount_refunded_minor: '4900' });
    expect(await world.events(String((await orderOf(id))['id']))).toEqual([
      'order.paid',
      'order.updated',
      'order.updated',
    ]);
  });

  it('comes back when the bank returns a refund', async () => {
    const id = await world.aCheckout();
    const payment = aPayment();
    await apply(id, aTruth({ payment }));
    const refund = aRefundTruth({ providerPaymentId: payment.providerPaymentId });
    await apply(id, aTruth({ payment: { ...payment, refundedMinor: 1000 } }), { refunds: [refund] });
    await apply(id, aTruth({ payment }), { refunds: [{ ...refund, status: 'failed' }] });
    expect(await orderOf(id)).toMatchObject({ status: 'paid', refunded_minor: '0' });
    expect(await invoiceOf(id)).toMatchObject({ status: 'paid', amount_refunded_minor: '0' });
    const [row] = await world.query('select id, status from refunds where provider_refund_id = ?', [
      refund.providerRefundId,
    ]);
    expect(row).toMatchObject({ status: 'failed' });
    expect(await world.events(String(row?.['id']))).toEqual(['refund.created', 'refund.succeeded', 'refund.failed']);
  });
});

describe('a dispute', () => {
  it('marks the order until it is won, and tells each step once', async () => {
    const id = await world.aCheckout();
    const payment = aPayment();
    await apply(id, aTruth({ payment }));
    const dispute = aDispute({ providerPaymentId: payment.providerPaymentId });
    for (const _ of [1, 2]) await apply(id, aTruth({ payment }), { disputes: [dispute] });
    expect(await orderOf(id)).toMatchObject({ status: 'disputed' });
    await apply(id, aTruth({ payment }), { disputes: [{ ...dispute, status: 'under_review' }] });
    await apply(id, aTruth({ payment }), { disputes: [{ ...dispute, status: 'won' }] });
    expect(await orderOf(id)).toMatchObject({ status: 'paid' });
    const [row] = await world.query('select id from disputes where provider_dispute_id = ?', [
      dispute.providerDisputeId,
    ]);
    expect(await world.events(String(row?.['id']))).toEqual(['dispute.opened', 'dispute.updated', 'dispute.closed']);
  });
});

describe('a state that returns', () => {
  it('is told again of a dispute, and of nothing that stays as it is', async () => {
    const id = await world.aCheckout();
    const payment = aPayment();
    await apply(id, aTruth({ payment }));
    const dispute = aDispute({ providerPaymentId: payment.providerPaymentId });
    for (const status of ['needs_response', 'under_review', 'needs_response', 'under_review', 'won'] as const)
      for (const _ of [1, 2]) await apply(id, aTruth({ payment }), { disputes: [{ ...dispute, status }] });
    for (const status of ['under_review', 'won'] as const)
      await apply(id, aTruth({ payment }), { disputes: [{ ...dispute, status }] });
    const row = await one('select id from disputes where provider_dispute_id = ?', dispute.providerDisputeId);
    const updates = ['dispute.updated', 'dispute.updated', 'dispute.updated'];
    const [opened, closed] = ['dispute.opened', 'dispute.closed'];
    const told = [opened, ...updates, closed, 'dispute.updated', closed];
    expect(await world.events(String(row['id']))).toEqual(told);
    expect(await world.events(String((await orderOf(id))['id']))).toEqual([
      ...['order.paid', 'order.updated', 'order.updated', 'order.updated', 'order.updated'],
    ]);
  });

  it('is told again of an invoice', async () => {
    const id = await world.aCheckout();
    const paid = anInvoice();
    const open = { ...paid, status: 'open' as const, amountPaidMinor: 0, paidAt: null };
    const uncollectible = { ...open, status: 'uncollectible' as const };
    for (const invoice of [open, uncollectible, open, uncollectible, uncollectible, paid, paid])
      await apply(id, aTruth({ invoice, payment: null }));
    const updates = ['invoice.updated', 'invoice.updated', 'invoice.updated'];
    expect(await world.events(String((await invoiceOf(id))['id']))).toEqual([
      ...['invoice.created', ...updates, 'invoice.paid'],
    ]);
  });
});

describe('lines of an invoice', () => {
  it('are read once, and again only when the total moves', async () => {
    const id = await world.aCheckout();
    const invoice = anInvoice();
    const payment = aPayment({ providerInvoiceId: invoice.providerInvoiceId });
    let total = 4900;
    let reads = 0;
    const lines = [{ description: 'One kit', quantity: 1, periodStart: null, periodEnd: null }];
    const truthNow = () => ({ ...invoice, total: { amountMinor: total, currency: 'USD' } });
    const client = aClient({
      checkouts: {
        create: () => Promise.reject(new Error('not asked for')),
        get: async () => aTruth({ invoice: truthNow(), payment }),
      },
      invoices: {
        async get(): Promise<ProviderInvoice> {
          reads += 1;
          const amount = { amountMinor: total, currency: 'USD' };
          return {
            ...truthNow(),
            ...{ providerCustomerId: null, providerSubscriptionId: null, billingReason: 'subscription_start' },
            lines: lines.map((line) => ({ ...line, amount })),
          };
        },
        list: () => Promise.reject(new Error('not asked for')),
      },
    });
    const settle = createSettleCheckout(world.deps(client));
    const ref = { projectId: 'p', live: false, checkoutId: id };
    for (const _ of [1, 2, 3]) await settle(ref);
    expect(reads).toBe(1);
    expect(await invoiceOf(id)).toMatchObject({
      billing_reason: 'subscription_start',
      line_items: [{ description: 'One kit', quantity: 1, amountMinor: 4900, currency: 'USD' }],
    });
    total = 5000;
    for (const _ of [1, 2]) await settle(ref);
    expect(reads).toBe(2);
  });

  it('that cannot be read now hold up no money', async () => {
    const id = await world.aCheckout();
    const client = aClient({
      checkouts: {
        create: () => Promise.reject(new Error('not asked for')),
        get: async () => aTruth({ invoice: anInvoice() }),
      },
      invoices: {
        get: () => Promise.reject(new Error('away')),
        list: () => Promise.reject(new Error('not asked for')),
      },
    });
    await createSettleCheckout(world.deps(client))({ projectId: 'p', live: false, checkoutId: id });
    expect(await invoiceOf(id)).toMatchObject({ status: 'paid', line_items: [] });
  });
});

describe('numbers of ours', () => {
  it('have no gaps when makers fail and run at once', async () => {
    const make = (fails: boolean) =>
      world.orm.em.fork().transactional(async (tx) => {
        const number = await nextInvoiceNumber(tx, 'p', true, 2031);
        if (fails) throw new Error('rolled back');
        return number;
      });
    const made = await Promise.allSettled(Array.from({ length: 24 }, (_, index) => make(index % 3 === 0)));
    const numbers = made.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])).toSorted();
    expect(numbers).toEqual(Array.from({ length: 16 }, (_, index) => `2031-${String(index + 1).padStart(6, '0')}`));
  });

  it('count apart by mode and year', async () => {
    const next = (live: boolean, year: number) =>
      world.orm.em.fork().transactional((tx) => nextInvoiceNumber(tx, 'p', live, year));
    expect([await next(true, 2040), await next(false, 2040), await next(true, 2041)]).toEqual([
      '2040-000001',
      'TEST-2040-000001',
      '2041-000001',
    ]);
  });
});

describe('a voucher that is paid', () => {
  it('gets its invoice with the money, not before', async () => {
    const id = await world.aCheckout();
    const payment = aPayment({ status: 'pending', paidAt: null, method: 'oxxo' });
    const voucher = {
      ...({ kind: 'oxxo', reference: '1234567890', clabe: null, barcodeUrl: null } as const),
      expiresAt: '2026-12-01T00:00:00.000Z',
    };
    await apply(id, aTruth({ state: 'pending', payment, voucher }));
    expect(await world.query('select 1 from invoices where checkout_id = ?', [id])).toEqual([]);
    await apply(id, aTruth({ payment: { ...payment, status: 'succeeded', paidAt: '2026-11-22T10:00:00.000Z' } }));
    const invoice = await invoiceOf(id);
    expect(invoice).toMatchObject({ status: 'paid', provider_payment_id: payment.providerPaymentId });
    expect(await one('select invoice_id from payments where checkout_id = ?', id)).toEqual({
      invoice_id: invoice['id'],
    });
    expect(await world.events(id)).toEqual(['checkout.pending', 'checkout.completed']);
  });
});

describe('a checkout that opens or fails', () => {
  const opened = {
    outcome: 'opened',
    providerCheckoutId: 'cs_1',
    url: 'https://pay.example/secret',
    expiresAt: '2026-12-01T00:00:00.000Z',
    providerCustomerId: null,
    paymentMethods: ['card'],
    amount: null,
    objects: [],
  } as const;
  const creating = async () => {
    const id = await world.aCheckout({ status: 'creating' });
    const em = world.orm.em.fork();
    return { em, row: await em.findOneOrFail(CheckoutEntity, { id }) };
  };

  it('is told in the statement that opens it, without its URL, and to each endpoint', async () => {
    const { em, row } = await creating();
    await keepOpenedCheckout(em, row, 'merchant', { ...opened, providerCheckoutId: row.id }, []);
    await keepOpenedCheckout(em, row, 'merchant', { ...opened, providerCheckoutId: row.id }, []); // somebody was faster
    const told = await world.query(
      `select event.type, event.data, delivery.endpoint_id, delivery.status from outbound_events event
         join outbound_deliveries delivery on delivery.event_id = event.id where event.object_id = ?`,
      [row.id],
    );
    expect(told).toMatchObject([{ type: 'checkout.opened', endpoint_id: 'we_1', status: 'waiting' }]);
    expect(told[0]?.['data']).toMatchObject({ status: 'open', provider: 'merchant', payment_methods: ['card'] });
    expect(JSON.stringify(told)).not.toContain('pay.example');
  });

  it('says that nobody could serve it', async () => {
    const { em, row } = await creating();
    await closeUnservedCheckout(em, row, []);
    expect(await world.events(row.id)).toEqual(['checkout.failed']);
  });

  it('is not told where no endpoint wants it', async () => {
    await world.query(`update outbound_endpoints set event_types = array['checkout.completed']`);
    try {
      const { em, row } = await creating();
      await keepOpenedCheckout(em, row, 'merchant', { ...opened, providerCheckoutId: row.id }, []);
      expect(await world.events(row.id)).toEqual([]);
    } finally {
      await world.query(`update outbound_endpoints set event_types = '{}'`);
    }
  });

  it('that costs nothing is an order at once', async () => {
    const { em, row } = await creating();
    await activateFreeCheckout(em, row);
    expect(await orderOf(row.id)).toMatchObject({ status: 'paid', amount_minor: '0', provider: 'merchant' });
    expect(await world.events(row.id)).toEqual(['checkout.completed']);
  });
});

describe('a disputed payment of a subscription', () => {
  it('takes its access away and gives it back, by the sweep that finds the dispute', async () => {
    await world.query(
      `insert into subscriptions (id, project_id, live, organization_id, plan_id, price_id, status, billing_interval,
         quantity, provider, amount_minor, currency)
       values ('sub_1', 'p', false, 'org_1', 'plan_pro', 'price_pro', 'active', 'monthly', 1, 'merchant', 2900, 'USD')`,
    );
    const owner = {
      ...{ projectId: 'p', live: false, organizationId: 'org_1', provider: 'merchant' },
      ...{ checkoutId: null, subscriptionId: 'sub_1' },
    };
    const payment = aPayment();
    await world.orm.em.fork().transactional((tx) => recordPayment(tx, owner, payment, null, null));
    let status: 'needs_response' | 'won' = 'needs_response';
    const dispute = aDispute({ providerPaymentId: payment.providerPaymentId });
    const list = async () => ({ items: [{ ...dispute, status }], nextCursor: null });
    const client = aClient({ disputes: { get: () => Promise.reject(new Error('not asked for')), list } });
    const sweep = createSweepDisputes(world.deps(client));
    const access = async () =>
      (await world.query(`select is_allowed, reason from entitlements where source_id = 'sub_1'`))[0];
    await sweep({ provider: 'merchant' });
    expect(await access()).toEqual({ is_allowed: false, reason: 'payment_disputed' });
    status = 'won';
    await sweep({ provider: 'merchant' });
    expect(await access()).toEqual({ is_allowed: true, reason: 'subscription_active' });
  });
});
