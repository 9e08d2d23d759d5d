import type { MikroORM } from '@mikro-orm/postgresql';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openOrm } from '../../../src/db/orm.ts';
import { firstOpenMs, goodTrialsToClose, openAfterInRow } from '../../../src/domain/health/breaker.ts';
import { createProviderHealth } from '../../../src/health/create-provider-health.ts';
import type { ProviderHealth } from '../../../src/health/provider-health.ts';
import { createTransport, type TransportError } from '../../../src/providers/http.ts';
import { createDatabase } from '../../support/servers/postgres.ts';
import { startStubServer, type StubAnswer, type StubServer } from '../../unit/providers/stub-server.ts';

const acme = { projectId: 'p', live: true, provider: 'acme' };

let database: Awaited<ReturnType<typeof createDatabase>>;
let orm: MikroORM;
let stub: StubServer;
let answer: StubAnswer = {};
let aheadMs = 0;
let health: ProviderHealth;

beforeAll(async () => {
  database = await createDatabase();
  orm = await openOrm(database.url, { poolSize: 4 });
  await orm.em
    .fork()
    .execute(`insert into projects (id, name, default_currency, routing_policy) values ('p', 'P', 'USD', 'x')`);
  stub = await startStubServer(() => answer);
  health = createProviderHealth({
    ...{ orm, logger: pino({ level: 'silent' }), shareEveryMs: 0 },
    nowMs: () => Date.now() + aheadMs,
    chance: () => 0.5,
  });
});
afterAll(async () => {
  await health.close();
  await stub.close();
  await orm.close();
  await database.drop();
});

describe('a transport that tells the health', () => {
  it('opens the breaker by real answers, and closes it by real trials', async () => {
    const transport = createTransport(
      health.http(acme, { timeoutMs: 1_000, rateLimit: { perSecond: 1, burst: 40 }, priority: 'foreground' }),
    );
    const send = () =>
      transport.send({ operation: 'x', method: 'POST', url: stub.url, headers: {}, body: '{}', timeoutMs: 1_000 }).then(
        ({ status }) => status,
        (error: TransportError) => error.fault,
      );
    expect(await send()).toBe(200);
    answer = 'cut';
    for (let call = 0; call < openAfterInRow; call += 1) expect(await send()).toBe('lost');
    await health.sync();
    expect(health.viewOf(acme)).toMatchObject({
      ...{ state: 'open', calls: openAfterInRow + 1, failures: openAfterInRow, lastFailure: 'lost' },
    });
    expect(health.viewOf(acme).budget?.left).toBeLessThan(40);
    expect(await health.enter(acme)).toBe('open');
    // A call without another provider to serve it may go all the same.
    answer = {};
    expect(await send()).toBe(200);
    await health.sync();
    expect(health.viewOf(acme).state).toBe('open');
    aheadMs += firstOpenMs;
    for (let trial = 0; trial < goodTrialsToClose; trial += 1) {
      await expect.poll(() => health.enter(acme)).toBe('trial');
      expect(await send()).toBe(200);
      health.leave(acme);
    }
    await expect.poll(() => health.viewOf(acme).state).toBe('closed');
  });
});
