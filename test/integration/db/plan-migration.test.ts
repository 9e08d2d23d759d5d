import type { MikroORM } from '@mikro-orm/postgresql';
import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createInventoryMigration } from '../../../src/activities/inventory-migration.ts';
import { createPlanMigration } from '../../../src/activities/plan-migration.ts';
import {
  createBeginMigration,
  createStartMigration,
  type MigrationRef,
} from '../../../src/activities/migration-row.ts';
import {
  createKeepUntold,
  createLookAtMigration,
  createNextMigrationItems,
} from '../../../src/activities/migration-window.ts';
import type { ActivityDeps } from '../../../src/activities/deps.ts';
import { newId } from '../../../src/db/new-id.ts';
import { openOrm } from '../../../src/db/orm.ts';
import { countItems } from '../../../src/db/queries/migration-items.ts';
import { requestMigration, type MigrationRequest } from '../../../src/db/queries/migrations.ts';
import type { MigrationSettings } from '../../../src/domain/migration/migration.ts';
import type { ProviderClient, ProviderDirectory } from '../../../src/providers/port.ts';
import { sweepMigrations } from '../../../src/worker/relay/sweep-migrations.ts';
import { healthy } from '../../support/healthy.ts';
import { createDatabase } from '../../support/servers/postgres.ts';
import { fakeProviders } from '../api/fake-providers.ts';
import { aTruth } from './subscription-world.ts';

/** `merchant` is left for `world`; its subscriptions, newest first, as it lists them. */
let listed: ReturnType<typeof aTruth>[];
let fails: (cursor: string | null) => boolean;
let orm: MikroORM;
let drop: () => Promise<void>;
let deps: ActivityDeps;

const run = (sql: string, params: unknown[] = []) => orm.em.fork().execute(sql, params, 'run');
const rows = <Row extends object>(sql: string, params: unknown[] = []) => orm.em.fork().execute<Row[]>(sql, params);

beforeAll(async () => {
  const database = await createDatabase();
  orm = await openOrm(database.url, { poolSize: 6 });
  drop = () => database.drop();
  await run(`insert into projects (id, name, default_currency, routing_policy) values ('p', 'P', 'USD', 'x')`);
  await run(
    `insert into plans (id, key, name, kind, sort_order, project_id) values ('plan_pro', 'pro', 'Pro', 'subscription', 1, 'p')`,
  );
  await run(`insert into prices (id, plan_id, billing_interval, amount_minor, currency, project_id)
    values ('price_pro', 'plan_pro', 'monthly', 2900, 'USD', 'p')`);
  await run(`insert into provider_prices (price_id, provider, provider_product_id, provider_price_id, project_id, live)
    values ('price_pro', 'merchant', 'prod', 'offer_pro', 'p', false), ('price_pro', 'world', 'wp', 'w1', 'p', false)`);
  await run(`insert into organizations (project_id, live, id, email)
    select 'p', false, 'org_' || n, 'a' || n || '@example.com' from generate_series(1, 120) n`);
  await run(`insert into provider_customers (project_id, live, organization_id, provider, provider_customer_id)
    select 'p', false, 'org_' || n, 'merchant', 'u' || n from generate_series(1, 118) n`);
  const directory = providers();
  deps = {
    ...{ orm, providers: directory, background: directory, health: healthy, keyRing: null },
    ...{ lookGapsMs: [], maxCallsInFlight: 4 },
  };
});
afterAll(async () => {
  await orm?.close();
  await drop?.();
});
beforeEach(async () => {
  await run('delete from migration_items');
  await run('delete from migrations');
  fails = () => false;
  listed = Array.from({ length: 120 }, (_, index) =>
    aTruth({
      ...{ providerSubscriptionId: `S${index + 1}`, providerCustomerId: `u${index + 1}` },
      price: { providerProductId: 'prod', providerPriceId: 'offer_pro' },
    }),
  );
});

function providers(): ProviderDirectory {
  const never = () => Promise.reject(new Error('not part of this test'));
  const client: Partial<ProviderClient> = {
    subscriptions: {
      ...{ list: never, cancel: never },
      get: async ({ providerSubscriptionId: id }) => listed.find((one) => one.providerSubscriptionId === id) ?? null,
      async listAll({ cursor, limit }) {
        if (fails(cursor)) throw new Error('killed');
        const from = Number(cursor ?? 0);
        const next = from + limit;
        return { items: listed.slice(from, next), nextCursor: next < listed.length ? String(next) : null };
      },
    },
    customers: {
      ...{ create: never, update: never, remove: never, find: never },
      // The last two are known by what the old provider carries alone: one of us, one of nobody.
      get: async (id) => ({
        ...{ providerCustomerId: id, email: null },
        organizationId: id === 'u119' ? 'org_119' : 'org_unheard_of',
      }),
    },
  };
  const fake = fakeProviders(['merchant', 'world'], client);
  return {
    ...fake,
    abilities: (id) => {
      const abilities = fake.abilities(id);
      return abilities?.subscriptions
        ? { ...abilities, subscriptions: { ...abilities.subscriptions, moveTrialEnd: true } }
        : abilities;
    },
  };
}

const settings: MigrationSettings = {
  ...{ concurrency: 5, noticesPerMinute: 60, remindAfterMinutes: [], deadlineMinutes: 60, lastCallMinutes: 1 },
  ...{ watchMinutes: 1, prices: {} },
  routing: {
    policy: { name: 'x', version: 1, description: '', rules: [], fallback_provider: 'world' },
    blockedCountries: [],
  },
};

async function aMigration(changes: Partial<MigrationRequest> = {}): Promise<MigrationRef> {
  const id = newId('mig');
  const made = await requestMigration(orm.em.fork(), {
    ...{ id, projectId: 'p', live: false, name: 'away', fromProvider: 'merchant', toProvider: 'world' },
    ...{ dryRun: false, organizations: null, settings, named: null, actor: 'key_1', ...changes },
  });
  if (made === null) throw new Error('another one is open');
  const ref = { projectId: 'p', live: false, migrationId: id };
  await createBeginMigration(deps)(ref);
  return ref;
}

async function inventory(ref: MigrationRef): Promise<void> {
  while (!(await createInventoryMigration(deps)(ref)).isDone);
}

async function plan(ref: MigrationRef): Promise<void> {
  await inventory(ref);
  while (!(await createPlanMigration(deps)(ref)).isDone);
}

const found = () =>
  rows<{ id: string; n: number }>(
    `select provider_subscription_id as id, count(*)::integer as n from migration_items group by 1 order by 1`,
  );
const exclusions = async (ref: MigrationRef) =>
  new Map(
    (
      await rows<{ code: string | null; n: number }>(
        `select code, count(*)::integer as n from migration_items where migration_id = ? group by code`,
        [ref.migrationId],
      )
    ).map(({ code, n }) => [code ?? 'moves', n]),
  );

describe('the inventory', () => {
  it('finds each subscription once though it was killed before, in and after a page, and two were at the same one', async () => {
    const ref = await aMigration();
    const step = createInventoryMigration(deps);
    await step(ref);
    fails = (cursor) => cursor === '50';
    await expect(step(ref)).rejects.toThrow('killed');
    fails = () => false;
    // Dies between the rows and the commit: the trigger of a table nobody else writes stands in for the kill.
    await run(`create function dies() returns trigger language plpgsql as $$ begin raise exception 'killed'; end $$`);
    await run(`create trigger dies after insert on migration_items for each row
      when (new.provider_subscription_id = 'S77') execute function dies()`);
    await expect(step(ref)).rejects.toThrow('killed');
    await run('drop trigger dies on migration_items');
    expect(await found()).toHaveLength(50);
    await Promise.all([step(ref), step(ref)]);
    await inventory(ref);
    const all = await found();
    expect(all).toHaveLength(120);
    expect(all.every(({ n }) => n === 1)).toBe(true);
  });

  it('knows whose they are by our rows, by the id that the provider carries, or not at all', async () => {
    const ref = await aMigration();
    await inventory(ref);
    const owners = await rows<{ id: string; organization: string | null }>(
      `select provider_subscription_id as id, organization_id as organization from migration_items
       where provider_subscription_id in ('S1', 'S119', 'S120') order by 1`,
    );
    expect(owners).toEqual([
      { id: 'S1', organization: 'org_1' },
      { id: 'S119', organization: 'org_119' },
      { id: 'S120', organization: null },
    ]);
  });

  it('keeps to the organizations asked for', async () => {
    await inventory(await aMigration({ organizations: ['org_3', 'org_119'] }));
    expect((await found()).map(({ id }) => id)).toEqual(['S119', 'S3']);
  });

  it('reads from the provider what a CSV names, and what is gone there has ended', async () => {
    const named = (id: string, organizationId: string | null = null) => ({
      ...{ providerSubscriptionId: id, providerCustomerId: '', organizationId },
    });
    const ref = await aMigration({ named: [named('S1'), named('S120', 'org_120'), named('gone', 'org_unheard_of')] });
    await plan(ref);
    const items = await rows(
      `select provider_subscription_id as id, organization_id as organization, state, code,
         (legacy->>'amountMinor')::integer as amount from migration_items order by 1`,
    );
    expect(items).toEqual([
      { id: 'S1', organization: 'org_1', state: 'planned', code: null, amount: 2900 },
      { id: 'S120', organization: 'org_120', state: 'planned', code: null, amount: 2900 },
      { id: 'gone', organization: null, state: 'excluded', code: 'canceled', amount: null },
    ]);
  });
});

describe('the plan', () => {
  it('gives each its verdict in the row, with its money, and ends a dry run', async () => {
    listed[0] = { ...(listed[0] ?? aTruth()), status: 'past_due' };
    listed.push({
      ...(listed[1] ?? aTruth()),
      providerSubscriptionId: 'S2b',
      currentPeriodEnd: '2026-02-09T00:00:00.000Z',
    });
    const ref = await aMigration({ dryRun: true });
    await plan(ref);
    expect(await exclusions(ref)).toEqual(
      new Map([
        ['moves', 118],
        ['past_due', 1],
        ['duplicate', 1],
        ['organization_unknown', 1],
      ]),
    );
    const [two] = await rows(
      `select state, plan, paid_through from migration_items where provider_subscription_id = 'S2b'`,
    );
    expect(two).toMatchObject({
      state: 'planned',
      plan: { action: 'move', provider: 'world', priceId: 'price_pro', amountMinor: 2900, differenceMinor: 0 },
      paid_through: expect.stringContaining('2026-02-09 00:00:00'),
    });
    expect(await rows('select status, finished_at is not null as over from migrations')).toEqual([
      { status: 'planned', over: true },
    ]);
    expect(await createStartMigration(deps)(ref)).toMatchObject({ status: 'planned', isOver: true });
  });

  it('run again has no effect on who has moved or is being moved, and takes up who stayed', async () => {
    const first = await aMigration();
    await plan(first);
    await createStartMigration(deps)(first);
    const become = (state: string, more: string, subscription: string) =>
      run(`update migration_items set state = ?, ${more} where provider_subscription_id = ?`, [state, subscription]);
    await become('done', 'canceling_at = now(), finished_at = now()', 'S1');
    await become('attention', 'canceling_at = now()', 'S2');
    await become('attention', 'finished_at = null', 'S3');
    await become('kept', 'finished_at = now()', 'S4');
    await become('rolled_back', 'finished_at = now()', 'S5');
    const before = await rows('select * from migration_items where migration_id = ? order by id', [first.migrationId]);
    await expect(aMigration()).rejects.toThrow('another one is open');
    const rehearsal = await aMigration({ dryRun: true });
    await plan(rehearsal);
    expect(await exclusions(rehearsal)).toEqual(
      new Map([
        ['already_moved', 2],
        ['in_other_migration', 115],
        ['moves', 2],
        ['organization_unknown', 1],
      ]),
    );
    await run(`update migrations set status = 'completed' where id = ?`, [first.migrationId]);
    const second = await aMigration();
    await plan(second);
    const codes = await exclusions(second);
    expect([codes.get('already_moved'), codes.get('in_other_migration')]).toEqual([2, 1]);
    expect(await rows('select * from migration_items where migration_id = ? order by id', [first.migrationId])).toEqual(
      before,
    );
  });

  it('leaves one alone whose customer has subscribed elsewhere by themselves', async () => {
    await run(`insert into subscriptions (id, project_id, live, organization_id, plan_id, price_id, status,
        billing_interval, quantity, provider, amount_minor, currency)
      values ('sub_x', 'p', false, 'org_7', 'plan_pro', 'price_pro', 'active', 'monthly', 1, 'world', 2900, 'USD')`);
    await plan(await aMigration());
    const [seven] = await rows(`select code, because from migration_items where provider_subscription_id = 'S7'`);
    expect(seven).toEqual({ code: 'duplicate', because: expect.stringContaining('sub_x at world') });
    await run(`delete from subscriptions where id = 'sub_x'`);
  });
});

describe('the window', () => {
  it('takes items up in order, tells who still holds a place, and after an abort nobody else', async () => {
    const ref = await aMigration();
    await plan(ref);
    const { items } = await createNextMigrationItems(deps)({ ...ref, after: null, limit: 3 });
    expect(items).toHaveLength(3);
    const ids = items.map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted());
    await run(`update migration_items set state = 'notified' where id = ?`, [ids[0]]);
    const looked = await createLookAtMigration(deps)({ ...ref, active: ids });
    expect(looked.stillActive.toSorted()).toEqual(ids.slice(1));
    await createKeepUntold(deps)(ref);
    expect(await countItems(orm.em.fork(), ref.migrationId)).toEqual({ notified: 1, kept: 118, excluded: 1 });
  });
});

describe('the sweep', () => {
  it('starts those whose start was lost or whose workflow is quiet, and leaves what is over or fresh alone', async () => {
    const stand = async (status: string, age: string, dryRun = true) => {
      const { migrationId } = await aMigration({ dryRun });
      await run(
        `update migrations set status = ?, created_at = now() - ?::interval, updated_at = now() - ?::interval where id = ?`,
        [status, age, age, migrationId],
      );
      return `migrate migration/${migrationId}`;
    };
    const lost = [await stand('requested', '1 minute'), await stand('running', '1 hour', false)];
    for (const [status, age] of [
      ['requested', '1 second'],
      ['inventory', '5 minutes'],
      ['planned', '1 day'],
      ['completed', '1 day'],
    ] as const)
      await stand(status, age);
    const started: string[] = [];
    const workflow = {
      start: async (name: string, { workflowId }: { workflowId: string }) => void started.push(`${name} ${workflowId}`),
    };
    const temporal = { workflow } as unknown as Client;
    const swept = await sweepMigrations({ em: () => orm.em.fork(), temporal, logger: pino({ level: 'silent' }) });
    expect(swept).toBe(2);
    expect(started.toSorted()).toEqual(lost.toSorted());
  });
});
