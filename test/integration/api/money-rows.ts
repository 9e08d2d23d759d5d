import { newId } from '../../../src/db/new-id.ts';
import type { TestApi } from './support.ts';

export interface SoldRows {
  readonly organizationId: string;
  readonly checkoutId: string;
  readonly paymentId: string;
  readonly invoiceId: string;
  readonly orderId: string;
}

/** Rows of a one-time checkout that was paid, as activities leave them. */
export async function aSaleOf(
  api: TestApi,
  changes: {
    readonly provider?: string;
    readonly amount?: number;
    readonly currency?: string;
    readonly status?: string;
    readonly tax?: number | null;
  } = {},
): Promise<SoldRows> {
  const { provider = 'merchant', amount = 4900, currency = 'USD', status = 'succeeded', tax = null } = changes;
  const ids = { checkoutId: newId('chk'), paymentId: newId('pay'), invoiceId: newId('inv'), orderId: newId('ord') };
  const organizationId = `org_${ids.orderId.slice(-12)}`;
  const [price] = await api.query(`select id from prices where plan_id = ? and currency = 'USD'`, [api.plans.starter]);
  await api.query(
    `insert into organizations (project_id, live, id, name) values ('default', false, ?, 'Ada & Söhne')`,
    [organizationId],
  );
  await api.query(
    `insert into checkouts (id, project_id, live, organization_id, mode, country_source, success_url, cancel_url,
       routing, status, quantity, checkout_url, plan_id, price_id, provider)
     values (?, 'default', false, ?, 'payment', 'none', 's', 'c', '{}', 'paid', 1, 'https://pay.example', ?, ?, ?)`,
    [ids.checkoutId, organizationId, api.plans.starter, price?.['id'], provider],
  );
  await api.query(
    `insert into invoices (id, project_id, live, organization_id, checkout_id, provider, number, status, total_minor,
       amount_paid_minor, amount_refunded_minor, tax_minor, currency, issued_at, due_at, paid_at, line_items)
     values (?, 'default', false, ?, ?, ?, '2026-000042', 'paid', ?, ?, 0, ?, ?, '2026-11-21', '2026-11-21', '2026-11-21', ?::jsonb)`,
    [
      ...[ids.invoiceId, organizationId, ids.checkoutId, provider, amount, amount, tax, currency],
      JSON.stringify([
        {
          ...{ description: 'Starter Kit', quantity: 1, amountMinor: amount - (tax ?? 0), currency },
          ...{ periodStart: null, periodEnd: null },
        },
      ]),
    ],
  );
  await api.query(
    `insert into payments (id, project_id, live, organization_id, checkout_id, invoice_id, provider,
       provider_payment_id, status, amount_minor, currency)
     values (?, 'default', false, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      ...[ids.paymentId, organizationId, ids.checkoutId, ids.invoiceId, provider, `prov_${ids.paymentId}`, status],
      ...[amount, currency],
    ],
  );
  await api.query(
    `insert into orders (id, project_id, live, organization_id, checkout_id, plan_id, price_id, payment_id, invoice_id,
       provider, status, quantity, amount_minor, currency, paid_at)
     values (?, 'default', false, ?, ?, ?, ?, ?, ?, ?, 'paid', 1, ?, ?, '2026-11-21')`,
    [
      ...[ids.orderId, organizationId, ids.checkoutId, api.plans.starter, price?.['id'], ids.paymentId, ids.invoiceId],
      ...[provider, amount, currency],
    ],
  );
  return { organizationId, ...ids };
}
