import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { usageFailure } from './failure.ts';
import { isObject, parseJson, textAt, type JsonObject } from './json.ts';

/** An API and the key to it, by a name of the operator's own. */
export interface Profile {
  readonly name: string;
  readonly apiUrl: string;
  readonly apiKey: string;
}

export interface Profiles {
  /** Taken where none is named; null: none is. */
  readonly default: string | null;
  readonly list: readonly Profile[];
}

/** `PLINTO_PROFILES`, else `plinto-billing/profiles.json` in the user's configuration. */
export function profilesPath(env: Readonly<Record<string, string | undefined>>, home: string): string {
  return (
    env['PLINTO_PROFILES'] ?? join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'plinto-billing/profiles.json')
  );
}

/**
 * @returns no profiles where there is no file.
 * @throws {CliFailure} `usage`: others may read it, or it is no file of profiles
 */
export function readProfiles(path: string): Profiles {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return { default: null, list: [] };
  if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0)
    throw usageFailure(`${path} holds keys, and others on this machine may read it.`, `chmod 600 '${path}'`);
  const read = parseJson(readFileSync(path, 'utf8'));
  const profiles = isObject(read) ? read['profiles'] : undefined;
  if (!isObject(read) || !isObject(profiles))
    throw usageFailure(`${path} is not a file of profiles.`, 'Move it away; `plinto-billing profiles add` makes one.');
  return {
    default: textAt(read, 'default'),
    list: Object.entries(profiles).map(([name, each]) => parse(path, name, each)),
  };
}

function parse(path: string, name: string, value: JsonObject[string]): Profile {
  const [apiUrl, apiKey] = [textAt(value, 'api_url'), textAt(value, 'api_key')];
  if (apiUrl === null || apiKey === null)
    throw usageFailure(`${path}: profile ${name} has no api_url or no api_key.`, 'Add it again, or remove it.');
  return { name, apiUrl, apiKey };
}

/** Written aside and renamed, for its owner alone from its first byte. */
export function writeProfiles(path: string, profiles: Profiles): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const content = {
    default: profiles.default,
    profiles: Object.fromEntries(
      profiles.list.map(({ name, apiUrl, apiKey }) => [name, { api_url: apiUrl, api_key: apiKey }]),
    ),
  };
  const aside = `${path}.${process.pid}.tmp`;
  writeFileSync(aside, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  chmodSync(aside, 0o600);
  renameSync(aside, path);
}
