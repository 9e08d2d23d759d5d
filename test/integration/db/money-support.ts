import type { MikroORM } from '@mikro-orm/postgresql';
import type { ActivityDeps } from '../../../src/activities/deps.ts';
import type { CheckoutTruth, InvoiceTruth, PaymentTruth } from '../../../src/domain/checkout/truth.ts';
import type { DisputeTruth, RefundTruth } from '../../../src/domain/payment/truth.ts';
import { newId } from '../../../src/db/new-id.ts';
import { openOrm } from '../../../src/db/orm.ts';
import { healthy } from '../../support/healthy.ts';
import type { ProviderClient } from '../../../src/providers/port.ts';
import { fakeProviders } from '../api/fake-providers.ts';
import { createDatabase } from '../../support/servers/postgres.ts';

function never(): never {
  throw new Error('nobody expected this call');
}

/** A provider that can do nothing but what the test brings. */
export function aClient(parts: Partial<ProviderClient>): ProviderClient {
  return {
    account: { check: never },
    customerData: { export: never, erase: never },
    customers: { create: never, get: never, update: never, remove: never, find: never },
    checkouts: { create: never, get: never },
    ...parts,
  };
}

/** A database with the project `p`, the organization `org_1`, a plan sold once, and whatever providers a test brings. */
export async function openMoneyWorld() {
  const database = await createDatabase();
  const orm = await openOrm(database.url, { poolSize: 12 });
  const query = (sql: string, params: unknown[] = []): Promise<Record<string, unknown>[]> =>
    orm.em.fork().execute(sql, params);
  await query(`insert into projects (id, name, default_currency, routing_policy) values ('p', 'Shop', 'USD', 'x')`);
  await query(`insert into organizations (project_id, live, id) values ('p', false, 'org_1')`);
  await query(`insert into plans (id, key, name, kind, sort_order, project_id) values
    ('plan_kit', 'kit', 'Starter Kit', 'one_time', 1, 'p'), ('plan_pro', 'pro', 'Pro', 'subscription', 2, 'p')`);
  await query(`insert into prices (id, plan_id, billing_interval, amount_minor, currency, project_id) values
    ('price_kit', 'plan_kit', null, 4900, 'USD', 'p'), ('price_pro', 'plan_pro', 'monthly', 2900, 'USD', 'p')`);
  await query(`insert into outbound_endpoints (id, url, secrets, status, project_id, live)
    values ('we_1', 'https://app.example/hooks', '\\x00', 'enabled', 'p', false)`);
  return {
    orm,
    query,
    deps: (client: ProviderClient): ActivityDeps => depsOf(orm, client),
    async aCheckout(changes: { mode?: string; status?: string } = {}): Promise<string> {
      const id = newId('chk');
      const { mode = 'payment', status = 'open' } = changes;
      const [plan, price] = mode === 'payment' ? ['plan_kit', 'price_kit'] : ['plan_pro', 'price_pro'];
      await query(
        `insert into checkouts (id, project_id, live, organization_id, mode, country_source, success_url, cancel_url,
           routing, status, quantity, checkout_url, plan_id, price_id, billing_interval, provider, provider_checkout_id,
           amount_minor, currency)
         values (?, 'p', false, 'org_1', ?, 'none', 'https://s', 'https://c', ?::jsonb, ?, 1, 'https://pay.example', ?, ?, ?,
           'merchant', ?, 4900, 'USD')`,
        [id, mode, routing, status, plan, price, mode === 'payment' ? null : 'monthly', `prov_${id}`],
      );
      return id;
    },
    events: async (objectId: string): Promise<readonly unknown[]> =>
      (await query('select type from outbound_events where object_id = ? order by sequence', [objectId])).map(
        ({ type }) => type,
      ),
    async close() {
      await orm.close();
      await database.drop();
    },
  };
}

export type MoneyWorld = Awaited<ReturnType<typeof openMoneyWorld>>;

const routing = JSON.stringify({
  ...{ rule: 'merchant-of-record', policy: 'standard', policy_version: 1, country: 'US', country_source: 'request' },
  ...{ fallbacks: [], bucket: 1, skipped: [], considered: [], provider: 'merchant' },
});

function depsOf(orm: MikroORM, client: ProviderClient): ActivityDeps {
  const providers = {
    ...fakeProviders(),
    account: () => Promise.resolve({ live: false, webhookSecrets: [], client }),
  };
  return {
    ...{ orm, providers, background: providers, health: healthy },
    ...{ keyRing: null, lookGapsMs: [1_000], maxCallsInFlight: 10 },
  };
}

export function aPayment(changes: Partial<PaymentTruth> = {}): PaymentTruth {
  return {
    ...{ providerPaymentId: newId('pay'), status: 'succeeded', amount: { amountMinor: 4900, currency: 'USD' } },
    ...{ taxMinor: 0, refundedMinor: 0, method: 'card', declineCode: null, paidAt: '2026-11-21T10:00:00.000Z' },
    ...{ providerInvoiceId: null, ...changes },
  };
}

export function anInvoice(changes: Partial<InvoiceTruth> = {}): InvoiceTruth {
  return {
    ...{ providerInvoiceId: newId('inv'), number: 'ACME-1', status: 'paid', taxMinor: 0, periodStart: null },
    ...{ total: { amountMinor: 4900, currency: 'USD' }, amountPaidMinor: 4900, amountRefundedMinor: 0 },
    ...{ periodEnd: null, issuedAt: '2026-11-21T10:00:00.000Z', paidAt: '2026-11-21T10:00:00.000Z' },
    ...{ hostedUrl: null, pdfUrl: null, ...changes },
  };
}

export function aTruth(changes: Partial<CheckoutTruth> = {}): CheckoutTruth {
  return {
    ...{ providerCheckoutId: 'prov', state: 'paid', providerCustomerId: null, payment: aPayment(), voucher: null },
    ...{ subscription: null, invoice: null, objects: [], ...changes },
  };
}

export function aRefundTruth(changes: Partial<RefundTruth> & Pick<RefundTruth, 'providerPaymentId'>): RefundTruth {
  return {
    ...{ providerRefundId: newId('re'), refundId: null, status: 'succeeded', taxMinor: null },
    ...{ amount: { amountMinor: 1000, currency: 'USD' }, createdAt: new Date().toISOString(), ...changes },
  };
}

export function aDispute(changes: Partial<DisputeTruth> & Pick<DisputeTruth, 'providerPaymentId'>): DisputeTruth {
  return {
    ...{ providerDisputeId: newId('dsp'), providerInvoiceId: null, status: 'needs_response', reason: 'fraudulent' },
    ...{ amount: { amountMinor: 4900, currency: 'USD' }, respondBy: null, createdAt: '2026-11-21T11:00:00.000Z' },
    ...changes,
  };
}
