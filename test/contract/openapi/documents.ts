import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import documents from './documents.json' with { type: 'json' };
import knownDifferences from './known-differences.json' with { type: 'json' };
import { createExchangeChecker, type Difference, type ExchangeChecker } from './check-exchange.ts';
import { readOfficialDocument } from './official-document.ts';

/** What `documents.json` tells of a provider. */
export interface DocumentEntry {
  readonly file: string;
  /** What every request must carry, by lower-case name: the version that the document is of. */
  readonly headers: Readonly<Record<string, string>>;
  /** Operations of the port that make no call, or none that can be made here, with the reason. */
  readonly notCalled: Readonly<Record<string, string>>;
}

/** Where document and reality differ, and why we follow reality. */
export interface KnownDifference {
  readonly provider: string;
  /** `METHOD /path/{template}`; `*`: every one. */
  readonly operation: string;
  readonly side: string;
  /** JSON pointer with `*` for array positions; `**` in front: at any depth. */
  readonly pointer: string;
  readonly reason: string;
  /** Where it can be read up. */
  readonly source: string;
}

const entries: ReadonlyMap<string, DocumentEntry> = new Map(Object.entries(documents));
const folder =
  process.env['PLINTO_OPENAPI_DIR'] ?? fileURLToPath(new URL('../../../../shared/openapi', import.meta.url));

export const knownDifferenceRows: readonly KnownDifference[] = knownDifferences;

export function documentOf(provider: string): DocumentEntry | null {
  return entries.get(provider) ?? null;
}

/** The whole path of a provider's document; null when it is not on this machine. */
export function documentFile(provider: string): string | null {
  const file = path.join(folder, documentOf(provider)?.file ?? 'none');
  return existsSync(file) ? file : null;
}

/** @throws when the provider has no document here: ask `documentFile` first. */
export function checkerOf(provider: string): ExchangeChecker {
  const entry = documentOf(provider);
  const file = documentFile(provider);
  if (!entry || file === null) throw new Error(`no official document of ${provider} in ${folder}`);
  return createExchangeChecker(readOfficialDocument(file), entry.headers);
}

/** Whether a listed difference explains a found one. */
export function explains(known: KnownDifference, provider: string, found: Difference): boolean {
  const isThere = known.pointer.startsWith('**')
    ? found.pointer.endsWith(known.pointer.slice(2))
    : found.pointer === known.pointer;
  const isSame = known.operation === '*' || known.operation === found.operation;
  return known.provider === provider && known.side === found.side && isSame && isThere;
}
