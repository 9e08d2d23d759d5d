import { createRandom } from '../bench/load/random.ts';
import { publicIp } from '../src/api/geo/public-ip.ts';
import { countryCodes } from '../src/domain/routing/country-codes.ts';
import { openSources, toAddress, type Range, type Sources } from './geolocation/sources.ts';

/**
 * Draws the labelled addresses of test/fixtures/geolocation/addresses.csv, the same ones for the same seed and files:
 *
 *     node scripts/sample-geolocation.ts <directory of the sources> > test/fixtures/geolocation/addresses.csv
 *
 * The README beside the result tells where the sources are from, and what the rule leaves out.
 */
const seed = 20_261_121;
const sizes = { ipv4: 2_400, ipv6: 1_200, perCountry: 8 };
/** A country with less announced space than this many draws would find is left with what was found. */
const drawsPerCountry = 400;

interface Row {
  readonly stratum: 'ipv4' | 'ipv6' | 'country';
  readonly address: string;
  readonly country: string;
  readonly second: string | null;
}

type Draw = () => string;

const directory = process.argv[2];
if (directory === undefined) throw new Error('Name the directory of the sources; see test/fixtures/geolocation.');
const sources = openSources(directory);
const random = createRandom(seed);
const rows = [
  ...take('ipv4', sizes.ipv4, () => toAddress(below(2n ** 32n), 32)),
  ...take('ipv6', sizes.ipv6, drawFrom(sources.ranges.ipv6, 128)),
  ...[...countryCodes].sort().flatMap(takeOfCountry),
];
console.log('stratum,address,country,second');
for (const row of rows) console.log([row.stratum, row.address, row.country, row.second ?? ''].join(','));

/** Every address of the space is as likely as any other; those without a label or a route are drawn again. */
function take(stratum: 'ipv4' | 'ipv6', count: number, draw: Draw): readonly Row[] {
  const taken: Row[] = [];
  while (taken.length < count) {
    const row = labelled(stratum, draw(), sources);
    if (row) taken.push(row);
  }
  return taken;
}

/** As many of each country, big or small; here both sources have to agree, for one alone chose the range. */
function takeOfCountry(country: string): readonly Row[] {
  const ranges = sources.ranges.ipv4.filter((range) => range.country === country);
  if (ranges.length === 0) return [];
  const draw = drawFrom(ranges, 32);
  const taken: Row[] = [];
  for (let tries = 0; tries < drawsPerCountry && taken.length < sizes.perCountry; tries += 1) {
    const row = labelled('country', draw(), sources);
    if (row && row.country === country && !taken.some(({ address }) => address === row.address)) taken.push(row);
  }
  return taken;
}

function labelled(stratum: Row['stratum'], drawn: string, from: Sources): Row | null {
  const address = publicIp(drawn);
  const country = address === null ? null : from.label(address);
  if (address === null || country === null || !from.isAnnounced(address)) return null;
  return { stratum, address, country, second: from.second(address) };
}

/** Weighted by size: an address, not a range, is what is drawn. */
function drawFrom(ranges: readonly Range[], bits: 32 | 128): Draw {
  let total = 0n;
  const ends = ranges.map(({ from, to }) => (total += to - from + 1n));
  return () => {
    const at = below(total);
    let low = 0;
    let high = ends.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] ?? 0n) > at) high = middle;
      else low = middle + 1;
    }
    const range = ranges[low];
    if (range === undefined) throw new Error('No ranges to draw from.');
    return toAddress(range.to - ((ends[low] ?? 0n) - 1n - at), bits);
  };
}

/** Below `limit`, by 156 random bits: the remainder's lean is far below one part in a million. */
function below(limit: bigint): bigint {
  let value = 0n;
  for (let part = 0; part < 6; part += 1) value = (value << 26n) | BigInt(Math.floor(random() * 2 ** 26));
  return value % limit;
}
