import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSystem, type CheckoutView, type System } from './support.ts';

let system: System;
beforeAll(async () => {
  system = await startSystem();
}, 120_000);
afterAll(() => system?.end());
beforeEach(() => system.clearFaults());

const soon = { timeout: 45_000, interval: 200 };

interface RefundView {
  readonly id: string;
  readonly code?: string;
  readonly nearest_minor?: number;
  readonly status: string;
  readonly amount: { readonly amount_minor: number };
}
interface Listed {
  readonly data: readonly {
    readonly id: string;
    readonly status: string;
    readonly amount: { readonly amount_minor: number };
    readonly amount_refunded: { readonly amount_minor: number };
    readonly number: string | null;
    readonly line_items: readonly unknown[];
    readonly hosted_invoice_url: string;
    readonly invoice_pdf_url: string;
  }[];
}

async function aPaid(
  body: Readonly<Record<string, unknown>>,
): Promise<CheckoutView & { readonly organization_id: string }> {
  const view = await system.open(body);
  await system.complete(view, 'paid');
  await expect.poll(async () => (await system.checkout(view.checkout_id)).status, soon).toBe('paid');
  return (await system.checkout(view.checkout_id)) as CheckoutView & { readonly organization_id: string };
}

async function list(path: string, organizationId: string): Promise<Listed['data']> {
  const { body } = await system.api('GET', `/billing/${path}?organization_id=${organizationId}`);
  return (body as Listed).data;
}

async function refund(body: Readonly<Record<string, unknown>>) {
  const answer = await system.api('POST', '/billing/refunds', { reason: 'requested_by_customer', ...body });
  return { status: answer.status, body: answer.body as RefundView };
}

/** Part of it: the amount asked for, or the nearest that the provider can hit. */
async function refundPart(checkoutId: string, amountMinor: number): Promise<number> {
  const first = await refund({ checkout_id: checkoutId, amount_minor: amountMinor });
  if (first.status === 201) return first.body.amount.amount_minor;
  expect(first).toMatchObject({ status: 422, body: { code: 'refund_amount_not_exact' } });
  const nearest = first.body.nearest_minor ?? 0;
  expect(await refund({ checkout_id: checkoutId, amount_minor: nearest })).toMatchObject({ status: 201 });
  return nearest;
}

const statusOf = async (id: string) => ((await system.api('GET', `/billing/refunds/${id}`)).body as RefundView).status;

describe.each([
  { country: 'US', provider: 'polar' },
  { country: 'MX', provider: 'conekta' },
  { country: 'RU', provider: 'stripe' },
])('a purchase at $provider', ({ country, provider }) => {
  it('is paid back in part and then the rest, and order and invoice say so', async () => {
    const paid = await aPaid({ country });
    expect(paid.provider).toBe(provider);
    const captured = paid.payment?.amount.amount_minor ?? 0;
    const part = await refundPart(paid.checkout_id, Math.floor(captured / 3));
    const [order] = await list('orders', paid.organization_id);
    expect(order).toMatchObject({ status: 'partially_refunded', amount_refunded: { amount_minor: part } });
    const rest = await refund({ checkout_id: paid.checkout_id });
    expect(rest).toMatchObject({ status: 201, body: { status: 'succeeded' } });
    expect(part + rest.body.amount.amount_minor).toBe(captured);
    expect(await refund({ checkout_id: paid.checkout_id })).toMatchObject({
      ...{ status: 409, body: { code: 'refund_exceeds_payment', refundable_minor: 0 } },
    });
    expect((await list('orders', paid.organization_id))[0]).toMatchObject({ status: 'refunded' });
    const [invoice] = await list('invoices', paid.organization_id);
    expect(invoice).toMatchObject({ status: 'refunded', amount_refunded: { amount_minor: captured } });
    expect(invoice?.number).toMatch(/\d/);
    expect(invoice?.line_items.length).toBeGreaterThan(0);
    expect(invoice?.invoice_pdf_url).toMatch(/^http/);
  });

  it('is paid back once when the answer is lost', async () => {
    const paid = await aPaid({ country });
    await system.fault({ provider, operation: 'refunds.create', kind: 'timeout_after_work', times: 1, rate: 1 });
    const { body } = await refund({ checkout_id: paid.checkout_id });
    expect(await refund({ checkout_id: paid.checkout_id })).toMatchObject({ status: 409 });
    await expect.poll(() => statusOf(body.id), soon).toBe('succeeded');
  });
});

describe('a subscription', () => {
  it('has its first invoice paid back, and lives on', async () => {
    const paid = await aPaid({ country: 'RU', product_id: 'pro', billing_interval: 'monthly' });
    const [invoice] = await list('invoices', paid.organization_id);
    expect(invoice?.line_items.length).toBeGreaterThan(0);
    expect(invoice?.hosted_invoice_url).toMatch(/^http/);
    expect(await refund({ invoice_id: invoice?.id, amount_minor: 900 })).toMatchObject({
      ...{ status: 201, body: { status: 'succeeded', amount: { amount_minor: 900 } } },
    });
    expect((await list('invoices', paid.organization_id))[0]).toMatchObject({
      ...{ status: 'partially_refunded', amount_refunded: { amount_minor: 900 } },
    });
    const { body } = await system.api('GET', `/billing/subscriptions/${paid.subscription_id}`);
    expect(body).toMatchObject({ status: 'active' });
  });
});

describe('the whole run', () => {
  it('leaves every refund equal to the ledger, to the minor unit, and every webhook acted on', async () => {
    await expect.poll(() => system.countEvents('status', 'received'), soon).toBe(0);
    const { rows } = await system.db.query<{ provider: string; currency: string; amount: string }>(
      `select provider, currency, amount_minor as amount from refunds where status = 'succeeded'`,
    );
    const ours = rows.map((row) => `${row.provider} ${row.currency} ${row.amount}`).toSorted();
    const theirs = (await system.ledger())
      .filter(({ kind, status }) => kind === 'refund' && status === 'succeeded')
      .map((entry) => `${entry.provider} ${entry.currency.toUpperCase()} ${Math.abs(entry.amount_minor)}`)
      .toSorted();
    expect(theirs.length).toBeGreaterThanOrEqual(10);
    expect(ours).toEqual(theirs);
    const { rows: sums } = await system.db.query(
      `select id from payments where refunded_minor <> (select coalesce(sum(amount_minor), 0) from refunds
         where payment_id = payments.id and refunds.status = 'succeeded')`,
    );
    expect(sums).toEqual([]);
  });
});
