import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { Reader, type CountryResponse } from 'mmdb-lib';
import { normalizeCountry } from '../domain/routing/country.ts';

/** Country of an address, from a file on disk. Steers routing only; it is no evidence for tax. */
export interface GeoLookup {
  /** Never throws; null for private, unknown and malformed addresses. */
  country(ip: string | undefined): string | null;
  /** When the data was built. */
  readonly builtAt: Date | null;
}

/** The two shapes of `.mmdb` country files. */
type CountryRecord = CountryResponse & { readonly country_code?: string };

/** Loads an `.mmdb` country file of either shape into memory (about 8 MB; look-ups take microseconds). */
export function openGeoDatabase(path: string): GeoLookup {
  const reader = new Reader<CountryRecord>(readFileSync(path));
  const isIpv6Aware = reader.metadata.ipVersion === 6;
  return {
    builtAt: reader.metadata.buildEpoch,
    country(raw) {
      const ip = publicIp(raw);
      // An IPv4-only file answers IPv6 addresses with a wrong country.
      if (ip === null || (isIP(ip) === 6 && !isIpv6Aware)) return null;
      try {
        const record = reader.get(ip);
        return normalizeCountry(record?.country_code ?? record?.country?.iso_code);
      } catch {
        return null;
      }
    },
  };
}

/** Nobody's country is known: for tests, and where no file could be read. */
export const noGeoDatabase: GeoLookup = { country: () => null, builtAt: null };

/** A global unicast address without port or brackets, or null. `req.ip` is unchecked text. */
export function publicIp(raw: string | undefined): string | null {
  const text = (raw ?? '').trim();
  const withPort = /^\[([^\]]+)\](?::\d+)?$/.exec(text) ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text);
  const bare = withPort?.[1] ?? text;
  if (bare.includes('%') || isIP(bare) === 0) return null;
  const address = ipaddr.process(bare);
  return address.range() === 'unicast' ? address.toString() : null;
}
