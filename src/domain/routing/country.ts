import { countryCodes } from './country-codes.ts';

/** Where a country was learnt, best evidence first. `ip`: a file of ours; `ip_service`: somebody else was asked. */
export const countrySources = [
  'billing_address',
  'request',
  'profile',
  'cdn_header',
  'ip',
  'ip_service',
  'none',
] as const;

export type CountrySource = (typeof countrySources)[number];

export interface CountryEvidence {
  readonly country: string | null;
  readonly source: CountrySource;
}

/** What one source had to say, whether or not it named a country. */
export interface EvidencePiece extends CountryEvidence {
  /** Why it names none, or by whom it does; for people. Never an address. */
  readonly note: string | null;
}

/** Upper-case alpha-2, or null for anything that names no country. */
export function normalizeCountry(raw: string | null | undefined): string | null {
  const code = raw?.trim().toUpperCase() ?? '';
  return countryCodes.has(code) ? code : null;
}

/** The first piece of evidence that names a country; unknown is a legal answer. */
export function chooseCountry(evidence: readonly CountryEvidence[]): CountryEvidence {
  for (const source of countrySources) {
    const found = evidence.find((piece) => piece.source === source && piece.country !== null);
    // Not the piece itself: what is stored of a decision carries no notes.
    if (found) return { country: found.country, source };
  }
  return { country: null, source: 'none' };
}

/** Countries and regions nobody may sell to: operator data with its date and reason. */
export interface BlockedCountry {
  readonly country: string;
  /** ISO 3166-2 subdivision codes without the country; null: the whole country. */
  readonly regions: readonly string[] | null;
  /** Parts of what people write for these regions, lower case and without accents; addresses seldom have codes. */
  readonly names?: readonly string[] | undefined;
  readonly since: string;
  readonly reason: string;
}

/** What a project says of a country, over what ships. */
export interface BlockedOverlay extends BlockedCountry {
  /** false: it may be sold to, whatever ships. */
  readonly isBlocked: boolean;
}

/** The list in force: what a project says of a country replaces all that ships of it. By country. */
export function overlayBlocked(
  shipped: readonly BlockedCountry[],
  own: readonly BlockedOverlay[],
): readonly BlockedCountry[] {
  const overlaid = new Set(own.map(({ country }) => country));
  const added = own
    .filter(({ isBlocked }) => isBlocked)
    .map(({ country, reason, regions, since }) => ({ country, regions, since, reason }));
  return [...shipped.filter(({ country }) => !overlaid.has(country)), ...added].sort((a, b) =>
    a.country < b.country ? -1 : 1,
  );
}

/** @param region The address's state: a code (`43`), an ISO 3166-2 code (`UA-43`), or a name. */
export function findBlock(
  blocked: readonly BlockedCountry[],
  country: string | null,
  region: string | null,
): BlockedCountry | null {
  if (country === null) return null;
  const written = (region ?? '').trim();
  const code = written.toUpperCase().replace(`${country}-`, '');
  const name = written
    .normalize('NFD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .toLowerCase();
  const isMeant = ({ names = [], regions }: BlockedCountry) =>
    regions === null || regions.includes(code) || names.some((part) => name.includes(part));
  return blocked.find((entry) => entry.country === country && isMeant(entry)) ?? null;
}
