import type { MikroORM } from '@mikro-orm/postgresql';
import { createActivities, type Activities } from '../../../src/activities/index.ts';
import { newId } from '../../../src/db/new-id.ts';
import { openOrm } from '../../../src/db/orm.ts';
import { healthy } from '../../support/healthy.ts';
import type { InvoiceTruth, PaymentTruth } from '../../../src/domain/checkout/truth.ts';
import type { LifecyclePolicy } from '../../../src/domain/subscription/lifecycle-policy.ts';
import type { SubscriptionTruth } from '../../../src/domain/subscription/truth.ts';
import type { DisputeTruth } from '../../../src/domain/payment/truth.ts';
import type { ProviderClient } from '../../../src/providers/port.ts';
import { createDatabase } from '../../support/servers/postgres.ts';
import { fakeProviders } from '../api/fake-providers.ts';

export interface SubscriptionWorld {
  readonly orm: MikroORM;
  readonly activities: Activities;
  /** What `acme` says of the subscription; what it was told. */
  readonly acme: { truth: SubscriptionTruth | null; disputes: readonly DisputeTruth[]; readonly canceled: string[] };
  run(sql: string, params?: unknown[]): Promise<void>;
  query<Row extends Record<string, unknown>>(sql: string, params?: unknown[]): Promise<Row[]>;
  /** An active monthly subscription to `pro` at `acme`. */
  aSubscription(columns?: Readonly<Record<string, unknown>>): Promise<Ref>;
  policy(policy: Partial<LifecyclePolicy>): Promise<void>;
  end(): Promise<void>;
}

export interface Ref {
  readonly projectId: string;
  readonly live: boolean;
  readonly subscriptionId: string;
}

export const january = { currentPeriodStart: '2026-01-01T00:00:00.000Z', currentPeriodEnd: '2026-02-01T00:00:00.000Z' };
export const february = {
  currentPeriodStart: '2026-02-01T00:00:00.000Z',
  currentPeriodEnd: '2026-03-01T00:00:00.000Z',
};

export function aTruth(changes: Partial<SubscriptionTruth> = {}): SubscriptionTruth {
  return {
    ...{ providerSubscriptionId: 'acme_sub_1', providerCustomerId: 'acme_cus_1', status: 'active', quantity: 1 },
    ...{ amount: { amountMinor: 2900, currency: 'USD' }, ...january, trialStart: null, trialEnd: null },
    price: { providerProductId: 'acme_pro', providerPriceId: 'acme_pro_monthly' },
    ...{ cancelAtPeriodEnd: false, cancelAt: null, canceledAt: null, endedAt: null, pausedAt: null, resumesAt: null },
    ...{ invoices: [], payments: [] },
    ...changes,
  };
}

export function anInvoice(id: string, changes: Partial<InvoiceTruth> = {}): InvoiceTruth {
  return {
    ...{ providerInvoiceId: id, number: id, status: 'paid', total: { amountMinor: 2900, currency: 'USD' } },
    ...{ amountPaidMinor: 2900, amountRefundedMinor: 0, taxMinor: null, periodStart: null, periodEnd: null },
    ...{ issuedAt: '2026-01-01T00:00:00.000Z', paidAt: '2026-01-01T00:00:00.000Z', hostedUrl: null, pdfUrl: null },
    ...changes,
  };
}

export function aPayment(id: string, changes: Partial<PaymentTruth> = {}): PaymentTruth {
  return {
    ...{ providerPaymentId: id, status: 'succeeded', amount: { amountMinor: 2900, currency: 'USD' }, taxMinor: null },
    ...{ refundedMinor: 0, method: 'card', declineCode: null, paidAt: '2026-01-01T00:00:00.000Z' },
    ...{ providerInvoiceId: null, ...changes },
  };
}

export async function startSubscriptionWorld(): Promise<SubscriptionWorld> {
  const database = await createDatabase();
  const orm = await openOrm(database.url, { poolSize: 6 });
  const run = async (sql: string, params: unknown[] = []) => void (await orm.em.fork().execute(sql, params, 'run'));
  await run(`insert into projects (id, name, default_currency, routing_policy) values ('p', 'P', 'USD', 'x')`);
  await run(`insert into organizations (project_id, live, id) values ('p', false, 'org_1')`);
  for (const plan of ['pro', 'max']) await sell(run, plan);
  const acme: SubscriptionWorld['acme'] = { truth: null, disputes: [], canceled: [] };
  const providers = {
    ...fakeProviders(),
    account: async () => ({ live: false, webhookSecrets: [], client: acmeClient(acme) }),
  };
  return {
    ...{ orm, acme, run },
    activities: createActivities({
      ...{ orm, providers, background: providers, health: healthy },
      ...{ keyRing: null, lookGapsMs: [], maxCallsInFlight: 4 },
    }),
    query: (sql, params = []) => orm.em.fork().execute(sql, params),
    async aSubscription(columns = {}) {
      const id = newId('sub');
      const row = {
        ...{ id, project_id: 'p', live: false, organization_id: 'org_1', plan_id: 'plan_pro', status: 'active' },
        ...{ price_id: 'price_pro_monthly', billing_interval: 'monthly', quantity: 1, provider: 'acme' },
        ...{ provider_subscription_id: id, provider_customer_id: 'acme_cus_1', amount_minor: 2900, currency: 'USD' },
        ...{ current_period_start: january.currentPeriodStart, current_period_end: january.currentPeriodEnd },
        ...columns,
      };
      const names = Object.keys(row);
      await run(
        `insert into subscriptions (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`,
        Object.values(row),
      );
      acme.truth = aTruth({ providerSubscriptionId: id });
      acme.canceled.length = 0;
      acme.disputes = [];
      return { projectId: 'p', live: false, subscriptionId: id };
    },
    policy: (policy) => run(`update projects set lifecycle_policy = ? where id = 'p'`, [JSON.stringify(policy)]),
    async end() {
      await orm.close();
      await database.drop();
    },
  };
}

async function sell(run: SubscriptionWorld['run'], plan: string): Promise<void> {
  await run(
    `insert into plans (id, key, name, kind, sort_order, project_id) values (?, ?, ?, 'subscription', 1, 'p')`,
    [...[`plan_${plan}`, plan, plan]],
  );
  for (const interval of ['monthly', 'yearly']) {
    const id = `price_${plan}_${interval}`;
    await run(
      `insert into prices (id, plan_id, billing_interval, amount_minor, currency, project_id) values (?, ?, ?, 2900, 'USD', 'p')`,
      [id, `plan_${plan}`, interval],
    );
    await run(
      `insert into provider_prices (price_id, provider, provider_product_id, provider_price_id, project_id, live)
       values (?, 'acme', ?, ?, 'p', false)`,
      [id, `acme_${plan}`, `acme_${plan}_${interval}`],
    );
  }
}

/** A provider in an object: says what the test says, and ends what it is told to end. */
function acmeClient(acme: SubscriptionWorld['acme']): ProviderClient {
  const never = () => Promise.reject(new Error('not part of this test'));
  return {
    account: { check: never },
    customerData: { export: never, erase: never },
    customers: { create: never, get: never, update: never, remove: never, find: never },
    checkouts: { create: never, get: never },
    disputes: {
      get: async (id) => acme.disputes.find(({ providerDisputeId }) => providerDisputeId === id) ?? null,
      list: never,
    },
    subscriptions: {
      get: async () => acme.truth,
      list: never,
      cancel: async ({ idempotencyKey }) => {
        acme.canceled.push(idempotencyKey);
        const at = new Date().toISOString();
        acme.truth = aTruth({ ...acme.truth, status: 'canceled', canceledAt: at, endedAt: at });
        return acme.truth;
      },
    },
  };
}
