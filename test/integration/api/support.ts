import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { MikroORM } from '@mikro-orm/postgresql';
import { pino } from 'pino';
import { createApp } from '../../../src/api/app.ts';
import type { ApiDeps } from '../../../src/api/deps.ts';
import { createGeoLookup } from '../../../src/api/geo/geo-lookup.ts';
import { mintKey, scopes, type KeyKind } from '../../../src/api/keys.ts';
import { createMetrics } from '../../../src/api/metrics.ts';
import { createProjectRules } from '../../../src/api/routing/project-rules.ts';
import type { TemporalGateway } from '../../../src/api/temporal.ts';
import { createKeyRing } from '../../../src/crypto/key-ring.ts';
import { newId } from '../../../src/db/new-id.ts';
import { openOrm } from '../../../src/db/orm.ts';
import { createProviderHealth } from '../../../src/health/create-provider-health.ts';
import type { ProviderHealth } from '../../../src/health/provider-health.ts';
import { openLimitReader } from '../../../src/db/queries/limits.ts';
import { openEventInbox } from '../../../src/db/queries/provider-events.ts';
import type { Policies } from '../../../src/policies.ts';
import { createDatabase } from '../../support/servers/postgres.ts';
import { fakeProviders } from './fake-providers.ts';

export const policies: Policies = {
  routing: new Map([
    [
      'standard',
      {
        name: 'standard',
        version: 3,
        description: 'As the shipped one.',
        rules: [
          { id: 'mexico-local', when: { country: ['MX'], card_country: ['MX', 'unknown'] }, provider: 'local' },
          { id: 'merchant-of-record', when: { country: 'served' }, provider: 'merchant' },
          { id: 'country-unknown', when: { country: 'unknown' }, provider: 'merchant' },
        ],
        fallback_provider: 'world',
      },
    ],
  ]),
  blockedCountries: [
    { country: 'KP', regions: null, since: '2026-01-01', reason: 'Embargo.' },
    { country: 'UA', regions: ['43'], since: '2026-01-01', reason: 'Embargo.' },
  ],
  countryCurrencies: { MX: 'MXN', US: 'USD', DE: 'EUR', RU: 'RUB' },
};

/** A worker in one object: opens, fails or times out as told, by writing the row as activities would. */
export interface FakeTemporal extends TemporalGateway {
  readonly opened: string[];
  readonly expired: string[];
  readonly begun: string[];
  readonly operated: string[];
  readonly ran: string[];
  /** What the worker does for `begin/<sub>`, `operate/<chg>` or a workflow's id. */
  work: (what: string) => Promise<void>;
  behave: (checkoutId: string) => Promise<void>;
  end: (checkoutId: string) => Promise<void>;
  absent: readonly string[];
}

export function fakeTemporal(orm: () => MikroORM): FakeTemporal {
  const run = (sql: string, params: unknown[]) => orm().em.fork().execute(sql, params, 'run');
  const fake: FakeTemporal = {
    opened: [],
    expired: [],
    begun: [],
    operated: [],
    ran: [],
    work: async () => undefined,
    absent: [],
    behave: async (id) => {
      await run(
        `update checkouts set
           status = case when routing->>'rule' = 'free' then 'paid' else 'open' end,
           provider = case when routing->>'rule' = 'free' then null else routing->>'provider' end,
           checkout_url = coalesce(checkout_url, 'https://pay.example/' || id), version = version + 1,
           expires_at = now() + interval '1 day' where id = ? and status = 'creating'`,
        [id],
      );
    },
    end: async (id) => {
      await run("update checkouts set status = 'canceled' where id = ?", [id]);
    },
    async openCheckout(start) {
      fake.opened.push(start.args[0].checkoutId);
      await fake.behave(start.args[0].checkoutId);
    },
    async expireCheckout(workflowId) {
      fake.expired.push(workflowId);
      await fake.end(workflowId.split('/')[1] ?? '');
    },
    async beginSubscription(start) {
      fake.begun.push(start.args[0].subscriptionId);
      await fake.work(`begin/${start.args[0].subscriptionId}`);
    },
    async operateSubscription(_subscriptionId, changeId) {
      fake.operated.push(changeId);
      await fake.work(`operate/${changeId}`);
    },
    async refundPayment(start) {
      fake.ran.push(start.workflowId);
      await fake.work(start.workflowId);
    },
    async runToEnd(start) {
      fake.ran.push(start.workflowId);
      await fake.work(start.workflowId);
    },
    checkProviderAccount: async () => ({ error: null, providerAccountId: 'acct_1', name: 'Acme' }),
    connectProviderWebhook: async () => ({ endpointId: 'we_1' }),
    pushPlans: async (_id, { dryRun }) => ({ isDone: true, expected: 0, dryRun, steps: [], benefits: [] }),
    readPush: async () => null,
    pushMeters: async (_id, { dryRun }) => ({ isDone: true, expected: 0, dryRun, steps: [] }),
    readMeterPush: async () => null,
    async startReconciliation(start) {
      fake.ran.push(start.workflowId);
      await fake.work(start.workflowId);
    },
    async steerReconciliation(runId, act) {
      fake.ran.push(`${act}/${runId}`);
      await fake.work(`${act}/${runId}`);
    },
    async startRollout(start) {
      fake.ran.push(start.workflowId);
      await fake.work(start.workflowId);
    },
    async steerRollout(rolloutId, act) {
      fake.ran.push(`${act.kind}/${rolloutId}`);
      await fake.work(`${act.kind}/${rolloutId}`);
    },
    async startUsageReport(start) {
      fake.ran.push(start.workflowId);
      await fake.work(start.workflowId);
    },
    async startMigrationPaper(start) {
      fake.ran.push(start.workflowId);
      await fake.work(start.workflowId);
    },
    async startMigration(start) {
      fake.ran.push(start.workflowId);
      await fake.work(start.workflowId);
    },
    async steerMigration(migrationId, act) {
      fake.ran.push(`${act}/${migrationId}`);
      await fake.work(`${act}/${migrationId}`);
    },
    async steerMigrationItem(_migrationId, itemId, act) {
      fake.ran.push(`${act}/${itemId}`);
      await fake.work(`${act}/${itemId}`);
    },
    missing: async () => fake.absent,
  };
  return fake;
}

export interface TestApi {
  readonly url: string;
  readonly databaseUrl: string;
  readonly orm: MikroORM;
  readonly health: ProviderHealth;
  readonly temporal: FakeTemporal;
  readonly logs: string[];
  readonly keys: Readonly<Record<'secret' | 'publishable' | 'other' | 'live' | 'reader', string>>;
  readonly plans: Readonly<Record<'pro' | 'free' | 'starter' | 'scale', string>>;
  call(method: string, path: string, options?: CallOptions): Promise<Called>;
  query(sql: string, params?: unknown[]): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

export interface CallOptions {
  readonly key?: string | null;
  readonly body?: unknown;
  readonly raw?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** All that tests read of any answer. */
export interface View {
  readonly text: string;
  readonly id: string;
  readonly code: string;
  readonly status: string | number;
  readonly request_id: string;
  readonly errors: readonly { readonly pointer: string; readonly code: string }[];
  readonly contact_url: string;
  readonly session_token: string;
  readonly checkout_id: string;
  readonly checkout_url: string | null;
  readonly organization_id: string;
  readonly mode: string;
  readonly amount: { readonly amount_minor: number; readonly currency: string };
  readonly routing: { readonly fallbacks: readonly string[] };
  readonly timeline: readonly { readonly what: string }[];
  readonly prices: readonly { readonly amount_minor: number; readonly currency: string }[];
  readonly provider_ids: unknown;
  readonly data: readonly { readonly id: string; readonly key: string }[];
  readonly next_cursor: string | null;
  readonly openapi: string;
  readonly paths: Readonly<Record<string, unknown>>;
  readonly event_id: string;
  readonly accepted?: number;
  readonly duplicate?: true;
}

export interface Called {
  readonly status: number;
  readonly headers: Headers;
  readonly body: View;
}

export async function startApi(overrides: Partial<ApiDeps> = {}): Promise<TestApi> {
  const database = await createDatabase();
  const orm = await openOrm(database.url);
  const seeded = await seed(orm);
  const inbox = openEventInbox(database.url);
  // More patience than in production: a busy machine must not look like a meter that cannot be read.
  const limits = openLimitReader(database.url, { patienceMs: 4_000 });
  const temporal = fakeTemporal(() => orm);
  const logs: string[] = [];
  const health = createProviderHealth({ orm, logger: pino({ level: 'silent' }), shareEveryMs: 0 });
  const server = createApp({
    ...{ orm, inbox, limits, policies, temporal, health, rules: createProjectRules({ orm, policies }) },
    providers: fakeProviders(),
    geo: createGeoLookup({ database: { country: () => null, builtAt: null }, ask: null }),
    keyRing: createKeyRing([{ id: 'k1', key: randomBytes(32) }]),
    verifyUserToken: null,
    logger: pino({ level: 'debug' }, { write: (line: string) => void logs.push(line) }),
    metrics: createMetrics(),
    egress: { allowPrivate: false, httpsOnly: false },
    settings: {
      publicUrl: 'http://api.test',
      trustProxy: [],
      cdnCountryHeader: null,
      cdnSecret: null,
      rateLimitPerMinute: 100_000,
      isProduction: false,
    },
    ...overrides,
  }).listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    ...{ url, databaseUrl: database.url, orm, health, temporal, logs, ...seeded },
    call: (method, path, options = {}) => call(url, method, path, { key: seeded.keys.secret, ...options }),
    query: (sql, params = []) => orm.em.fork().execute(sql, params),
    async close() {
      server.closeAllConnections();
      server.close();
      await inbox.close();
      await limits.close();
      await health.close();
      await orm.close();
      await database.drop();
    },
  };
}

async function call(url: string, method: string, path: string, options: CallOptions): Promise<Called> {
  const body = options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
  const response = await fetch(
    `${url}${path.startsWith('/billing') || path.startsWith('/ops') ? '/api/v1' : ''}${path}`,
    {
      method,
      headers: {
        ...(options.key && { authorization: `Bearer ${options.key}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(body !== undefined && { body }),
    },
  );
  const text = await response.text();
  const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : { text }) as View };
}

async function seed(orm: MikroORM): Promise<Pick<TestApi, 'keys' | 'plans'>> {
  const run = (sql: string, params: unknown[]) => orm.em.fork().execute(sql, params, 'run');
  for (const [id, origin] of [
    ['default', 'https://app.example'],
    ['other', 'https://other.example'],
  ])
    await run(
      `insert into projects (id, name, default_currency, default_success_url, default_cancel_url, default_phone,
         allowed_origins, routing_policy)
       values (?, ?, 'USD', ?, 'https://app.example/no', '+525512345678', array[?, 'http://localhost:*'], 'standard')`,
      [id, id, `${origin}/ok?c={CHECKOUT_ID}`, origin],
    );
  const key = async (kind: KeyKind, live: boolean, project: string, granted: readonly string[] = scopes) => {
    const minted = mintKey(kind, live);
    await run(
      `insert into api_keys (id, kind, name, key_hash, scopes, project_id, live) values (?, ?, 'test', ?, ?::text[], ?, ?)`,
      [newId('key'), kind, minted.hash, `{${(kind === 'secret' ? granted : []).join(',')}}`, project, live],
    );
    return minted.key;
  };
  const plan = async (name: string, kind: string, prices: [string | null, number, string][]) => {
    const id = newId('plan');
    await run(
      `insert into plans (id, key, name, kind, contact_url, sort_order, project_id)
       values (?, ?, ?, ?, ?, (select count(*) from plans), 'default')`,
      [id, name, name, kind, prices.length === 0 ? 'https://app.example/contact' : null],
    );
    for (const [interval, amount, currency] of prices) {
      const priceId = newId('price');
      await run(
        `insert into prices (id, plan_id, billing_interval, amount_minor, currency, project_id) values (?, ?, ?, ?, ?, 'default')`,
        [priceId, id, interval, amount, currency],
      );
      if (currency === 'USD' && amount > 0)
        await run(
          `insert into provider_prices (price_id, provider, provider_product_id, provider_price_id, project_id, live)
           values (?, 'merchant', ?, ?, 'default', false)`,
          [priceId, `mprod_${name}_${interval ?? 'once'}`, `mprice_${name}_${interval ?? 'once'}`],
        );
    }
    return id;
  };
  const plans = {
    free: await plan('free', 'subscription', [['monthly', 0, 'USD']]),
    pro: await plan('pro', 'subscription', [
      ['monthly', 2900, 'USD'],
      ['yearly', 29000, 'USD'],
      ['monthly', 49900, 'MXN'],
    ]),
    starter: await plan('starter-kit', 'one_time', [
      [null, 4900, 'USD'],
      [null, 89900, 'MXN'],
    ]),
    scale: await plan('scale', 'subscription', []),
  };
  const keys = {
    secret: await key('secret', false, 'default'),
    publishable: await key('publishable', false, 'default'),
    reader: await key('secret', false, 'default', ['billing:read']),
    live: await key('secret', true, 'default'),
    other: await key('secret', false, 'other'),
  };
  return { keys, plans };
}
