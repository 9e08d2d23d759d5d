import type { MikroORM } from '@mikro-orm/postgresql';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ActivityDeps } from '../../../src/activities/deps.ts';
import { createIssueVoucher } from '../../../src/activities/issue-voucher.ts';
import { keepInStep } from '../../../src/activities/keep-in-step.ts';
import { settleVoucherSubscription } from '../../../src/activities/settle-voucher-subscription.ts';
import { SubscriptionEntity } from '../../../src/db/entities/subscription.ts';
import { newId } from '../../../src/db/new-id.ts';
import { openOrm } from '../../../src/db/orm.ts';
import { healthy } from '../../support/healthy.ts';
import { BillingError } from '../../../src/domain/errors.ts';
import { createDatabase, type TestDatabase } from '../../support/servers/postgres.ts';
import { fakeVoucherProvider, type FakeVoucherProvider } from './support/fake-voucher-provider.ts';

let database: TestDatabase;
let orm: MikroORM;
let provider: FakeVoucherProvider;
let deps: ActivityDeps;
let subscriptionId: string;

beforeAll(async () => {
  database = await createDatabase();
  orm = await openOrm(database.url);
  await run(`insert into projects (id, name, default_currency, routing_policy) values ('p', 'P', 'MXN', 'x')`);
  await run(`insert into organizations (project_id, live, id, email) values ('p', false, 'org_1', 'ana@example.com')`);
  await run(`insert into plans (id, key, name, kind, project_id, sort_order)
    values ('plan_1', 'pro', 'Pro', 'subscription', 'p', 1)`);
  await run(`insert into prices (id, plan_id, billing_interval, amount_minor, currency, project_id)
    values ('price_1', 'plan_1', 'monthly', 49900, 'MXN', 'p')`);
});
afterAll(async () => {
  await orm?.close();
  await database.drop();
});

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-01-31T12:00:00.000Z') });
  provider = fakeVoucherProvider();
  const { directory } = provider;
  deps = {
    ...{ orm, providers: directory, background: directory, health: healthy },
    ...{ keyRing: null, lookGapsMs: [], maxCallsInFlight: 10 },
  };
  subscriptionId = newId('sub');
  await run(`insert into subscriptions (id, project_id, live, organization_id, plan_id, price_id, status,
      billing_interval, quantity, provider, collection, voucher_method, amount_minor, currency, anchor_at)
    values ('${subscriptionId}', 'p', false, 'org_1', 'plan_1', 'price_1', 'incomplete', 'monthly', 1, 'local',
      'voucher', 'oxxo', 49900, 'MXN', now())`);
});
afterEach(() => vi.useRealTimers());

const run = (sql: string) => orm.em.fork().execute<Record<string, unknown>[]>(sql);
const at = (instant: string) => vi.setSystemTime(new Date(instant));
const issue = () => createIssueVoucher(deps)({ projectId: 'p', live: false, subscriptionId });
const settle = () =>
  keepInStep(async () => {
    const row = await orm.em.fork().findOneOrFail(SubscriptionEntity, { id: subscriptionId });
    return settleVoucherSubscription(deps, row);
  });
const rowNow = () => orm.em.fork().findOneOrFail(SubscriptionEntity, { id: subscriptionId });
const invoices = () =>
  run(`select status, number, amount_paid_minor, to_char(period_start at time zone 'UTC', 'YYYY-MM-DD') as period_start
    from invoices where subscription_id = '${subscriptionId}' order by id`);
const told = async () =>
  (await run(`select type from outbound_events where object_id = '${subscriptionId}' order by sequence`)).map(
    ({ type }) => type,
  );

/** Issued on 31 January, paid on 1 February: the anchor is there. */
async function begun(): Promise<void> {
  await issue();
  at('2026-02-01T09:00:00.000Z');
  provider.pay(0);
  await settle();
}

describe('the first voucher', () => {
  it('is issued once, numbered by us, and found again by its order', async () => {
    expect(await issue()).toMatchObject({ status: 'incomplete', because: expect.stringContaining('a voucher is out') });
    await issue();
    expect(provider.made).toHaveLength(1);
    expect(provider.made[0]?.input).toMatchObject({
      businessId: `${subscriptionId}/2026-01-31`,
      amount: { amountMinor: 49900, currency: 'MXN' },
      source: { kind: 'voucher', method: 'oxxo', expiresAt: '2026-02-03T12:00:00.000Z' },
    });
    expect(await invoices()).toMatchObject([{ status: 'open', number: expect.stringMatching(/^TEST-2026-\d{6}$/) }]);
    expect(
      await run(`select entity_id from provider_objects where kind = 'order' and entity_id = '${subscriptionId}'`),
    ).toHaveLength(1);
    expect(await told()).toEqual(['subscription.voucher_issued']);
  });

  it('begins the subscription when it is paid, and its first period then', async () => {
    await begun();
    const row = await rowNow();
    expect(row).toMatchObject({ status: 'active', voucher: null, voucherDueAt: new Date('2026-02-24T09:00:00.000Z') });
    expect(row.currentPeriodEnd?.toISOString()).toBe('2026-03-01T09:00:00.000Z');
    expect(await invoices()).toMatchObject([
      { status: 'paid', amount_paid_minor: '49900', period_start: '2026-02-01' },
    ]);
    expect(await run(`select status from payments where subscription_id = '${subscriptionId}'`)).toEqual([
      { status: 'succeeded' },
    ]);
    const access = await run(`select is_allowed from entitlements where source_id = '${subscriptionId}'`);
    expect(access).toEqual([{ is_allowed: true }]);
  });

  it('ends the subscription before it began when nobody pays it, and honours money that comes later', async () => {
    await issue();
    at('2026-02-03T12:30:00.000Z');
    await settle();
    expect(await rowNow()).toMatchObject({ status: 'incomplete' }); // the shop may still tell of money
    at('2026-02-03T14:00:00.000Z');
    await settle();
    expect(await rowNow()).toMatchObject({ status: 'expired', failureCode: 'voucher_unpaid', voucher: null });
    expect(provider.made[0]?.state).toBe('canceled');
    provider.pay(0);
    await settle();
    expect(await rowNow()).toMatchObject({ status: 'expired' });
    expect(await invoices()).toMatchObject([{ status: 'paid', amount_paid_minor: '49900' }]);
  });

  it('that is refused ends the subscription and says why', async () => {
    provider.before = () => {
      throw new BillingError({ code: 'amount_out_of_range', kind: 'invalid', message: 'Too much.' });
    };
    expect(await issue()).toMatchObject({ status: 'expired', isOver: true });
    expect(await rowNow()).toMatchObject({ failureCode: 'amount_out_of_range', voucherDueAt: null });
    expect(await invoices()).toMatchObject([{ status: 'void', number: null }]);
  });
});

describe('an answer that is lost', () => {
  it('is looked up at once, and what was made is kept', async () => {
    provider.answer = 'lose';
    expect(await issue()).toMatchObject({ status: 'incomplete' });
    expect(provider.made).toHaveLength(1);
    expect(provider.looked).toEqual([`${subscriptionId}/2026-01-31`]);
    expect(await invoices()).toMatchObject([{ status: 'open' }]);
  });

  it('is never answered by asking again before the provider has had time to show what it made', async () => {
    provider.answer = 'hide';
    await expect(issue()).rejects.toMatchObject({ code: 'outcome_unknown' });
    at('2026-01-31T12:00:10.000Z');
    await expect(issue()).rejects.toMatchObject({ code: 'outcome_unknown', retryAfterMs: 15_000 });
    provider.answer = 'give';
    at('2026-01-31T12:00:25.000Z');
    await issue();
    expect(provider.made).toHaveLength(1);
    expect(await invoices()).toMatchObject([{ status: 'open' }]);
  });

  it('that never reached the provider is asked for again, with the same key', async () => {
    let keys: string[] = [];
    provider.before = ({ idempotencyKey }) => {
      keys = [...keys, idempotencyKey];
      if (keys.length === 1)
        throw new BillingError({ code: 'provider_unavailable', kind: 'unavailable', message: 'x' });
    };
    await expect(issue()).rejects.toMatchObject({ code: 'provider_unavailable' });
    at('2026-01-31T12:01:00.000Z');
    await issue();
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
    expect(await invoices()).toMatchObject([{ status: 'open' }]);
  });

  it('is taken over by the next settling when nobody asks any more', async () => {
    provider.answer = 'hide';
    await expect(issue()).rejects.toMatchObject({ code: 'outcome_unknown' });
    provider.answer = 'give';
    provider.pay(0);
    at('2026-01-31T12:05:00.000Z');
    await settle();
    expect(await rowNow()).toMatchObject({ status: 'active' });
  });
});

describe('the next periods', () => {
  it('have their voucher ahead of time, once however many ask', async () => {
    await begun();
    await issue();
    expect(provider.made).toHaveLength(1); // not due yet
    at('2026-02-24T09:00:00.000Z');
    await Promise.all([issue(), issue(), issue()].map((each) => each.catch((error: unknown) => error)));
    expect(provider.made.map(({ input }) => input.businessId)).toEqual([
      `${subscriptionId}/2026-01-31`,
      `${subscriptionId}/2026-03-01`,
    ]);
    expect((await invoices()).map(({ status }) => status)).toEqual(['paid', 'open']);
  });

  it('run on when paid ahead, and are told of when they begin', async () => {
    await begun();
    at('2026-02-25T09:00:00.000Z');
    await issue();
    provider.pay(1);
    await settle();
    expect(await rowNow()).toMatchObject({ status: 'active', voucherDueAt: new Date('2026-03-27T09:00:00.000Z') });
    expect((await rowNow()).currentPeriodEnd?.toISOString()).toBe('2026-03-01T09:00:00.000Z');
    at('2026-03-01T09:00:01.000Z');
    await settle();
    expect((await rowNow()).currentPeriodEnd?.toISOString()).toBe('2026-04-01T09:00:00.000Z');
    expect((await told()).at(-1)).toBe('subscription.renewed');
  });

  it('are past due when unpaid, recover by late money, and keep their boundaries', async () => {
    await begun();
    at('2026-02-25T09:00:00.000Z');
    await issue();
    at('2026-03-01T10:00:00.000Z');
    await settle();
    expect(await rowNow()).toMatchObject({ status: 'past_due', graceEndsAt: new Date('2026-03-15T09:00:00.000Z') });
    at('2026-03-09T10:00:00.000Z');
    provider.pay(1);
    await settle();
    const row = await rowNow();
    expect(row).toMatchObject({ status: 'active', pastDueAt: null, graceEndsAt: null });
    expect(row.currentPeriodStart?.toISOString()).toBe('2026-03-01T09:00:00.000Z');
    expect((await told()).slice(-2)).toEqual(['subscription.past_due', 'subscription.recovered']);
  });

  it('are canceled by us at the end of the grace, with the voucher taken back', async () => {
    await begun();
    at('2026-02-25T09:00:00.000Z');
    await issue();
    at('2026-03-15T09:00:00.000Z');
    await settle();
    expect(await rowNow()).toMatchObject({ status: 'canceled', endedAt: new Date('2026-03-15T09:00:00.000Z') });
    expect(provider.made[1]?.state).toBe('canceled');
    provider.pay(1);
    await settle();
    expect(await rowNow()).toMatchObject({ status: 'canceled' }); // the money is ours to give back, nothing reopens
    expect((await invoices()).map(({ status }) => status)).toEqual(['paid', 'paid']);
  });

  it('get another voucher only after the one before is surely gone; money for the old one is honoured', async () => {
    await begun();
    at('2026-02-25T09:00:00.000Z');
    await issue();
    const first = provider.made[1];
    if (first) first.state = 'canceled'; // the shop's own limit
    at('2026-03-05T09:00:00.000Z');
    await settle();
    await issue();
    expect(provider.made).toHaveLength(3);
    expect(provider.made[2]?.input.businessId).toBe(provider.made[1]?.input.businessId);
    expect(provider.made[2]?.input.idempotencyKey).not.toBe(provider.made[1]?.input.idempotencyKey);
    provider.pay(1);
    await settle();
    expect(await rowNow()).toMatchObject({ status: 'active' });
    await settle();
    expect(provider.made[2]?.state).toBe('canceled');
    expect((await invoices()).map(({ status }) => status)).toEqual(['paid', 'paid', 'void']);
  });

  it('are paid one after the other when both vouchers of one period are paid', async () => {
    await begun();
    at('2026-02-25T09:00:00.000Z');
    await issue();
    const first = provider.made[1];
    if (first) first.state = 'canceled';
    at('2026-03-05T09:00:00.000Z');
    await issue();
    provider.pay(1, '2026-03-05T10:00:00.000Z');
    provider.pay(2, '2026-03-05T11:00:00.000Z');
    at('2026-03-05T12:00:00.000Z');
    await settle();
    expect((await invoices()).map(({ period_start: start }) => start)).toEqual([
      '2026-02-01',
      '2026-03-01',
      '2026-04-01',
    ]);
    expect(await rowNow()).toMatchObject({ voucherDueAt: new Date('2026-04-26T09:00:00.000Z') });
  });

  it('are asked for again hours after a refusal, not at once', async () => {
    await begun();
    at('2026-02-24T09:00:00.000Z');
    provider.before = () => {
      throw new BillingError({ code: 'provider_rejected', kind: 'invalid', message: 'No.' });
    };
    const settled = await issue();
    expect(settled).toMatchObject({
      status: 'active',
      next: { kind: 'issue_voucher', at: '2026-02-24T15:00:00.000Z' },
    });
    await issue();
    expect(await invoices()).toHaveLength(2);
    provider.before = () => undefined;
    at('2026-02-24T15:00:00.000Z');
    await issue();
    expect((await invoices()).map(({ status }) => status)).toEqual(['paid', 'void', 'open']);
  });

  it('have no voucher once it is ending, and the one that is out is taken back', async () => {
    await begun();
    at('2026-02-25T09:00:00.000Z');
    await issue();
    await run(
      `update subscriptions set cancel_at_period_end = true, version = version + 1 where id = '${subscriptionId}'`,
    );
    await settle();
    expect(provider.made[1]?.state).toBe('canceled');
    expect(await rowNow()).toMatchObject({ status: 'active', voucher: null, voucherDueAt: null });
    await issue();
    expect(provider.made).toHaveLength(2);
    at('2026-03-01T09:00:00.000Z');
    await settle();
    expect(await rowNow()).toMatchObject({ status: 'canceled', endedAt: new Date('2026-03-01T09:00:00.000Z') });
  });
});

describe('settling', () => {
  it('changes nothing when nothing has happened', async () => {
    await begun();
    const { version } = await rowNow();
    const events = (await told()).length;
    await settle();
    await Promise.all([settle(), settle(), settle()]);
    expect((await rowNow()).version).toBe(version);
    expect(await told()).toHaveLength(events);
  });

  it('takes the same money once when many settle at the same time', async () => {
    await issue();
    provider.pay(0);
    await Promise.all([settle(), settle(), settle(), settle()]);
    expect(await run(`select 1 from payments where subscription_id = '${subscriptionId}'`)).toHaveLength(1);
    expect((await told()).filter((type) => type === 'subscription.activated')).toHaveLength(1);
  });
});
