import { readFile, stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import { Reader, type CountryResponse } from 'mmdb-lib';
import { normalizeCountry } from '../../domain/routing/country.ts';
import type { Logger } from '../../logger.ts';

/** Countries from a file of ours: microseconds, no network, nobody told. */
export interface OfflineDatabase {
  /** @param ip As `publicIp` gives it. Never throws; null: the file does not know. */
  country(ip: string): string | null;
  /** When the data was built; null: no file could be read yet. */
  readonly builtAt: Date | null;
  /** Ends the watch over the file. */
  close(): void;
}

/** The two shapes of `.mmdb` country files. */
type CountryRecord = CountryResponse & { readonly country_code?: string };

interface LoadedFile {
  readonly builtAt: Date;
  country(ip: string): string | null;
}

const oldMs = 90 * 24 * 3_600_000;
/** The United States in every database ever tried: one without it holds something else than countries. */
const probe = '8.8.8.8';

/**
 * Loads an `.mmdb` country file of either shape into memory (about 8 MB), and again whenever it is replaced on disk. A
 * file that cannot be read changes nothing: the one before goes on serving, or nobody's country is known.
 *
 * @param input.checkMs How often the file's date is looked at.
 */
export async function openOfflineDatabase(input: {
  readonly path: string;
  readonly logger: Logger;
  readonly checkMs?: number;
}): Promise<OfflineDatabase> {
  const { logger, path } = input;
  let loaded: LoadedFile | null = null;
  let seen: string | null = null;
  const look = async () => {
    const version = await versionOf(path);
    if (version === seen) return;
    seen = version;
    try {
      loaded = await loadFile(path);
      logger.info({ built_at: loaded.builtAt.toISOString() }, 'the geolocation database is loaded');
      if (Date.now() - loaded.builtAt.getTime() > oldMs)
        logger.warn({ built_at: loaded.builtAt.toISOString() }, 'the geolocation database is over 90 days old');
    } catch (error) {
      logger.warn({ err: error, kept: loaded !== null }, 'the geolocation database cannot be read');
    }
  };
  await look();
  const timer = setInterval(() => void look(), input.checkMs ?? 60_000).unref();
  return {
    country: (ip) => loaded?.country(ip) ?? null,
    get builtAt() {
      return loaded?.builtAt ?? null;
    },
    close: () => clearInterval(timer),
  };
}

/**
 * Changes when the file does. `fs.watchFile` would take its first look some time after we have read the file, and miss
 * what was replaced in between.
 */
async function versionOf(path: string): Promise<string> {
  try {
    const { ino, mtimeMs, size } = await stat(path);
    return [ino, mtimeMs, size].join();
  } catch {
    return 'none';
  }
}

async function loadFile(path: string): Promise<LoadedFile> {
  const reader = new Reader<CountryRecord>(await readFile(path));
  const isIpv6Aware = reader.metadata.ipVersion === 6;
  const country = (ip: string): string | null => {
    // An IPv4-only file answers IPv6 addresses with a wrong country.
    if (isIP(ip) === 6 && !isIpv6Aware) return null;
    try {
      const record = reader.get(ip);
      return normalizeCountry(record?.country_code ?? record?.country?.iso_code);
    } catch {
      return null;
    }
  };
  if (country(probe) === null) throw new Error('the file is no database of countries');
  return { builtAt: reader.metadata.buildEpoch, country };
}
