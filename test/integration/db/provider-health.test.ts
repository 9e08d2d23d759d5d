import type { MikroORM } from '@mikro-orm/postgresql';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openOrm } from '../../../src/db/orm.ts';
import { firstOpenMs, goodTrialsToClose, openAfterInRow, trialLeaseMs } from '../../../src/domain/health/breaker.ts';
import type { Priority, RateLimit } from '../../../src/domain/health/budget.ts';
import type { AccountKey } from '../../../src/domain/provider-account.ts';
import { createProviderHealth } from '../../../src/health/create-provider-health.ts';
import type { ProviderHealth } from '../../../src/health/provider-health.ts';
import type { HttpCall } from '../../../src/providers/port.ts';
import { createDatabase } from '../../support/servers/postgres.ts';

const other = { projectId: 'p', live: false, provider: 'other' };
const startMs = Date.parse('2026-11-21T12:00:00.000Z');

/** A new one for each test: what a process of the one before still leases ahead of need is not this one's. */
let acme: AccountKey;
let accounts = 0;
let database: Awaited<ReturnType<typeof createDatabase>>;
let orms: [MikroORM, MikroORM];
let nowMs: number;
let slept: number[];

beforeAll(async () => {
  database = await createDatabase();
  orms = [await openOrm(database.url, { poolSize: 8 }), await openOrm(database.url, { poolSize: 8 })];
  await run(`insert into projects (id, name, default_currency, routing_policy) values ('p', 'P', 'USD', 'x')`);
});
afterAll(async () => {
  await Promise.all(orms.map((orm) => orm.close()));
  await database.drop();
});
beforeEach(async () => {
  acme = { projectId: 'p', live: false, provider: `acme_${(accounts += 1)}` };
  nowMs = startMs;
  slept = [];
  await run('truncate provider_health');
});

const run = <Row extends object>(sql: string) => orms[0].em.fork().execute<Row[]>(sql);

/** Two processes: each its own memory and connections, one database. */
function twoProcesses(): readonly [ProviderHealth, ProviderHealth] {
  const [one, two] = orms.map((orm) =>
    createProviderHealth({
      ...{ orm, logger: pino({ level: 'silent' }), shareEveryMs: 0 },
      nowMs: () => nowMs,
      chance: () => 0.5,
      sleep: async (ms) => {
        slept.push(ms);
        nowMs += ms;
      },
    }),
  );
  if (!one || !two) throw new Error('two');
  return [one, two];
}

function transportOf(health: ProviderHealth, limit: RateLimit | null = null, priority: Priority = 'foreground') {
  const { admit, observe } = health.http(acme, { timeoutMs: 4_000, rateLimit: limit, priority });
  if (!admit || !observe) throw new Error('the health asks and is told');
  const end = (call: Partial<HttpCall>) =>
    observe({ durationMs: 0, status: null, fault: null, retryAfter: null, ...call });
  return {
    admit,
    times: (count: number, call: Partial<HttpCall>) => {
      for (let index = 0; index < count; index += 1) end(call);
    },
  };
}

const timeout = { fault: 'timeout' } as const;
const fine = { status: 200 } as const;
const syncAll = async (...all: readonly ProviderHealth[]) => {
  for (const health of all) await health.sync();
};

describe('a breaker over two processes', () => {
  it('opens for what both have seen together, for both, and for nobody else', async () => {
    const [one, two] = twoProcesses();
    transportOf(one).times(openAfterInRow / 2, timeout);
    transportOf(two).times(openAfterInRow / 2, timeout);
    await syncAll(one);
    expect(one.viewOf(acme).state).toBe('closed');
    await syncAll(two, one);
    for (const health of [one, two]) {
      expect(health.viewOf(acme)).toMatchObject({
        ...{ state: 'open', calls: openAfterInRow, failures: openAfterInRow, lastFailure: 'timeout' },
        trialAt: new Date(startMs + firstOpenMs).toISOString(),
      });
      expect(await health.enter(acme)).toBe('open');
      expect(await health.enter(other)).toBe('go');
      expect(health.viewOf({ ...acme, live: true }).state).toBe('closed');
    }
    const audited = await run(
      `select action, detail, entity_id, actor from audit_log where entity_id = '${acme.provider}'`,
    );
    expect(audited).toMatchObject([{ action: 'provider.breaker_opened', actor: 'provider-health' }]);
  });

  it('asks the database nothing while it is closed', async () => {
    const [one] = twoProcesses();
    await orms[0].close();
    try {
      expect(await one.enter(acme)).toBe('go');
      const { admit, times } = transportOf(one);
      await admit();
      times(3, fine);
      expect(one.viewOf(acme).state).toBe('closed');
    } finally {
      orms[0] = await openOrm(database.url, { poolSize: 8 });
    }
  });

  it('gives the trial to one of fifty who come at once, and to the next when that one died', async () => {
    const [one, two] = twoProcesses();
    transportOf(one).times(openAfterInRow, timeout);
    await syncAll(one, two);
    nowMs += firstOpenMs;
    const enterAll = () => Promise.all(Array.from({ length: 50 }, (_, index) => (index % 2 ? one : two).enter(acme)));
    expect((await enterAll()).filter((entered) => entered === 'trial')).toHaveLength(1);
    await syncAll(one, two);
    expect((await enterAll()).filter((entered) => entered === 'trial')).toHaveLength(0);
    nowMs += trialLeaseMs;
    const [three, four] = twoProcesses();
    await syncAll(three, four);
    const again = await Promise.all([three, four].map((health) => health.enter(acme)));
    expect(again.toSorted()).toEqual(['open', 'trial']);
  });

  it('closes after good trials of either process, and says so once', async () => {
    const [one, two] = twoProcesses();
    transportOf(one).times(openAfterInRow, { status: 503 });
    await syncAll(one, two);
    nowMs += firstOpenMs;
    for (let trial = 0; trial < goodTrialsToClose; trial += 1) {
      const health = trial % 2 === 0 ? one : two;
      expect(await health.enter(acme)).toBe('trial');
      transportOf(health).times(2, fine);
      health.leave(acme);
      await expect
        .poll(async () => (await run<{ trial_until: string | null }>('select trial_until from provider_health'))[0])
        .toEqual({ trial_until: null });
      await syncAll(one, two);
    }
    expect([one, two].map((health) => health.viewOf(acme).state)).toEqual(['closed', 'closed']);
    expect(await two.enter(acme)).toBe('go');
    const closings = await run(`select 1 from audit_log where action = 'provider.breaker_closed'`);
    expect(closings).toHaveLength(1);
  });

  it('stays open for longer after a bad trial, and counts no call that began before it', async () => {
    const [one] = twoProcesses();
    const { times } = transportOf(one);
    times(openAfterInRow, timeout);
    await one.sync();
    nowMs += firstOpenMs;
    expect(await one.enter(acme)).toBe('trial');
    times(3, { ...timeout, durationMs: 4_000 });
    await one.sync();
    expect(one.viewOf(acme).state).toBe('half_open');
    times(1, timeout);
    await expect.poll(() => one.viewOf(acme).state).toBe('open');
    expect(one.viewOf(acme).trialAt).toBe(new Date(nowMs + 2 * firstOpenMs).toISOString());
    one.leave(acme);
  });

  it('leaves the trial to the next when the first sent nothing', async () => {
    const [one] = twoProcesses();
    transportOf(one).times(openAfterInRow, timeout);
    await one.sync();
    nowMs += firstOpenMs;
    expect(await one.enter(acme)).toBe('trial');
    one.leave(acme);
    await expect.poll(() => one.enter(acme)).toBe('trial');
    one.leave(acme);
    await one.close();
  });

  it('is held open by an operator until one closes it', async () => {
    const [one, two] = twoProcesses();
    const actor = 'key_1';
    await one.move(acme, { state: 'open', reason: 'Their maintenance.', actor });
    await two.sync();
    nowMs += 3_600_000;
    expect(two.viewOf(acme)).toMatchObject({ state: 'open', held: 'Their maintenance.', trialAt: null });
    expect(await two.enter(acme)).toBe('open');
    expect(await two.move(acme, { state: 'closed', reason: 'It is over.', actor })).toMatchObject({
      ...{ state: 'closed', held: null },
    });
    await one.sync();
    expect(await one.enter(acme)).toBe('go');
    const acts = await run(`select action, detail from audit_log where actor = 'key_1' order by id`);
    expect(acts).toEqual([
      { action: 'provider.breaker_opened', detail: 'Their maintenance.' },
      { action: 'provider.breaker_closed', detail: 'It is over.' },
    ]);
  });

  it('tells refused credentials from failures, until an answer comes', async () => {
    const [one, two] = twoProcesses();
    transportOf(one).times(20, { status: 401 });
    await syncAll(one, two);
    expect(two.viewOf(acme)).toMatchObject({
      ...{ state: 'closed', failures: 0, lastFailure: null },
      rejectedAt: new Date(startMs).toISOString(),
    });
    transportOf(two).times(1, fine);
    await syncAll(two, one);
    expect(one.viewOf(acme).rejectedAt).toBeNull();
  });

  it('loses nothing that was counted while the database was away', async () => {
    const [one] = twoProcesses();
    transportOf(one).times(openAfterInRow / 2, timeout);
    await run('alter table provider_health rename to hidden');
    await expect(one.sync()).rejects.toThrow();
    await run('alter table hidden rename to provider_health');
    transportOf(one).times(openAfterInRow / 2, timeout);
    await one.sync();
    expect(one.viewOf(acme).state).toBe('open');
  });
});

describe('a rate budget over two processes', () => {
  const limit = { perSecond: 10, burst: 20 };
  const isLimited = { code: 'provider_rate_limited', kind: 'rate_limited' };

  it('is not exceeded by both together, and a buyer’s call over it fails with the time to wait', async () => {
    const processes = twoProcesses();
    const one = transportOf(processes[0], limit);
    const two = transportOf(processes[1], limit);
    const asks = Array.from({ length: 60 }, (_, index) => (index % 2 ? one : two).admit());
    const settled = await Promise.allSettled(asks);
    const admitted = settled.filter(({ status }) => status === 'fulfilled').length;
    const elapsedSeconds = (nowMs - startMs) / 1_000;
    expect(admitted).toBeGreaterThanOrEqual(limit.burst);
    expect(admitted).toBeLessThanOrEqual(limit.burst + elapsedSeconds * limit.perSecond);
    const refused = settled.find(({ status }) => status === 'rejected');
    expect(refused).toMatchObject({ reason: isLimited });
    expect(Math.max(...slept)).toBeLessThanOrEqual(250);
  });

  it('keeps half for buyers while the background takes what it can', async () => {
    const [one, two] = twoProcesses();
    const background = transportOf(one, limit, 'background');
    let taken = 0;
    for (; taken < 100; taken += 1) if ((await background.admit().catch(() => 'over')) === 'over') break;
    expect(taken).toBe(limit.burst / 2);
    const foreground = transportOf(two, limit);
    for (let index = 0; index < limit.burst / 2; index += 1) await foreground.admit();
    expect(nowMs).toBe(startMs);
  });

  it('fills again with time, and drops what was leased and not used', async () => {
    const [one] = twoProcesses();
    const { admit } = transportOf(one, limit);
    await admit();
    nowMs += 60_000;
    let calls = 0;
    for (; slept.length === 0; calls += 1) await admit();
    // The last one has waited for its own.
    expect(calls).toBe(limit.burst + 1);
  });

  it('pauses for both when one is told to wait, and a 429 is no failure', async () => {
    const [one, two] = twoProcesses();
    transportOf(one).times(openAfterInRow, { status: 429, retryAfter: '30' });
    await expect(transportOf(one).admit()).rejects.toMatchObject({ ...isLimited, retryAfterMs: 30_000 });
    await syncAll(one, two);
    nowMs += 10_000;
    expect(two.viewOf(acme)).toMatchObject({
      ...{ state: 'closed', failures: 0 },
      pausedUntil: new Date(startMs + 30_000).toISOString(),
    });
    await expect(transportOf(two).admit()).rejects.toMatchObject({ ...isLimited, retryAfterMs: 20_000 });
    nowMs += 20_000;
    await transportOf(two).admit();
    expect(slept).toEqual([]);
  });

  it('lets a buyer’s call wait out a short pause', async () => {
    const [one] = twoProcesses();
    const { admit, times } = transportOf(one);
    times(1, { status: 429 });
    await admit();
    expect(slept).toEqual([250]);
  });
});
