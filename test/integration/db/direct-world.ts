import type { MikroORM } from '@mikro-orm/postgresql';
import type { ActivityDeps } from '../../../src/activities/deps.ts';
import { newId } from '../../../src/db/new-id.ts';
import { openOrm } from '../../../src/db/orm.ts';
import { healthy } from '../../support/healthy.ts';
import type { SubscriptionTruth } from '../../../src/domain/subscription/truth.ts';
import { createProviderDirectory } from '../../../src/providers/directory.ts';
import type { CustomerInput, ProviderClient } from '../../../src/providers/port.ts';
import type { MoneyResult, PaymentMethodTruth } from '../../../src/providers/port-money.ts';
import { createDatabase } from '../../support/servers/postgres.ts';

type Subscriptions = Required<NonNullable<ProviderClient['subscriptions']>>;
type Methods = Required<NonNullable<ProviderClient['paymentMethods']>>;

export interface Called {
  readonly operation: string;
  readonly key: string | null;
}

/**
 * A provider in one object. It keeps what it is asked to make and remembers every call; a test scripts what `create` and
 * `attach` answer, once per call, and may lose the answer of work that was done.
 */
export function anAcme() {
  const calls: Called[] = [];
  const subscriptions = new Map<string, SubscriptionTruth>();
  const methods = new Map<string, PaymentMethodTruth>();
  const customers: CustomerInput[] = [];
  const acme = {
    calls,
    subscriptions,
    methods,
    customers,
    /** What the next calls answer; empty: they succeed. */
    creates: [] as ((input: Parameters<Subscriptions['create']>[0]) => Promise<MoneyResult<SubscriptionTruth>>)[],
    attaches: [] as ((input: Parameters<Methods['attach']>[0]) => Promise<MoneyResult<PaymentMethodTruth>>)[],
    find: async (id: string): Promise<SubscriptionTruth | null> => subscriptions.get(id) ?? null,
    /** What a cancellation does first. */
    cancel: async (): Promise<void> => undefined,
    detach: async (id: string): Promise<void> => void methods.delete(id),
    keysOf: (operation: string) => calls.filter((call) => call.operation === operation).map(({ key }) => key),
    client: null as unknown as ProviderClient,
  };
  const note = (operation: string, key: string | null = null) => void calls.push({ operation, key });
  const kept = (id: string, status: SubscriptionTruth['status']) => {
    const truth = aTruth(id, status);
    subscriptions.set(id, truth);
    return truth;
  };
  const never = () => Promise.reject(new Error('not for these tests'));
  acme.client = {
    account: { check: never },
    customerData: { export: never, erase: never },
    checkouts: { create: never, get: never },
    customers: {
      ...{ get: never, update: never, remove: never },
      find: async () => (note('customers.find'), null),
      async create(input) {
        note('customers.create', input.idempotencyKey);
        customers.push(input);
        return { providerCustomerId: 'cus_1', organizationId: input.organizationId, email: input.email };
      },
    },
    subscriptions: {
      list: never,
      get: async ({ providerSubscriptionId }) =>
        [...subscriptions.values()].find((truth) => truth.providerSubscriptionId === providerSubscriptionId) ?? null,
      async create(input) {
        note('subscriptions.create', input.idempotencyKey);
        const scripted = acme.creates.shift();
        if (scripted) return scripted(input);
        return { outcome: 'succeeded', value: kept(input.subscriptionId, 'active') };
      },
      async find({ subscriptionId }) {
        note('subscriptions.find');
        return acme.find(subscriptionId);
      },
      async cancel({ providerSubscriptionId, idempotencyKey }) {
        note('subscriptions.cancel', idempotencyKey);
        await acme.cancel();
        return kept(providerSubscriptionId.replace('psub_', ''), 'canceled');
      },
      async setPaymentMethod({ providerSubscriptionId, providerPaymentMethodId, idempotencyKey }) {
        note(`subscriptions.setPaymentMethod ${providerPaymentMethodId}`, idempotencyKey);
        return aTruth(providerSubscriptionId.replace('psub_', ''), 'active');
      },
    },
    paymentMethods: {
      async attach(input) {
        note('paymentMethods.attach', input.idempotencyKey);
        const scripted = acme.attaches.shift();
        if (scripted) return scripted(input);
        const value = aMethod(`ppm_${input.token}`, { isDefault: input.setAsDefault });
        methods.set(value.providerPaymentMethodId, value);
        return { outcome: 'succeeded', value };
      },
      get: async ({ providerPaymentMethodId }) => methods.get(providerPaymentMethodId) ?? null,
      list: async () => (note('paymentMethods.list'), { items: [...methods.values()], nextCursor: null }),
      async detach({ providerPaymentMethodId, idempotencyKey }) {
        note(`paymentMethods.detach ${providerPaymentMethodId}`, idempotencyKey);
        await acme.detach(providerPaymentMethodId);
      },
      async setDefault({ providerPaymentMethodId, idempotencyKey }) {
        note(`paymentMethods.setDefault ${providerPaymentMethodId}`, idempotencyKey);
        const now = [...methods.values()].map((method) => ({
          ...method,
          isDefault: method.providerPaymentMethodId === providerPaymentMethodId,
        }));
        for (const method of now) methods.set(method.providerPaymentMethodId, method);
        return methods.get(providerPaymentMethodId) ?? aMethod(providerPaymentMethodId);
      },
    },
  };
  return acme;
}

export type Acme = ReturnType<typeof anAcme>;

export function aTruth(id: string, status: SubscriptionTruth['status']): SubscriptionTruth {
  const isRunning = status === 'active' || status === 'trialing' || status === 'past_due';
  return {
    ...{ providerSubscriptionId: `psub_${id}`, providerCustomerId: 'cus_1', status, quantity: 1, price: null },
    amount: { amountMinor: 2_900, currency: 'USD' },
    currentPeriodStart: isRunning ? '2026-11-21T12:00:00.000Z' : null,
    currentPeriodEnd: isRunning ? '2026-12-21T12:00:00.000Z' : null,
    ...{ trialStart: null, trialEnd: null, cancelAtPeriodEnd: false, cancelAt: null },
    ...{ canceledAt: status === 'canceled' ? '2026-11-21T12:00:01.000Z' : null, endedAt: null },
    ...{ pausedAt: null, resumesAt: null, invoices: [], payments: [] },
  };
}

export function aMethod(id: string, changes: Partial<PaymentMethodTruth> = {}): PaymentMethodTruth {
  return {
    ...{ providerPaymentMethodId: id, providerCustomerId: 'cus_1', type: 'card', brand: 'visa', last4: '4242' },
    ...{ expMonth: 12, expYear: 2030, country: 'US', isDefault: false, ...changes },
  };
}

/** A database with one project, plan and organization, and activities that know the provider `acme`. */
export async function startDirectWorld() {
  const database = await createDatabase();
  const orm: MikroORM = await openOrm(database.url, { poolSize: 6 });
  const query = <Row extends object = Record<string, unknown>>(sql: string, params: unknown[] = []) =>
    orm.em.fork().execute<Row[]>(sql, params);
  await query(`insert into projects (id, name, default_currency, routing_policy) values ('p', 'P', 'USD', 'x')`);
  await query(`insert into organizations (project_id, live, id, email) values ('p', false, 'org_1', 'a@b.example')`);
  await query(
    `insert into plans (id, key, name, kind, sort_order, project_id) values ('plan_1', 'pro', 'Pro', 'subscription', 1, 'p')`,
  );
  await query(
    `insert into prices (id, plan_id, billing_interval, amount_minor, currency, project_id)
     values ('price_1', 'plan_1', 'monthly', 2900, 'USD', 'p')`,
  );
  let acme = anAcme();
  const none = createProviderDirectory({ env: {}, http: () => ({ timeoutMs: 1 }), loadAccounts: async () => [] });
  const providers = {
    ...none,
    account: async () => ({ live: false, webhookSecrets: [], client: acme.client }),
  };
  const deps: ActivityDeps = {
    ...{ orm, keyRing: null, lookGapsMs: [1_000], maxCallsInFlight: 10 },
    ...{ providers, background: providers, health: healthy },
  };
  return {
    deps,
    query,
    /** A fresh provider and empty tables. */
    async reset(): Promise<Acme> {
      acme = anAcme();
      await query(
        'truncate subscriptions, payment_methods, provider_customers, provider_objects, outbound_events, entitlements cascade',
      );
      return acme;
    },
    async aSubscription(columns: Readonly<Record<string, unknown>> = {}) {
      const id = newId('sub');
      const row = {
        ...{ id, project_id: 'p', live: false, organization_id: 'org_1', plan_id: 'plan_1', price_id: 'price_1' },
        ...{ status: 'incomplete', billing_interval: 'monthly', quantity: 1, provider: 'acme', amount_minor: 2_900 },
        ...{ currency: 'USD', collection: 'provider', metadata: '{}', ...columns },
      };
      await insert('subscriptions', row);
      return { projectId: 'p', live: false, subscriptionId: id };
    },
    async aMethodRow(columns: Readonly<Record<string, unknown>> = {}) {
      const id = newId('pm');
      const row = { id, project_id: 'p', live: false, organization_id: 'org_1', provider: 'acme', status: 'attaching' };
      await insert('payment_methods', { ...row, ...columns });
      return { projectId: 'p', live: false, id };
    },
    one: async (table: 'subscriptions' | 'payment_methods', id: string) =>
      (await query(`select * from ${table} where id = ?`, [id]))[0] ?? {},
    eventsOf: async (id: string) =>
      (
        await query<{ type: string }>('select type from outbound_events where object_id = ? order by sequence', [id])
      ).map(({ type }) => type),
    async end() {
      await orm.close();
      await database.drop();
    },
  };

  function insert(table: string, row: Readonly<Record<string, unknown>>) {
    const names = Object.keys(row);
    return query(
      `insert into ${table} (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`,
      Object.values(row),
    );
  }
}
