import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { usageFailure } from './failure.ts';
import { parseJson, textAt } from './json.ts';
import { profilesPath, readProfiles } from './profiles.ts';
import type { Terminal } from './terminal.ts';

/** Which API is talked to, and as whom. */
export interface Target {
  /** Without a slash at its end. */
  readonly apiUrl: string;
  readonly apiKey: string;
  readonly mode: 'live' | 'test';
  /** Where both were found, in words. */
  readonly source: string;
}

export interface TargetFlags {
  readonly apiUrl?: string;
  readonly apiKey?: string;
  readonly profile?: string;
  readonly allowHttp?: boolean;
}

/**
 * What the command line says comes before the environment, a named profile before the default one, and the system that
 * runs on this machine comes last. A profile's key goes to that profile's address and nowhere else: address and key are
 * taken from one place, except that flags and environment, both given for this call, may complete each other.
 *
 * @throws {CliFailure} `usage`: nothing is set, only half of it, no secret key, or a key over an open line
 */
export function findTarget(flags: TargetFlags, terminal: Pick<Terminal, 'env' | 'cwd' | 'home'>, root: string): Target {
  const found = given(flags, terminal) ?? profiled(flags, terminal) ?? local(terminal.cwd, root);
  if (found === null)
    throw usageFailure(
      'It is not said which API to talk to.',
      'Give --api-url and --api-key, set PLINTO_API_URL and PLINTO_API_KEY, add a profile (`plinto-billing profiles add`), or start a system on this machine (`npm start`).',
    );
  return checked(found, flags.allowHttp === true || terminal.env['PLINTO_ALLOW_HTTP'] === '1');
}

type Found = Omit<Target, 'mode'>;

/** A profile that is named on the command line wins over the environment, which the shell may carry from elsewhere. */
function given(flags: TargetFlags, { env }: Pick<Terminal, 'env'>): Found | null {
  const isProfileNamed = flags.profile !== undefined;
  const apiUrl = flags.apiUrl ?? (isProfileNamed ? undefined : env['PLINTO_API_URL']);
  const apiKey = flags.apiKey ?? (isProfileNamed ? undefined : env['PLINTO_API_KEY']);
  if (apiUrl === undefined && apiKey === undefined) return null;
  if (isProfileNamed) throw usageFailure('--profile names both address and key: leave out --api-url and --api-key.');
  if (apiUrl === undefined)
    throw usageFailure('There is a key and no address.', 'Give --api-url, or set PLINTO_API_URL.');
  if (apiKey === undefined)
    throw usageFailure('There is an address and no key.', 'Give --api-key, or set PLINTO_API_KEY.');
  const isFlag = flags.apiUrl !== undefined || flags.apiKey !== undefined;
  return { apiUrl, apiKey, source: isFlag ? 'the command line' : 'the environment' };
}

function profiled({ profile }: TargetFlags, { env, home }: Pick<Terminal, 'env' | 'home'>): Found | null {
  const path = profilesPath(env, home);
  const profiles = readProfiles(path);
  const wanted = profile ?? env['PLINTO_PROFILE'] ?? profiles.default;
  if (wanted === null) return null;
  const found = profiles.list.find(({ name }) => name === wanted);
  if (!found)
    throw usageFailure(
      `${path} has no profile ${wanted}.`,
      profiles.list.length === 0 ? null : `It has: ${profiles.list.map(({ name }) => name).join(', ')}.`,
    );
  return { apiUrl: found.apiUrl, apiKey: found.apiKey, source: `profile ${found.name}` };
}

/** The system that `npm start` runs, told of by a file here, in a folder above, or in the clone. */
function local(cwd: string, root: string): Found | null {
  for (const folder of [...upwards(cwd), root]) {
    const path = join(folder, '.plinto/dev.json');
    const told = readIfThere(path);
    const [apiUrl, apiKey] = [textAt(told, 'api_url'), textAt(told, 'ops_key')];
    if (apiUrl !== null && apiKey !== null) return { apiUrl, apiKey, source: path };
  }
  return null;
}

function upwards(folder: string): readonly string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...upwards(above)];
}

function readIfThere(path: string) {
  try {
    return parseJson(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function checked(found: Found, allowsHttp: boolean): Target {
  const url = URL.canParse(found.apiUrl) ? new URL(found.apiUrl) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw usageFailure(
      `${found.apiUrl} is no address of an API (from ${found.source}).`,
      'It looks like https://billing.example.com.',
    );
  const mode = /^sk_(live|test)_/.exec(found.apiKey)?.[1];
  // Never quoted: it may be the key of something else.
  if (mode !== 'live' && mode !== 'test')
    throw usageFailure(
      `The key from ${found.source} is no secret key.`,
      'One begins with sk_live_ or sk_test_; make one by `plinto-billing keys create`.',
    );
  const isOpen = url.protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (isOpen && !allowsHttp)
    throw usageFailure(
      `The key would travel unencrypted to ${url.host}.`,
      'Use https, or --allow-http (PLINTO_ALLOW_HTTP=1) where the network is yours.',
    );
  return { ...found, apiUrl: found.apiUrl.replace(/\/+$/, ''), mode };
}
