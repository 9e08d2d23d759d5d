import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ipaddr from 'ipaddr.js';
import { Reader, type Response } from 'mmdb-lib';
import { countryCodes } from '../../src/domain/routing/country-codes.ts';

/** Inclusive, as numbers of 32 or 128 bits. */
export interface Range {
  readonly from: bigint;
  readonly to: bigint;
  readonly country: string;
}

/** What independent sources say of an address; null: nothing. */
export interface Sources {
  /** Registries' WHOIS and operators' own geofeeds. */
  label(ip: string): string | null;
  /** Whether it is in the routing table, so that a buyer can come from it. */
  isAnnounced(ip: string): boolean;
  /** The second opinion. */
  second(ip: string): string | null;
  /** The second opinion's ranges, sorted. */
  readonly ranges: { readonly ipv4: readonly Range[]; readonly ipv6: readonly Range[] };
}

/** @param directory Holds the four files that test/fixtures/geolocation/README.md tells how to fetch. */
export function openSources(directory: string): Sources {
  const label = readMmdb(join(directory, 'geo-whois-asn-country.mmdb'));
  const announced = readMmdb(join(directory, 'iptoasn-country.mmdb'));
  const ranges = { ipv4: readRanges(join(directory, 'geoip')), ipv6: readRanges(join(directory, 'geoip6')) };
  return {
    label,
    isAnnounced: (ip) => announced(ip) !== null,
    second: (ip) => findRange(ip.includes(':') ? ranges.ipv6 : ranges.ipv4, toNumber(ip))?.country ?? null,
    ranges,
  };
}

function readMmdb(path: string): (ip: string) => string | null {
  const reader = new Reader<Response & { readonly country_code?: string }>(readFileSync(path));
  return (ip) => {
    const country = reader.get(ip)?.country_code ?? '';
    return countryCodes.has(country) ? country : null;
  };
}

/** Lines `first,last,country`: numbers for IPv4, addresses for IPv6; `??` is nobody's. */
function readRanges(path: string): readonly Range[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(','))
    .flatMap(([from = '', to = '', country = '']) =>
      countryCodes.has(country) ? [{ from: toNumber(from), to: toNumber(to), country }] : [],
    );
}

function findRange(ranges: readonly Range[], at: bigint): Range | null {
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle];
    if (range === undefined || at < range.from) high = middle - 1;
    else if (at > range.to) low = middle + 1;
    else return range;
  }
  return null;
}

export function toNumber(text: string): bigint {
  if (/^\d+$/.test(text)) return BigInt(text);
  const hex = ipaddr
    .parse(text)
    .toByteArray()
    .map((byte) => byte.toString(16).padStart(2, '0'));
  return BigInt(`0x${hex.join('')}`);
}

export function toAddress(value: bigint, bits: 32 | 128): string {
  const hex = value.toString(16).padStart(bits / 4, '0');
  return ipaddr.fromByteArray([...Buffer.from(hex, 'hex')]).toString();
}
