import type { MikroORM } from '@mikro-orm/postgresql';
import { createActivities, type Activities } from '../../../src/activities/index.ts';
import {
  SubscriptionChangeEntity,
  SubscriptionEntity,
  type SubscriptionChange,
} from '../../../src/db/entities/subscription.ts';
import { newId } from '../../../src/db/new-id.ts';
import { openOrm } from '../../../src/db/orm.ts';
import { healthy } from '../../support/healthy.ts';
import { BillingError } from '../../../src/domain/errors.ts';
import type { ProviderAbilities, SubscriptionAbilities } from '../../../src/domain/routing/abilities.ts';
import type { SubscriptionTruth } from '../../../src/domain/subscription/truth.ts';
import type { ProviderClient, ProviderDirectory } from '../../../src/providers/port.ts';
import type { MoneyResult } from '../../../src/providers/port-money.ts';
import type { SubscriptionOperations } from '../../../src/providers/port-subscriptions.ts';
import { createDatabase } from '../../support/servers/postgres.ts';
import { everything } from '../../unit/domain/operations.ts';
import { fakeProviders } from '../api/fake-providers.ts';

const dayMs = 86_400_000;
export const inDays = (days: number) => new Date(Date.now() + days * dayMs).toISOString();

/** What goes wrong with the next call of an operation. */
export type Fault = 'answer_lost' | 'call_lost' | 'declined' | 'refused' | 'unavailable' | 'confirm';

/** A provider in an object: keeps one subscription, and remembers what it was told. */
export interface Acme {
  truth: SubscriptionTruth;
  abilities: SubscriptionAbilities;
  readonly calls: {
    readonly name: string;
    readonly key: string;
    readonly when: string | null;
    readonly done: boolean;
  }[];
  /** Strikes once. */
  readonly faults: Map<string, Fault>;
  /** Every subscription it has ever had, by id; at most one may live at a time. */
  readonly all: Map<string, SubscriptionTruth>;
}

export interface OperationWorld {
  readonly orm: MikroORM;
  readonly activities: Activities;
  readonly acme: Acme;
  query<Row extends Record<string, unknown>>(sql: string, params?: unknown[]): Promise<Row[]>;
  /** An active monthly subscription to `pro` in the middle of its period. */
  aSubscription(columns?: Readonly<Record<string, unknown>>): Promise<Ref>;
  /** What the API writes. */
  ask(ref: Ref, kind: SubscriptionChange['kind'], more?: Partial<SubscriptionChange>): Promise<string>;
  end(): Promise<void>;
}

export interface Ref {
  readonly projectId: string;
  readonly live: boolean;
  readonly subscriptionId: string;
}

const amounts: Readonly<Record<string, number>> = {
  acme_free_monthly: 0,
  acme_pro_monthly: 2_900,
  acme_max_monthly: 9_900,
};

export async function startOperationWorld(): Promise<OperationWorld> {
  const database = await createDatabase();
  const orm = await openOrm(database.url, { poolSize: 8 });
  const run = async (sql: string, params: unknown[] = []) => void (await orm.em.fork().execute(sql, params, 'run'));
  await run(`insert into projects (id, name, default_currency, routing_policy) values ('p', 'P', 'USD', 'x')`);
  await run(`insert into organizations (project_id, live, id) values ('p', false, 'org_1')`);
  for (const plan of ['free', 'pro', 'max']) await sell(run, plan);
  const acme: Acme = {
    ...{ truth: aTruth('none'), abilities: everything, calls: [], faults: new Map(), all: new Map() },
  };
  const providers = directoryOf(acme);
  return {
    ...{ orm, acme },
    activities: createActivities({
      ...{ orm, providers, background: providers, health: healthy },
      ...{ keyRing: null, lookGapsMs: [], maxCallsInFlight: 4 },
    }),
    query: (sql, params = []) => orm.em.fork().execute(sql, params),
    async aSubscription(columns = {}) {
      const id = newId('sub');
      acme.truth = aTruth(`acme_${id}`);
      acme.abilities = everything;
      acme.calls.length = 0;
      acme.faults.clear();
      acme.all.clear();
      const row = {
        ...{ id, project_id: 'p', live: false, organization_id: 'org_1', plan_id: 'plan_pro', status: 'active' },
        ...{ price_id: 'price_pro', billing_interval: 'monthly', quantity: 1, provider: 'acme', currency: 'USD' },
        ...{ provider_subscription_id: `acme_${id}`, provider_customer_id: 'cus_1', amount_minor: 2_900 },
        ...{ current_period_start: acme.truth.currentPeriodStart, current_period_end: acme.truth.currentPeriodEnd },
        ...columns,
      };
      const names = Object.keys(row);
      await run(
        `insert into subscriptions (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`,
        Object.values(row),
      );
      return { projectId: 'p', live: false, subscriptionId: id };
    },
    async ask(ref, kind, more = {}) {
      const em = orm.em.fork();
      const id = newId('chg');
      em.create(
        SubscriptionChangeEntity,
        {
          ...{ id, projectId: 'p', live: false, organizationId: 'org_1', subscriptionId: ref.subscriptionId, kind },
          ...{ status: 'requested', timing: 'now', method: null, actor: 'key_1', effectiveAt: null },
          ...{ planId: null, priceId: null, billingInterval: null, quantity: null, proration: null },
          ...{
            prorationAt: null,
            resumesAt: null,
            reason: null,
            comment: null,
            failureCode: null,
            failureDetail: null,
          },
          ...more,
        },
        { persist: true },
      );
      await em.flush();
      return id;
    },
    async end() {
      await orm.close();
      await database.drop();
    },
  };
}

async function sell(run: (sql: string, params: unknown[]) => Promise<void>, plan: string): Promise<void> {
  await run(
    `insert into plans (id, key, name, kind, sort_order, project_id) values (?, ?, ?, 'subscription', 1, 'p')`,
    [`plan_${plan}`, plan, plan],
  );
  await run(
    `insert into prices (id, plan_id, billing_interval, amount_minor, currency, project_id) values (?, ?, 'monthly', ?, 'USD', 'p')`,
    [`price_${plan}`, `plan_${plan}`, amounts[`acme_${plan}_monthly`]],
  );
  await run(
    `insert into provider_prices (price_id, provider, provider_product_id, provider_price_id, project_id, live)
     values (?, 'acme', ?, ?, 'p', false)`,
    [`price_${plan}`, `acme_${plan}`, `acme_${plan}_monthly`],
  );
}

function aTruth(id: string): SubscriptionTruth {
  return {
    ...{ providerSubscriptionId: id, providerCustomerId: 'cus_1', status: 'active', quantity: 1 },
    amount: { amountMinor: 2_900, currency: 'USD' },
    price: { providerProductId: 'acme_pro', providerPriceId: 'acme_pro_monthly' },
    ...{ currentPeriodStart: inDays(-15), currentPeriodEnd: inDays(15), trialStart: null, trialEnd: null },
    ...{ cancelAtPeriodEnd: false, cancelAt: null, canceledAt: null, endedAt: null, pausedAt: null, resumesAt: null },
    ...{ invoices: [], payments: [] },
  };
}

function directoryOf(acme: Acme): ProviderDirectory {
  const fake = fakeProviders();
  const base = fake.abilities('world');
  const abilities = (): ProviderAbilities | null => base && { ...base, subscriptions: acme.abilities };
  return {
    ...fake,
    abilities: (id) => (id === 'acme' ? abilities() : null),
    operations: () => ['create', 'find', 'resume', 'cancelChange'].map((name) => `subscriptions.${name}`),
    account: async () => ({ live: false, webhookSecrets: [], client: clientOf(acme) }),
  };
}

function clientOf(acme: Acme): ProviderClient {
  const never = () => Promise.reject(new Error('not part of this test'));
  return {
    account: { check: never },
    customerData: { export: never, erase: never },
    customers: { create: never, get: never, update: never, remove: never, find: never },
    checkouts: { create: never, get: never },
    subscriptions: subscriptionsOf(acme),
  };
}

function subscriptionsOf(acme: Acme): SubscriptionOperations {
  const at = () => new Date().toISOString();
  const money = (name: string, key: string, when: string | null, change: Partial<SubscriptionTruth>) =>
    work(acme, { name, key, when }, change);
  const sure = async (...call: Parameters<typeof money>) => {
    const result = await money(...call);
    if (result.outcome === 'succeeded') return result.value;
    throw unknown();
  };
  return {
    get: async ({ providerSubscriptionId: id }) =>
      acme.all.get(id) ?? (id === acme.truth.providerSubscriptionId ? acme.truth : null),
    list: () => Promise.reject(new Error('not part of this test')),
    cancel: ({ idempotencyKey, when }) =>
      sure('cancel', idempotencyKey, when, {
        canceledAt: at(),
        ...(when === 'now'
          ? { status: 'canceled', endedAt: at() }
          : { cancelAtPeriodEnd: true, cancelAt: acme.truth.currentPeriodEnd }),
      }),
    undoCancel: ({ idempotencyKey }) =>
      sure('undoCancel', idempotencyKey, null, { cancelAtPeriodEnd: false, cancelAt: null, canceledAt: null }),
    pause: ({ idempotencyKey, when, resumesAt }) =>
      sure('pause', idempotencyKey, when, when === 'now' ? { status: 'paused', pausedAt: at(), resumesAt } : {}),
    resume: ({ idempotencyKey }) =>
      money('resume', idempotencyKey, null, { status: 'active', pausedAt: null, resumesAt: null }),
    change: ({ idempotencyKey, when, price, quantity }) => {
      const { providerPriceId = null } = price ?? {};
      const amountMinor = (price?.unitAmount.amountMinor ?? 2_900) * (quantity ?? acme.truth.quantity);
      return money('change', idempotencyKey, when, {
        ...(when === 'now' && {
          ...(quantity !== null && { quantity }),
          ...(price && { price: { providerProductId: price.providerProductId, providerPriceId } }),
          amount: { amountMinor, currency: 'USD' },
        }),
      });
    },
    cancelChange: ({ idempotencyKey }) => sure('cancelChange', idempotencyKey, null, {}),
    create: ({ idempotencyKey, trialEnd, line }) => {
      const old = acme.truth;
      acme.all.set(old.providerSubscriptionId, old);
      return money('create', idempotencyKey, null, {
        ...{ providerSubscriptionId: `${old.providerSubscriptionId}_new`, canceledAt: null, endedAt: null },
        ...{ status: trialEnd === null ? 'active' : 'trialing', trialEnd, currentPeriodEnd: trialEnd },
        ...{ amount: line.unitAmount, price: line.providerPrice },
      });
    },
    find: async () => acme.truth,
  };
}

/** Does the work once per key, and answers as the fault says. */
async function work(
  acme: Acme,
  call: { readonly name: string; readonly key: string; readonly when: string | null },
  change: Partial<SubscriptionTruth>,
): Promise<MoneyResult<SubscriptionTruth>> {
  const fault = acme.faults.get(call.name);
  acme.faults.delete(call.name);
  const isDone = fault === undefined || fault === 'answer_lost';
  acme.calls.push({ ...call, done: isDone });
  if (isDone) acme.truth = { ...acme.truth, ...change };
  switch (fault) {
    case 'declined':
      return { outcome: 'declined', declineCode: 'insufficient_funds', providerCode: 'no_money', value: null };
    case 'refused':
      throw new BillingError({
        code: 'provider_rejected',
        kind: 'invalid',
        message: 'No.',
        details: { provider_code: 'x' },
      });
    case 'unavailable':
      throw new BillingError({ code: 'provider_unreachable', kind: 'unavailable', message: 'Away.' });
    case 'answer_lost':
    case 'call_lost':
      return { outcome: 'unknown', reason: 'timeout', providerCode: null };
    case 'confirm':
      return { outcome: 'pending', value: acme.truth, nextAction: { kind: 'confirm', clientSecret: 'secret' } };
    case undefined:
      return { outcome: 'succeeded', value: acme.truth };
  }
}

function unknown(): BillingError {
  const details = { outcome: 'unknown' };
  return new BillingError({ code: 'provider_timeout', kind: 'unavailable', message: 'Late.', details });
}

/** What the tests of operations have in common. */
export function toolsOf(world: () => OperationWorld) {
  const operate = (ref: Ref, changeId: string) => world().activities.operateSubscription({ ...ref, changeId });
  const rowOf = ({ subscriptionId }: Ref) =>
    world().orm.em.fork().findOneOrFail(SubscriptionEntity, { id: subscriptionId });
  const changeOf = (id: string) => world().orm.em.fork().findOneOrFail(SubscriptionChangeEntity, { id });
  const eventsOf = async ({ subscriptionId }: Ref) =>
    (
      await world().query(`select type from outbound_events where object_id = ? order by sequence`, [subscriptionId])
    ).map(({ type }) => type);
  const names = () => world().acme.calls.map(({ name, when }) => (when === null ? name : `${name} ${when}`));
  /** As if its hour had come: the period ends within it. */
  async function due(ref: Ref, changeId: string, currentPeriodEnd = inDays(1 / 25)): Promise<void> {
    world().acme.truth = { ...world().acme.truth, currentPeriodEnd };
    const [now] = await world().query(`select now() - interval '1 second' as at`);
    const params = [currentPeriodEnd, now?.['at'], ref.subscriptionId];
    await world().query(
      `update subscriptions set current_period_end = ?, cancel_at = case when cancel_at is null then null else ?::timestamptz end
       where id = ? returning id`,
      params,
    );
    await world().query(`update subscription_changes set effective_at = ? where id = ? returning id`, [
      now?.['at'],
      changeId,
    ]);
  }
  return { operate, rowOf, changeOf, eventsOf, names, due };
}
