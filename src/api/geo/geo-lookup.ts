import type { EvidencePiece } from '../../domain/routing/country.ts';
import type { AskServices } from './ask-services.ts';
import type { OfflineDatabase } from './offline-database.ts';
import { publicIp } from './public-ip.ts';

/** Country of an address. Steers routing only; it is no evidence for tax. The address goes no further than here. */
export interface GeoLookup {
  /**
   * Never throws; answers at once, or within 0.8 s when foreign services are asked.
   *
   * @param address Unchecked text, as `request.ip`.
   * @param options.mayAsk Foreign services too, when the file does not know: only where nothing better said anything.
   * @returns what `ip` and `ip_service` had to say.
   */
  findCountry(
    address: string | undefined,
    options: { readonly mayAsk: boolean },
  ): Promise<readonly [EvidencePiece, EvidencePiece]>;
  close(): Promise<void>;
}

/** @param input.ask null: no service is switched on. */
export function createGeoLookup(input: {
  readonly database: Pick<OfflineDatabase, 'country' | 'builtAt'>;
  readonly ask: AskServices | null;
  readonly close?: () => Promise<void>;
}): GeoLookup {
  return {
    async findCountry(address, { mayAsk }) {
      const ip = publicIp(address);
      const local = fromDatabase(input.database, ip);
      const service = (country: string | null, note: string) => ({ country, source: 'ip_service', note }) as const;
      if (input.ask === null) return [local, service(null, 'no service is switched on')];
      if (ip === null) return [local, service(null, 'not asked: the address is not a public one')];
      if (!mayAsk || local.country !== null) return [local, service(null, 'not asked: better evidence is there')];
      const found = await input.ask(ip);
      if (found.service !== null) return [local, service(found.country, `by ${found.service}`)];
      return [local, service(null, found.isSure ? 'asked: nobody knows the address' : 'no service answered')];
    },
    close: input.close ?? (async () => undefined),
  };
}

function fromDatabase({ builtAt, country }: Pick<OfflineDatabase, 'country' | 'builtAt'>, ip: string | null) {
  const piece = (found: string | null, note: string): EvidencePiece => ({ country: found, source: 'ip', note });
  if (ip === null) return piece(null, 'the address is not a public one');
  if (builtAt === null) return piece(null, 'no database is loaded');
  const found = country(ip);
  const built = `the database of ${builtAt.toISOString().slice(0, 10)}`;
  return found === null ? piece(null, `not in ${built}`) : piece(found, `by ${built}`);
}

/** Nobody's country is known: for tests. */
export const noGeo: GeoLookup = createGeoLookup({ database: { country: () => null, builtAt: null }, ask: null });
