import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { runCli, type CliOptions, type CliRun } from '../../support/run-cli.ts';
import type { TestApi } from './support.ts';

type Document = Readonly<Record<string, unknown>>;

/** The command line against one API, by its secret key. */
export interface CliTools {
  /** A folder of its own. */
  readonly home: string;
  /** Where its profiles are kept. */
  readonly profiles: string;
  cli(words: readonly string[], options?: CliOptions): Promise<CliRun>;
  json(
    words: readonly string[],
    options?: CliOptions,
  ): Promise<{ code: number | null; err: string; body: Document | null }>;
  /** Of a document, by a schema of the API (`#/components/schemas/…`) or of the command line (`#/$defs/…`). */
  faults(document: unknown, ref: string): readonly unknown[];
  close(): void;
}

export async function openCli(api: TestApi): Promise<CliTools> {
  const home = mkdtempSync(join(tmpdir(), 'plinto-cli-'));
  const profiles = join(home, 'profiles.json');
  const own: object = JSON.parse(readFileSync(new URL('../../../docs/cli.schema.json', import.meta.url), 'utf8'));
  const { body } = await api.call('GET', '/openapi.json');
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(own, 'cli').addSchema(body, 'api');
  const env = { PLINTO_API_URL: api.url, PLINTO_API_KEY: api.keys.secret, PLINTO_PROFILES: profiles };
  const cli: CliTools['cli'] = (words, options = {}) => runCli(words, { ...options, env: { ...env, ...options.env } });
  return {
    ...{ home, profiles, cli },
    async json(words, options = {}) {
      const { code, out, err } = await cli([...words, '--json'], options);
      return { code, err, body: out === '' ? null : (JSON.parse(out) as Document) };
    },
    faults(document, ref) {
      const check = ajv.getSchema(ref.startsWith('#/$defs') ? `cli${ref}` : `api${ref}`);
      if (!check) throw new Error(`There is no schema ${ref}`);
      return check(document) ? [] : (check.errors ?? []);
    },
    close: () => rmSync(home, { recursive: true, force: true }),
  };
}

export function rowsOf(body: { readonly data?: unknown } | null): readonly unknown[] {
  const rows: unknown = body?.data;
  return Array.isArray(rows) ? [...rows.values()] : [];
}

/** What `--json` says of a failure. */
export const failure = (err: string) => (JSON.parse(err) as { error: Document }).error;
