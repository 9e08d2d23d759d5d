import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Agent } from 'undici';
import { createAskServices } from '../../../src/api/geo/ask-services.ts';
import { geoServices } from '../../../src/api/geo/http-services.ts';
import { createGuardedAgent } from '../../../src/egress/guarded-agent.ts';
import { json, silence, startGeoServiceStub, type GeoServiceStub } from '../../support/geo-service-stub.ts';

const minute = 60_000;
const hour = 60 * minute;
const unsure = { country: null, service: null, isSure: false };

let first: GeoServiceStub;
let backup: GeoServiceStub;
let agent: Agent;
let clock: number;
let logs: string[];
beforeEach(async () => {
  [first, backup] = [await startGeoServiceStub(), await startGeoServiceStub()];
  agent = createGuardedAgent({ allowPrivate: true, httpsOnly: false }, { connectTimeoutMs: 400 });
  clock = 1_000;
  logs = [];
  first.answer = json({ country_code: 'DE' });
  backup.answer = json({ status: 'success', countryCode: 'BR' });
});
afterEach(async () => {
  first.close();
  backup.close();
  await agent.destroy();
});

function askBoth(options: { readonly timeoutMs?: number; readonly only?: 'first' } = {}) {
  const both = [
    { service: geoServices['ipapi.co'], baseUrl: first.url, key: 'hush' },
    { service: geoServices['ip-api.com'], baseUrl: backup.url, key: null },
  ];
  return createAskServices({
    services: options.only ? both.slice(0, 1) : both,
    dispatcher: agent,
    logger: pino({ level: 'info' }, { write: (line: string) => void logs.push(line) }),
    timeoutMs: options.timeoutMs ?? 5_000,
    now: () => clock,
  });
}

/** Addresses in networks of their own. */
const stranger = (number: number) => `81.2.${number}.7`;

describe('services asked in turn', () => {
  it('leaves the backup alone while the first one answers', async () => {
    expect(await askBoth()('8.8.8.8')).toEqual({ country: 'DE', service: 'ipapi.co', isSure: true });
    expect([first.asked, backup.asked]).toEqual([['/8.8.8.8/json/?key=hush'], []]);
  });

  it.each<[string, GeoServiceStub['answer']]>([
    ['does not know', json({ country_code: null })],
    ['has an error with 200', json({ error: true, reason: 'Quota' })],
    ['is rate limited', json({ error: true, reason: 'RateLimited' }, {}, 429)],
    ['is broken', json({}, {}, 500)],
    ['sends junk', (response) => void response.end('<html>')],
    ['sends too much', (response) => void response.end(`{"country_code":"US","x":"${'x'.repeat(70_000)}"}`)],
    ['hangs up', (response) => void response.destroy()],
    ['sends a redirect', (response) => void response.writeHead(302, { location: `${first.url}/elsewhere` }).end()],
    ['stops in the middle', (response) => void response.writeHead(200, { 'content-length': 99 }).write('{"country')],
    ['says nothing', silence],
  ])('asks the backup once when the first one %s', async (_what, answer) => {
    first.answer = answer;
    expect(await askBoth({ timeoutMs: 2_500 })('8.8.8.8')).toEqual({
      country: 'BR',
      service: 'ip-api.com',
      isSure: true,
    });
    expect([first.asked.length, backup.asked.length]).toEqual([1, 1]);
  });

  it('answers within its time when nobody says anything', async () => {
    first.answer = silence;
    backup.answer = silence;
    const startedAt = performance.now();
    expect(await askBoth({ timeoutMs: 800 })('8.8.8.8')).toEqual(unsure);
    expect(performance.now() - startedAt).toBeLessThan(1_200);
    expect([first.asked.length, backup.asked.length]).toEqual([1, 1]);
  });

  it('reaches nothing inside the network, unless it is told to', async () => {
    const guarded = createGuardedAgent({ allowPrivate: false, httpsOnly: false }, { connectTimeoutMs: 400 });
    const ask = createAskServices({
      services: [{ service: geoServices['ipapi.co'], baseUrl: first.url, key: null }],
      dispatcher: guarded,
      logger: pino({ level: 'silent' }),
      timeoutMs: 800,
    });
    expect(await ask('8.8.8.8')).toEqual(unsure);
    expect(first.asked).toEqual([]);
    await guarded.destroy();
  });
});

describe('the cache of networks', () => {
  it.each<[string, string, string, number]>([
    ['a /24', '81.2.69.1', '81.2.69.254', 1],
    ['the next /24', '81.2.69.1', '81.2.70.1', 2],
    ['a /48', '2a00:1450:4001::1', '2a00:1450:4001:ffff::2', 1],
    ['the next /48', '2a00:1450:4001::1', '2a00:1450:4002::1', 2],
  ])('asks about %s: %s and %s', async (_what, one, other, times) => {
    const ask = askBoth();
    await ask(one);
    await ask(other);
    expect(first.asked.length).toBe(times);
  });

  it('asks once for those who come while it asks', async () => {
    const ask = askBoth();
    const found = await Promise.all(Array.from({ length: 50 }, (_unused, index) => ask(`81.2.69.${index}`)));
    expect(new Set(found.map(({ country }) => country))).toEqual(new Set(['DE']));
    expect(first.asked.length).toBe(1);
  });

  it.each<[string, GeoServiceStub['answer'], GeoServiceStub['answer'], number]>([
    ['a country 24 hours', json({ country_code: 'DE' }), json({}), 24 * hour],
    ['that nobody knows 1 hour', json({}), json({ status: 'fail', message: 'invalid query' }), hour],
    ['an error 60 seconds', json({}), json({}, {}, 500), minute],
  ])('remembers %s', async (_what, one, other, ttlMs) => {
    [first.answer, backup.answer] = [one, other];
    const ask = askBoth();
    await ask('8.8.8.8');
    clock += ttlMs - 1_000;
    await ask('8.8.8.8');
    expect(first.asked.length).toBe(1);
    clock += 2_000;
    await ask('8.8.8.8');
    expect(first.asked.length).toBe(2);
  });
});

describe('a service that fails', () => {
  it('is left alone after five failures in a row, tried once half a minute later, and asked again when it answers', async () => {
    first.answer = json({}, {}, 500);
    const ask = askBoth({ only: 'first' });
    for (let index = 0; index < 8; index += 1) await ask(stranger(index));
    expect(first.asked.length).toBe(5);
    clock += 30_001;
    await Promise.all([10, 11, 12].map((index) => ask(stranger(index))));
    expect(first.asked.length).toBe(6);
    clock += 29_000;
    await ask(stranger(13));
    expect(first.asked.length).toBe(6);
    clock += 1_001;
    first.answer = json({ country_code: 'DE' });
    for (const index of [14, 15]) expect((await ask(stranger(index))).country).toBe('DE');
    expect(first.asked.length).toBe(8);
  });

  it('is told of once, without address or key', async () => {
    first.answer = json({}, {}, 500);
    const ask = askBoth({ only: 'first' });
    for (let index = 0; index < 7; index += 1) {
      await ask(stranger(index));
      clock += index * 31_000;
    }
    expect(logs.length).toBe(1);
    expect(logs.join()).toContain('ipapi.co');
    expect(logs.join()).not.toMatch(/81\.2|hush/);
  });

  it('is told of at once when it refuses the key', async () => {
    first.answer = json({ error: true, reason: 'Invalid key' }, {}, 403);
    const ask = askBoth({ only: 'first' });
    for (const index of [1, 2, 3]) await ask(stranger(index));
    expect(first.asked.length).toBe(1);
    expect(logs.map((line): unknown => JSON.parse(line))).toMatchObject([{ why: 'the key is refused' }]);
    expect(logs.join()).not.toMatch(/81\.2|hush/);
  });

  it('is not asked before the time it named', async () => {
    first.answer = json({}, {}, 500);
    backup.answer = json({ status: 'success', countryCode: 'BR' }, { 'x-rl': '0', 'x-ttl': '17' });
    const ask = askBoth();
    expect((await ask(stranger(1))).country).toBe('BR');
    expect((await ask(stranger(2))).country).toBeNull();
    clock += 16_000;
    expect((await ask(stranger(3))).country).toBeNull();
    clock += 1_001;
    expect((await ask(stranger(4))).country).toBe('BR');
    expect(backup.asked.length).toBe(2);
  });

  it('cannot pile up: twenty questions at a time', async () => {
    first.answer = silence;
    const ask = askBoth({ only: 'first', timeoutMs: 1_500 });
    await Promise.all(Array.from({ length: 60 }, (_unused, index) => ask(stranger(index))));
    expect(first.asked.length).toBe(20);
  });
});
