import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { createAssignUsage } from '../../../../src/activities/assign-usage.ts';
import { createBeginUsageReport, type UsageReportRef } from '../../../../src/activities/begin-usage-report.ts';
import { createCollectUsage } from '../../../../src/activities/collect-usage.ts';
import { createCompareUsage } from '../../../../src/activities/compare-usage.ts';
import type { ActivityDeps } from '../../../../src/activities/deps.ts';
import { createEnterUsageComparison, createFinishUsageReport } from '../../../../src/activities/finish-usage-report.ts';
import { createNoteRefusedUsage } from '../../../../src/activities/note-refused-usage.ts';
import { createSendUsage } from '../../../../src/activities/send-usage.ts';
import { newId } from '../../../../src/db/new-id.ts';
import { openOrm } from '../../../../src/db/orm.ts';
import { findReport, requestReport } from '../../../../src/db/queries/usage-reports.ts';
import type { Aggregation } from '../../../../src/domain/usage/meter.ts';
import { createAccounts } from '../../../../src/providers/accounts.ts';
import type { ProviderAccount } from '../../../../src/providers/port.ts';
import { healthy } from '../../../support/healthy.ts';
import { createDatabase } from '../../../support/servers/postgres.ts';
import { fakeProviders } from '../../api/fake-providers.ts';

export type UsageWorld = Awaited<ReturnType<typeof openUsageWorld>>;

export const scope = { projectId: 'p', live: false };
const hourMs = 3_600_000;

/** What an app tells. */
export interface Used {
  readonly id?: string;
  readonly name?: string;
  readonly quantity?: string;
  readonly atMs?: number;
  readonly properties?: Readonly<Record<string, string | number>>;
  readonly corrects?: string;
}

/** Somebody who uses, and who bills them. */
export interface Buyer {
  readonly id: string;
  readonly provider: string | null;
  readonly customerId: string;
}

/**
 * A project with real accounts at the providers that a sandbox plays over HTTP, and a database of its own. Reports are
 * made by the activities themselves, one call after another as their workflow makes them.
 */
export async function openUsageWorld() {
  const [database, sandbox] = await Promise.all([createDatabase(), startProviders()]);
  const orm = await openOrm(database.url, { poolSize: 8 });
  const env = Object.fromEntries(
    Object.entries(sandbox.config).flatMap(([provider, keys]) =>
      Object.entries(keys).map(([key, value]) => [`${provider.toUpperCase()}_${key.toUpperCase()}`, value]),
    ),
  );
  const { accounts, faults } = createAccounts(env, () => ({ timeoutMs: 2_000 }));
  const account = (id: string): ProviderAccount => {
    const found = accounts.get(id);
    if (!found) throw new Error(`no account at ${id}: ${JSON.stringify(faults)}`);
    return found;
  };
  const providers = { ...fakeProviders(), account: async (_p: string, _l: boolean, id: string) => account(id) };
  const deps: ActivityDeps = {
    ...{ orm, providers, background: providers, health: healthy, keyRing: null, lookGapsMs: [], maxCallsInFlight: 40 },
  };
  const query = <Row extends Record<string, unknown>>(sql: string, params: unknown[] = []): Promise<Row[]> =>
    orm.em.fork().execute(sql, params);
  const run = async (sql: string, params: unknown[] = []) => void (await orm.em.fork().execute(sql, params, 'run'));
  await run(`insert into projects (id, name, default_currency, routing_policy) values ('p', 'Shop', 'USD', 'x')`);
  await run(
    `insert into plans (id, key, name, kind, sort_order, project_id) values ('plan', 'plan', 'Plan', 'subscription', 1, 'p')`,
  );
  await run(
    `insert into prices (id, plan_id, billing_interval, amount_minor, currency, project_id) values ('price', 'plan', 'monthly', 1, 'USD', 'p')`,
  );
  const control = controlOf(sandbox);
  let buyers = 0;
  let told = 0;

  /** @param input.periodStartMs When the running period began; a day ago unless said. */
  async function buyer(provider: string | null, input: { readonly periodStartMs?: number } = {}): Promise<Buyer> {
    buyers += 1;
    const number = buyers;
    const id = `org_${number}`;
    await run(`insert into organizations (project_id, live, id) values ('p', false, ?)`, [id]);
    if (provider === null) return { id, provider, customerId: '' };
    const { providerCustomerId } = await account(provider).client.customers.create({
      ...{ organizationId: id, providerCustomerId: null, email: `${id}@example.com`, name: 'Ada Example' },
      ...{ phone: '+525555555555', address: null, idempotencyKey: newId('key') },
    });
    await run(
      `insert into subscriptions (id, organization_id, project_id, live, plan_id, price_id, status, billing_interval,
         quantity, provider, provider_subscription_id, provider_customer_id, amount_minor, currency, current_period_start)
       values (?, ?, 'p', false, 'plan', 'price', 'active', 'monthly', 1, ?, ?, ?, 1, 'USD', ?)`,
      [
        ...[`sub_${number}`, id, provider, `there_${number}`, providerCustomerId],
        new Date(input.periodStartMs ?? Date.now() - 24 * hourMs),
      ],
    );
    await run(
      `insert into entitlements (project_id, live, organization_id, source_kind, source_id, is_allowed, reason)
       values ('p', false, ?, 'subscription', ?, true, 'subscription_active')`,
      [id, `sub_${number}`],
    );
    return { id, provider, customerId: providerCustomerId };
  }

  /** A meter of its own over events of its own name, unless one is given. */
  async function meter(
    aggregation: Aggregation,
    input: { readonly property?: string; readonly eventName?: string } = {},
  ) {
    const id = newId('mtr');
    const key = `m${id.slice(-12)}`;
    const eventName = input.eventName ?? key;
    await run(
      `insert into meters (id, key, name, event_name, aggregation, property, limit_behavior, when_unreadable, status,
         project_id, live) values (?, ?, 'Meter', ?, ?, ?, 'soft', 'open', 'active', 'p', false)`,
      [id, key, eventName, aggregation, input.property ?? null],
    );
    return { id, key, eventName };
  }

  /** Stored as the API stores them, all in one transaction. */
  async function use(whose: Buyer, events: readonly (Used & { readonly name: string })[]): Promise<void> {
    for (const event of events) {
      told += 1;
      await run(
        `insert into usage_events (event_key, project_id, live, organization_id, event_id, event_name, quantity,
           properties, corrects, occurred_at)
         values (usage_event_key('p', false, ?::text, ?::text), 'p', false, ?, ?, ?, ?::numeric, ?::jsonb, ?, ?)`,
        [
          ...[whose.id, event.id ?? `e${told}`, whose.id, event.id ?? `e${told}`, event.name, event.quantity ?? '1'],
          ...[event.properties ? JSON.stringify(event.properties) : null, event.corrects ?? null],
          new Date(event.atMs ?? Date.now() - 1_000),
        ],
      );
    }
  }

  /** What the provider has counted of a meter over all time, asked by the adapter. */
  async function counted(
    whose: Buyer,
    { id }: { readonly id: string },
    fromMs = Date.now() - 48 * hourMs,
  ): Promise<string> {
    const provider = whose.provider ?? '';
    const [row] = await query<{ there: string }>(
      'select provider_meter_id as there from provider_meters where meter_id = ? and provider = ?',
      [id, provider],
    );
    const { usage } = account(provider).client;
    if (!row || !usage) throw new Error(`${provider} has no such meter`);
    const to = new Date(Date.now() + hourMs).toISOString();
    const period = { from: new Date(fromMs).toISOString(), to };
    return usage.quantity({ providerMeterId: row.there, providerCustomerId: whose.customerId, ...period });
  }

  const items = (report: UsageReportRef) =>
    query<{
      id: string;
      status: string;
      code: string | null;
      quantity: string;
      events: number;
      provider: string | null;
      generation: number;
      meter_id: string;
      attempts: number;
    }>(
      `select id, status, code, trim_scale(quantity)::text as quantity, events::int as events, provider, generation,
         meter_id, attempts from usage_report_items where report_id = ? order by meter_id, bucket, value`,
      [report.reportId],
    );

  /** Transactions of other tests on the same server hold back what a report may cover. */
  async function settled(): Promise<void> {
    for (let tries = 0; tries < 1_200; tries += 1) {
      const [row] = await query<{ isSettled: boolean }>(
        `select coalesce(max(xid) < pg_snapshot_xmin(pg_current_snapshot()), true) as "isSettled" from usage_events`,
      );
      if (row?.isSettled) return;
      await sleep(50);
    }
    throw new Error('a transaction never ended');
  }

  async function ask(): Promise<UsageReportRef> {
    await settled();
    const { report } = await requestReport(orm.em.fork(), {
      ...{ id: newId('ur'), projectId: 'p', live: false, cause: 'request', actor: 'test' },
    });
    return { ...scope, reportId: report.id };
  }

  return {
    ...{ orm, deps, query, run, account, buyer, meter, use, counted, items, ask, settled, control },
    metering: [...accounts].flatMap(([id, { client }]) => (client.usage ? [id] : [])),
    notMetering: [...accounts].flatMap(([id, { client }]) => (client.usage ? [] : [id])),
    activities: activitiesOf(deps),
    row: (ref: UsageReportRef) => findReport(orm.em.fork(), scope, ref.reportId),
    async close() {
      await orm.close();
      await Promise.all([sandbox.stop(), database.drop()]);
    },
  };
}

/** Small stretches, so that what is told spans several. */
function activitiesOf(deps: ActivityDeps) {
  return {
    begin: createBeginUsageReport(deps),
    collect: createCollectUsage(deps, { events: 3 }),
    assign: createAssignUsage(deps),
    send: createSendUsage(deps),
    enterComparison: createEnterUsageComparison(deps),
    compare: createCompareUsage(deps),
    finish: createFinishUsageReport(deps),
    noteRefused: createNoteRefusedUsage(deps),
  };
}

/** Calls an activity as a worker does that dies after each call: its answer is lost, and the same call is made again. */
export function twice<Input, Output>(work: (input: Input) => Promise<Output>): (input: Input) => Promise<Output> {
  return async (input) => {
    await work(input).catch(() => undefined);
    return work(input);
  };
}

/** As the engine does: what failed in a way that passes is tried again. */
async function patiently<Output>(work: () => Promise<Output>): Promise<Output> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (tries === 8) throw error;
    }
  }
}

/** A whole report, step by step as its workflow goes. */
export async function report(
  world: UsageWorld,
  options: { readonly isCrashing?: boolean; readonly ref?: UsageReportRef } = {},
): Promise<UsageReportRef> {
  const { activities: calls } = world;
  const once = <Input, Output>(work: (input: Input) => Promise<Output>) => (options.isCrashing ? twice(work) : work);
  const ref = options.ref ?? (await world.ask());
  const row = await once(calls.begin)(ref);
  if (row.phase === 'collect') while (!(await once(calls.collect)(ref)).isDone);
  const { providers } = await once(calls.assign)(ref);
  for (const provider of providers) await sendAll(world, ref, provider, once(calls.send));
  await once(calls.enterComparison)(ref);
  for (const provider of providers)
    await patiently(() => once(calls.compare)({ ...ref, provider, cursor: null, isAgain: false }));
  await once(calls.finish)({ ...ref, failure: null });
  return ref;
}

export async function sendAll(
  world: UsageWorld,
  ref: UsageReportRef,
  provider: string,
  send: UsageWorld['activities']['send'] = world.activities.send,
): Promise<void> {
  for (let cursor: string | null = null, moved = 0; ;) {
    const done: Awaited<ReturnType<typeof send>> = await patiently(() => send({ ...ref, provider, cursor }));
    moved += done.moved;
    cursor = done.cursor;
    if (cursor === null && moved === 0) return;
    if (cursor === null) moved = 0;
  }
}

const started = z.object({
  ...{ url: z.string(), adminToken: z.string() },
  config: z.record(z.string(), z.record(z.string(), z.coerce.string())),
});

async function startProviders() {
  const worker = new Worker(new URL('../reconciliation/sandbox-worker.ts', import.meta.url));
  const [message] = await once(worker, 'message');
  return { ...started.parse(message), stop: () => worker.terminate() };
}

function controlOf({ url, adminToken }: { readonly url: string; readonly adminToken: string }) {
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const reply = await fetch(`${url}/_sandbox/${path}`, {
      method,
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  };
  return {
    fault: (fault: object) => call('POST', 'faults', fault),
    noFaults: () => call('DELETE', 'faults'),
    advance: (by: string) => call('POST', 'clock', { advance: by }),
    objects: async (provider: string, kind: string) =>
      z.array(z.looseObject({ id: z.string() })).parse(await call('GET', `objects/${provider}/${kind}`)),
  };
}
