import { randomBytes } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createActivities } from '../../../src/activities/index.ts';
import { createKeyRing } from '../../../src/crypto/key-ring.ts';
import { openOrm } from '../../../src/db/orm.ts';
import { healthy } from '../../support/healthy.ts';
import { withClient } from '../../../src/local/postgres.ts';
import type { ProviderDirectory } from '../../../src/providers/port.ts';
import type { CustomerDataOperations } from '../../../src/providers/port-records.ts';
import type { RelayDeps } from '../../../src/worker/relay/deliver-events.ts';
import { housekeep } from '../../../src/worker/relay/housekeep.ts';
import { sweepCustomerData } from '../../../src/worker/relay/sweep-customer-data.ts';
import { fakeProviders } from '../api/fake-providers.ts';
import { createDatabase, type TestDatabase } from '../../support/servers/postgres.ts';
import { expectDocumented } from '../../support/documented-events.ts';

let database: TestDatabase;
let orm: MikroORM;
beforeAll(async () => {
  database = await createDatabase();
  orm = await openOrm(database.url, { poolSize: 4 });
  await run(`insert into projects (id, name, default_currency, routing_policy) values ('p', 'P', 'USD', 'x')`);
  await run(`insert into plans (id, key, name, kind, project_id) values ('plan_1', 'pro', 'Pro', 'subscription', 'p')`);
  await run(`insert into prices (id, plan_id, billing_interval, amount_minor, currency, project_id)
    values ('price_1', 'plan_1', 'monthly', 2900, 'USD', 'p')`);
  await run(`insert into meters (id, key, name, event_name, aggregation, property, limit_behavior, when_unreadable, status,
      project_id, live) values ('mtr_1', 'users', 'Users', 'seen', 'unique', 'who', 'soft', 'open', 'active', 'p', false)`);
  await run(`insert into usage_reports (id, cause, actor, status, phase, project_id, live)
    values ('ur_1', 'schedule', 'schedule/usage-reports', 'succeeded', 'done', 'p', false)`);
});
afterAll(async () => {
  await orm?.close();
  await database?.drop();
});

const run = (sql: string, params: unknown[] = []) => withClient(database.url, (client) => client.query(sql, params));
async function rows(sql: string): Promise<Record<string, unknown>[]> {
  return withClient(database.url, async (client) => (await client.query<Record<string, unknown>>(sql)).rows);
}

const keyRing = createKeyRing([{ id: 'k1', key: randomBytes(32) }]);
const asked: string[] = [];
let provider: CustomerDataOperations;

const plain = fakeProviders(['merchant']);
const providers: ProviderDirectory = {
  ...plain,
  abilities: (id) => {
    const abilities = plain.abilities(id);
    return abilities && { ...abilities, retains: ['Orders, by tax law.'] };
  },
  async account(projectId, live, id) {
    const account = await plain.account(projectId, live, id);
    return account && { ...account, client: { ...account.client, customerData: provider } };
  },
};
function activities() {
  return createActivities({
    ...{ orm, providers, background: providers, health: healthy },
    ...{ keyRing, lookGapsMs: [1_000], maxCallsInFlight: 10 },
  });
}

/** What could name Ada, wherever it stands. */
const personal = ['Ada Byron', 'ada@example.com', '+525512345678', 'Paseo 1', 'user_ada', 'ada_secret', 'ada_note'];

async function seedAda(organization: string): Promise<void> {
  const owner = `'p', false, '${organization}'`;
  const columns = 'project_id, live, organization_id';
  await run(`insert into organizations (project_id, live, id, name, email, phone, country, metadata)
    values (${owner}, 'Ada Byron', 'ada@example.com', '+525512345678', 'MX', '{"k": "ada_secret"}')`);
  await run(`insert into provider_customers (provider, provider_customer_id, ${columns})
    values ('merchant', 'cus_${organization}', ${owner})`);
  await run(`insert into checkouts (id, ${columns}, user_id, mode, country, country_source, success_url, cancel_url, routing,
      status, quantity, checkout_url, email, name, phone, billing_address, metadata, provider)
    values ('chk_${organization}', ${owner}, 'user_ada', 'subscription', 'MX', 'request',
      'https://app.example/ok?who=ada_secret', 'https://app.example/no', '{}', 'paid', 1, 'https://pay.example/ada_secret',
      'ada@example.com', 'Ada Byron', '+525512345678', '{"line1": "Paseo 1"}', '{"k": "ada_secret"}', 'gone')`);
  await run(`insert into subscriptions (id, ${columns}, user_id, plan_id, price_id, checkout_id, status, billing_interval,
      quantity, provider, provider_subscription_id, amount_minor, currency, metadata, ended_at)
    values ('sub_${organization}', ${owner}, 'user_ada', 'plan_1', 'price_1', 'chk_${organization}', 'canceled', 'monthly',
      1, 'merchant', 'psub_${organization}', 2900, 'USD', '{"k": "ada_secret"}', now())`);
  await run(`insert into subscription_changes (id, ${columns}, subscription_id, kind, status, timing, reason, comment, actor)
    values ('chg_${organization}', ${owner}, 'sub_${organization}', 'cancel', 'applied', 'now', 'ada_note', 'ada_note', 'key_1')`);
  await run(`insert into invoices (id, ${columns}, subscription_id, provider, provider_invoice_id, number, status, total_minor,
      amount_paid_minor, amount_refunded_minor, currency, hosted_url)
    values ('inv_${organization}', ${owner}, 'sub_${organization}', 'merchant', 'pinv_${organization}', 'A-1', 'paid', 2900,
      2900, 0, 'USD', 'https://merchant.example/ada_secret')`);
  await run(`insert into payment_methods (id, ${columns}, provider, provider_payment_method_id, status, type, brand, last4,
      billing_address, token, is_default)
    values ('pm_${organization}', ${owner}, 'merchant', 'ppm_${organization}', 'active', 'card', 'visa', '4242',
      '{"line1": "Paseo 1"}', 'ada_secret', true)`);
  await run(`insert into sessions (token_hash, user_id, permissions, expires_at, ${columns})
    values ('hash_${organization}', 'user_ada', '{read}', now() + interval '1 hour', ${owner})`);
  await run(`insert into outbound_events (id, type, object_kind, object_id, data, ${columns})
    values ('evt_${organization}', 'subscription.created', 'subscription', 'sub_${organization}',
      '{"user_id": "user_ada"}', ${owner})`);
  await run(
    `insert into provider_events (id, project_id, live, provider, event_id, type, object_kind, object_id, checkout_id, status,
      body, related) values
      ('evt_a${organization}', 'p', false, 'merchant', 'a${organization}', 't', 'order', 'o', 'chk_${organization}', 'delivered', $1, '[]'),
      ('evt_b${organization}', 'p', false, 'merchant', 'b${organization}', 't', 'customer', 'x', null, 'noted', $1,
        '[{"kind": "customer", "id": "cus_${organization}"}]'),
      ('evt_c${organization}', 'p', false, 'merchant', 'c${organization}', 't', 'customer', 'someone', null, 'noted', $1, '[]')`,
    [Buffer.from('ada_secret')],
  );
  await run(`insert into usage_report_items (id, report_id, ${columns}, meter_id, bucket, value, value_key, events, quantity,
      occurred_at, status) values ('uri_${organization}', 'ur_1', ${owner}, 'mtr_1', now(), 'ada@example.com',
      md5('ada@example.com')::uuid, 1, 1, now(), 'reported')`);
  await run(`insert into idempotency_records (owner, key, request_hash, resource_id, response_body, expires_at, project_id, live)
    values ('key_1', 'k_${organization}', 'h', 'chk_${organization}', '{"email": "ada@example.com"}', now() + interval '1 day', 'p', false)`);
}

let count = 0;
let organization: string;
beforeEach(async () => {
  organization = `org_${(count += 1)}`;
  asked.length = 0;
  provider = {
    export: async ({ providerCustomerId }) => {
      asked.push(`export ${providerCustomerId}`);
      return { customer: [{ id: providerCustomerId, email: 'ada@example.com' }] };
    },
    erase: async ({ providerCustomerId }) => {
      asked.push(`erase ${providerCustomerId}`);
      return { outcome: 'anonymized', retained: ['Payouts.'] };
    },
  };
  await seedAda(organization);
});

async function aJob(kind: 'export' | 'erasure') {
  const jobId = `job_${kind}_${organization}`;
  await run(`insert into customer_data_jobs (id, kind, status, actor, project_id, live, organization_id)
    values ('${jobId}', '${kind}', 'running', 'key_1', 'p', false, '${organization}')`);
  return { projectId: 'p', live: false, organizationId: organization, jobId };
}

const jobOf = async (id: string) => (await rows(`select * from customer_data_jobs where id = '${id}'`))[0];

async function resultOf(id: string): Promise<Record<string, unknown>> {
  const sealed = (await jobOf(id))?.['result'];
  if (!Buffer.isBuffer(sealed)) throw new Error('no result');
  expect(sealed.toString('latin1')).not.toContain('ada@example.com');
  return JSON.parse(keyRing.decrypt(sealed).toString()) as Record<string, unknown>;
}

describe('an export', () => {
  it('has every provider the organization was with, and every table, sealed', async () => {
    const ref = await aJob('export');
    const { listCustomerProviders, exportFromProvider, finishExport } = activities();
    expect(await listCustomerProviders(ref)).toEqual(['gone', 'merchant']);
    for (const id of ['gone', 'merchant']) await exportFromProvider({ ...ref, provider: id });
    await finishExport(ref);
    const whole = await resultOf(ref.jobId);
    expect(whole).toMatchObject({
      organization: { id: organization, name: 'Ada Byron' },
      subscriptions: [{ id: `sub_${organization}`, plan_id: 'plan_1', amount_minor: 2900 }],
      checkouts: [{ email: 'ada@example.com', billing_address: { line1: 'Paseo 1' } }],
      invoices: [{ number: 'A-1' }],
      payment_methods: [{ last4: '4242' }],
      sessions: [{ user_id: 'user_ada' }],
      events: [{ type: 'subscription.created' }],
      providers: {
        merchant: { customer: [{ email: 'ada@example.com' }] },
        gone: { unavailable: 'provider_not_configured' },
      },
    });
    expect(JSON.stringify(whole)).not.toMatch(/token_hash|"token"|key_sealed|request_fingerprint|hash_org/);
    const job = await jobOf(ref.jobId);
    expect(job).toMatchObject({
      status: 'done',
      summary: {
        rows: { subscriptions: 1, checkouts: 1 },
        providers: { merchant: { outcome: 'exported' }, gone: { outcome: 'unavailable' } },
      },
    });
    expect(JSON.stringify(job?.['summary'])).not.toContain('ada');
    expect(await rows(`select job_id from customer_data_sections where job_id = '${ref.jobId}'`)).toEqual([]);
  });

  it('has what was used of each meter, and what the providers were told of it', async () => {
    const owner = `'p', false, '${organization}'`;
    const meter = `mtr_${organization}`;
    await run(`insert into meters (id, key, name, event_name, aggregation, limit_behavior, when_unreadable, status, project_id,
        live) values ('${meter}', 'calls_${organization}', 'Calls', 'call', 'sum', 'soft', 'open', 'active', 'p', false)`);
    await run(`insert into usage_events (event_key, project_id, live, organization_id, event_id, event_name, quantity,
        occurred_at) select gen_random_uuid(), ${owner}, 'e' || n, 'call', 2.25, now() from generate_series(1, 3) n`);
    await run(`insert into usage_reports (id, cause, actor, status, phase, project_id, live)
      values ('ur_${organization}', 'request', 'key_1', 'succeeded', 'done', 'p', false)`);
    await run(`insert into usage_report_items (id, report_id, project_id, live, organization_id, meter_id, bucket, provider,
        events, quantity, occurred_at, status, reported_at)
      values ('uri_sum_${organization}', 'ur_${organization}', ${owner}, '${meter}', date_trunc('hour', now()), 'merchant',
        2, 4.5, now(), 'reported', now())`);
    const ref = await aJob('export');
    await activities().finishExport(ref);
    expect((await resultOf(ref.jobId))['usage']).toMatchObject([
      { kind: 'meter', meter: `calls_${organization}`, unit: 'unit', aggregation: 'sum', quantity: '6.75', events: 3 },
      { kind: 'report_item', id: `uri_${organization}`, meter: 'users', value: 'ada@example.com' },
      { kind: 'report_item', id: `uri_sum_${organization}`, provider: 'merchant', status: 'reported', quantity: '4.5' },
    ]);
    expect(await jobOf(ref.jobId)).toMatchObject({ summary: { rows: { usage: 3 } } });
  });

  it('finds the customer by our id where none was recorded', async () => {
    await run(`delete from provider_customers where organization_id = '${organization}'`);
    const ref = await aJob('export');
    const found = activities();
    await expect(found.exportFromProvider({ ...ref, provider: 'merchant' })).rejects.toThrow('called a provider');
    expect(asked).toEqual([]);
  });

  it('replaces what a first try had stored, and does nothing once it is over', async () => {
    const ref = await aJob('export');
    const { exportFromProvider, skipProviderExport, finishExport } = activities();
    await skipProviderExport({ ...ref, provider: 'merchant', code: 'provider_timeout' });
    await exportFromProvider({ ...ref, provider: 'merchant' });
    await finishExport(ref);
    expect((await resultOf(ref.jobId))['providers']).toMatchObject({ merchant: { customer: [{}] } });
    const before = await jobOf(ref.jobId);
    await finishExport(ref);
    await exportFromProvider({ ...ref, provider: 'merchant' });
    expect(await jobOf(ref.jobId)).toEqual(before);
    expect(asked).toEqual([`export cus_${organization}`]);
  });
});

const tablesOfAda = [
  'organizations',
  'checkouts',
  'subscriptions',
  'subscription_changes',
  'invoices',
  'payment_methods',
  'usage_report_items',
];
const everywhere = [...tablesOfAda, 'sessions', 'outbound_events', 'idempotency_records', 'provider_customers'];

async function textOf(table: string): Promise<string> {
  const column = { organizations: 'id', idempotency_records: 'resource_id' }[table] ?? 'organization_id';
  return JSON.stringify(await rows(`select * from ${table} where ${column} like '%${organization}'`));
}

describe('an erasure', () => {
  it('leaves nothing personal, keeps the books, and says what was done and kept', async () => {
    const ref = await aJob('erasure');
    const { prepareErasure, eraseAtProvider, finishErasure } = activities();
    expect(await prepareErasure(ref)).toEqual({ liveSubscriptionIds: [], providers: ['gone', 'merchant'] });
    await eraseAtProvider({ ...ref, provider: 'merchant' });
    for (const table of tablesOfAda)
      expect(`${table}: ${await textOf(table)}`).toMatch(new RegExp(personal.map(quoted).join('|')));
    await finishErasure(ref);
    for (const table of everywhere)
      for (const word of personal) expect(await textOf(table), `${table} still has ${word}`).not.toContain(word);
    expect(await textOf('payment_methods')).not.toContain('4242');
    expect(
      await rows(`select number, total_minor::int, status from invoices where id = 'inv_${organization}'`),
    ).toEqual([{ number: 'A-1', total_minor: 2900, status: 'paid' }]);
    expect(
      await rows(`select id, body is null as gone from provider_events where id like '%${organization}' order by 1`),
    ).toEqual([
      { id: `evt_a${organization}`, gone: true },
      { id: `evt_b${organization}`, gone: true },
      { id: `evt_c${organization}`, gone: false },
    ]);
    expect(await jobOf(ref.jobId)).toMatchObject({
      status: 'done',
      summary: {
        providers: { merchant: { outcome: 'anonymized', retained: ['Payouts.', 'Orders, by tax law.'] } },
        rows: { checkouts: 1, webhook_bodies: 2, sessions: 1, provider_customers: 1, organizations: 1 },
        kept: expect.arrayContaining([expect.stringContaining('tax')]),
      },
    });
    const audit = await rows(`select action, actor from audit_log where entity_id = '${organization}'`);
    expect(audit).toEqual([{ action: 'customer_data.erased', actor: `customer-data/${ref.jobId}` }]);
    const told = await rows(`select type, data from outbound_events where object_id = '${ref.jobId}'`);
    expect(told).toMatchObject([{ type: 'customer_data.erased' }]);
    expect(await expectDocumented(async () => told)).toContain('customer_data');
  });

  it('touches nobody else', async () => {
    const other = organization;
    organization = `${other}_too`;
    await seedAda(organization);
    const before = await Promise.all(everywhere.map((table) => rows(`select * from ${table} order by created_at`)));
    const mine = (row: Record<string, unknown>) =>
      JSON.stringify(row).includes(`${other}"`) && !JSON.stringify(row).includes(organization);
    organization = `${other}_too`;
    const ref = await aJob('erasure');
    await activities().finishErasure(ref);
    const after = await Promise.all(everywhere.map((table) => rows(`select * from ${table} order by created_at`)));
    expect(after.map((found) => found.filter(mine))).toEqual(before.map((found) => found.filter(mine)));
    expect(before.flat().filter(mine).length).toBeGreaterThan(8);
  });

  it('may be repeated after a crash, and again as another job', async () => {
    const ref = await aJob('erasure');
    const found = activities();
    await found.eraseAtProvider({ ...ref, provider: 'merchant' });
    provider = { ...provider, erase: async () => ({ outcome: 'not_found', retained: [] }) };
    await found.eraseAtProvider({ ...ref, provider: 'merchant' });
    await found.finishErasure(ref);
    await found.finishErasure(ref);
    expect((await jobOf(ref.jobId))?.['summary']).toMatchObject({
      providers: { merchant: { retained: ['Orders, by tax law.'] } },
    });
    await run(`update customer_data_jobs set id = 'job_first_${organization}' where id = '${ref.jobId}'`);
    const again = await aJob('erasure');
    await found.finishErasure(again);
    expect(await jobOf(again.jobId)).toMatchObject({ status: 'done' });
  });

  it('sends the same key to a provider however often it tries', async () => {
    const keys = new Set<string>();
    provider = {
      ...provider,
      erase: async ({ idempotencyKey }) => (keys.add(idempotencyKey), { outcome: 'erased', retained: [] }),
    };
    const ref = await aJob('erasure');
    for (let tries = 0; tries < 2; tries += 1) await activities().eraseAtProvider({ ...ref, provider: 'merchant' });
    expect(keys.size).toBe(1);
  });

  it('ends an export that still gathers, and takes its result away', async () => {
    const exporting = await aJob('export');
    const { exportFromProvider, finishExport, finishErasure } = activities();
    await exportFromProvider({ ...exporting, provider: 'merchant' });
    await finishErasure(await aJob('erasure'));
    expect(await jobOf(exporting.jobId)).toMatchObject({
      status: 'failed',
      failure_code: 'customer_erased',
      result: null,
    });
    await finishExport(exporting);
    expect(await jobOf(exporting.jobId)).toMatchObject({ status: 'failed', result: null });
    expect(await rows(`select job_id from customer_data_sections where job_id = '${exporting.jobId}'`)).toEqual([]);
  });

  it('waits for an account that is not there, and a job that gave up says why', async () => {
    const ref = await aJob('erasure');
    const { eraseAtProvider, failCustomerDataJob } = activities();
    await expect(eraseAtProvider({ ...ref, provider: 'gone' })).rejects.toMatchObject({
      type: 'provider_not_configured',
      nonRetryable: false,
    });
    await failCustomerDataJob({ ...ref, code: 'customer_data_too_late' });
    expect(await jobOf(ref.jobId)).toMatchObject({ status: 'failed', failure_code: 'customer_data_too_late' });
  });
});

describe('the relay', () => {
  const started: { name: string; workflowId: string }[] = [];
  const start = async (name: string, { workflowId }: { workflowId: string }) => void started.push({ name, workflowId });
  const temporal = { workflow: { start } } as unknown as Client;
  const deps: RelayDeps = { em: () => orm.em.fork(), temporal, logger: pino({ level: 'silent' }) };

  it('starts jobs that nobody has begun, and no young, old or finished ones', async () => {
    await run('update customer_data_jobs set status = $1', ['done']);
    const forgotten = await aJob('erasure');
    expect(await sweepCustomerData(deps)).toBe(0);
    await run(`update customer_data_jobs set created_at = now() - interval '1 minute' where id = $1`, [
      forgotten.jobId,
    ]);
    expect(await sweepCustomerData(deps)).toBe(1);
    expect(started).toEqual([{ name: 'eraseCustomerData', workflowId: `customer-data/${forgotten.jobId}` }]);
    await run(`update customer_data_jobs set created_at = now() - interval '2 days' where id = $1`, [forgotten.jobId]);
    expect(await sweepCustomerData(deps)).toBe(0);
  });

  it('deletes exports and portal links that are over', async () => {
    const ref = await aJob('export');
    await activities().finishExport(ref);
    await run(
      `insert into portal_links (token_hash, permissions, actor, expires_at, project_id, live, organization_id)
       values ('old', '{read}', 'key_1', now() - interval '1 s', 'p', false, $1),
         ('new', '{read}', 'key_1', now() + interval '1 h', 'p', false, $1)`,
      [organization],
    );
    await housekeep(deps);
    expect((await jobOf(ref.jobId))?.['result']).not.toBeNull();
    expect(await rows('select token_hash from portal_links')).toEqual([{ token_hash: 'new' }]);
    await run('update customer_data_jobs set expires_at = now() where id = $1', [ref.jobId]);
    await housekeep(deps);
    expect(await jobOf(ref.jobId)).toMatchObject({ status: 'done', result: null });
  });
});

function quoted(text: string): string {
  return text.replaceAll(/[+.]/g, String.raw`\$&`);
}
