import { createRequire } from 'node:module';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { openGeo } from '../../../src/api/geo/open-geo.ts';
import { loadConfig, type Env } from '../../../src/config.ts';
import { json, startGeoServiceStub } from '../../support/geo-service-stub.ts';

/** Public, and in no database: unassigned. */
const unheardOf = '3fff:ffff::1';

async function find(env: Env, address: string) {
  const loaded = loadConfig({ DATABASE_URL: 'postgres://localhost/x', OUTBOUND_ALLOW_PRIVATE: 'true', ...env });
  if ('faults' in loaded) throw new Error('faults');
  const logs: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => void logs.push(line) });
  const geo = await openGeo(loaded.config, logger, 5_000);
  const pieces = await geo.findCountry(address, { mayAsk: true });
  await geo.close();
  return { countries: pieces.map(({ country }) => country), logs: logs.join() };
}

it('opens the file that ships, and asks nobody, as it comes', async () => {
  expect((await find({}, '193.99.144.80')).countries).toEqual(['DE', null]);
  expect((await find({}, unheardOf)).countries).toEqual([null, null]);
});

it('asks the services of the environment, in their order, and warns of the one without TLS', async () => {
  const [first, backup] = [await startGeoServiceStub(), await startGeoServiceStub()];
  first.answer = json({ error: true, reason: 'RateLimited' }, {}, 429);
  backup.answer = json({ status: 'success', countryCode: 'CO' });
  const { countries, logs } = await find(
    {
      GEO_HTTP_SERVICES: 'ipapi.co,ip-api.com',
      ...{ IPAPI_KEY: 'k', IPAPI_BASE_URL: first.url, IP_API_BASE_URL: `${backup.url}/` },
    },
    unheardOf,
  );
  expect(countries).toEqual([null, 'CO']);
  expect(first.asked).toEqual(['/3fff%3Affff%3A%3A1/json/?key=k']);
  expect(backup.asked).toEqual(['/json/3fff%3Affff%3A%3A1?fields=status,message,countryCode']);
  expect(logs).toContain('without TLS');
  first.close();
  backup.close();
});

it('goes on without a file', async () => {
  const { countries, logs } = await find({ GEO_DATABASE_PATH: '/nowhere/country.mmdb' }, '193.99.144.80');
  expect(countries).toEqual([null, null]);
  expect(logs).toContain('cannot be read');
});

it('takes a file of something else for none', async () => {
  const path = createRequire(import.meta.url).resolve('mmdb-lib');
  const { countries, logs } = await find({ GEO_DATABASE_PATH: path }, '193.99.144.80');
  expect(countries).toEqual([null, null]);
  expect(logs).toContain('cannot be read');
});
