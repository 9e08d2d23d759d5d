import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Print } from './child-log.ts';
import type { DevFile } from './dev-file.ts';
import { isRecord, stringAt } from './json-file.ts';
import type { PortChooser } from './ports.ts';
import { canQuery, startPostgres } from './postgres.ts';
import { fetchSandboxConfig, type SandboxConfig, withoutProviderSettings } from './sandbox.ts';
import type { LocalSecrets } from './secrets.ts';
import { type Entries, type PortName, type ProcessName, type StackOptions, wantedPort } from './stack-options.ts';
import { step } from './steps.ts';
import type { ChildSpec, Supervisor } from './supervisor.ts';
import { resolveTemporalCli } from './temporal-cli.ts';
import { temporalServerSpec } from './temporal-server.ts';
import { acceptsConnections, answersOk, waitUntil } from './wait-until.ts';

export interface StackContext {
  readonly options: StackOptions;
  readonly stateDir: string;
  readonly print: Print;
  readonly supervisor: Supervisor;
  readonly signal: AbortSignal;
  readonly runs: (name: ProcessName) => boolean;
  readonly entries: Entries;
  readonly choosePort: PortChooser;
  readonly secrets: LocalSecrets;
}

export interface StackFacts {
  readonly dev: Omit<DevFile, 'pid' | 'children'>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface SandboxFacts extends SandboxConfig {
  readonly url: string | null;
}
interface TemporalFacts {
  readonly address: string | null;
  readonly namespace: string;
  readonly uiUrl: string | null;
}
interface Keys {
  readonly organization_id: string | null;
  readonly secret_key: string | null;
  readonly publishable_key: string | null;
  readonly ops_key: string | null;
}

/** Ending goes from high to low: nobody may ask what has already ended. */
const STAGES: Record<ProcessName, number> = { api: 3, relay: 2, worker: 2, sandbox: 1, temporal: 1, postgres: 0 };
const NO_KEYS: Keys = { organization_id: null, secret_key: null, publishable_key: null, ops_key: null };

/** Starts what was asked for, as much at once as the dependencies allow: stores, then their users. */
export async function bringUp(context: StackContext): Promise<StackFacts> {
  const ports = await choosePorts(context);
  const apiUrl = context.runs('api') ? `http://127.0.0.1:${ports.api}` : null;
  const [databaseUrl, temporal, sandbox] = await Promise.all([
    startDatabase(context, ports.postgres),
    startTemporal(context, ports),
    startSandbox(context, ports.sandbox, apiUrl),
  ]);
  const env = childEnvironment(context, { databaseUrl, temporal, sandbox, apiUrl });
  const [keys] = await Promise.all([seed(context, env), ...startApplication(context, env, apiUrl, ports.api)]);
  return {
    env,
    dev: {
      api_url: apiUrl,
      ...keys,
      sandbox_url: sandbox.url,
      sandbox_admin_token: sandbox.url === null ? null : context.secrets.sandboxAdminToken,
      temporal_address: temporal.address,
      temporal_namespace: temporal.namespace,
      temporal_ui_url: temporal.uiUrl,
      demo_url: null,
      database_url: databaseUrl,
      providers: sandbox.providers,
    },
  };
}

/** One after the other, so that each line about a taken port is true. */
async function choosePorts({ options, choosePort }: StackContext): Promise<Record<PortName, number>> {
  const choose = (name: PortName, shown: string) =>
    choosePort(shown, wantedPort(name, options.ports ?? {}, process.env));
  return {
    api: await choose('api', 'the API'),
    sandbox: await choose('sandbox', 'the provider sandbox'),
    temporalUi: await choose('temporalUi', "Temporal's UI"),
    temporal: await choose('temporal', 'Temporal'),
    postgres: await choose('postgres', 'PostgreSQL'),
  };
}

/** A server that somebody else runs, by the name its address has in the environment. */
function serverOf({ ownServers, throwaway }: StackOptions, variable: string): string | undefined {
  return ownServers || throwaway ? undefined : process.env[variable] || undefined;
}

async function startDatabase(context: StackContext, port: number): Promise<string | null> {
  const { options, print, runs, supervisor, secrets, stateDir, entries, signal } = context;
  const given = serverOf(options, 'DATABASE_URL');
  if (!runs('postgres') && !given) return null;
  const start = async () => {
    if (given) {
      await waitUntil(() => canQuery(given), { what: 'DATABASE_URL', signal, timeoutMs: 5_000 });
      return given;
    }
    const place = { dataDir: join(stateDir, 'postgres'), port, database: 'plinto', fsync: !options.throwaway };
    return await startPostgres(supervisor, { ...place, password: secrets.postgresPassword, stage: STAGES.postgres });
  };
  const url = await step(print, () => `PostgreSQL ${given ? 'of DATABASE_URL' : `18 on 127.0.0.1:${port}`}`, start);
  if (!runs('api') && !runs('worker') && !runs('relay')) return url;
  const command = nodeCommand(entries.migrate, ['up'], { ...process.env, ...options.env, DATABASE_URL: url });
  const describe = (lines: readonly string[]) => `migrations: ${lines.at(-1) ?? 'done'}`;
  await step(print, describe, () => supervisor.run({ name: 'migrate', ...command }));
  return url;
}

async function startTemporal(context: StackContext, ports: Record<PortName, number>): Promise<TemporalFacts> {
  const { options, print, runs, supervisor, stateDir, signal } = context;
  const given = serverOf(options, 'TEMPORAL_ADDRESS');
  const namespace = serverOf(options, 'TEMPORAL_NAMESPACE') ?? 'default';
  if (given) {
    const [host = '127.0.0.1', port = '7233'] = given.split(':');
    const reach = () =>
      waitUntil(() => acceptsConnections(host, Number(port)), { what: given, signal, timeoutMs: 5_000 });
    await step(print, () => `Temporal at ${given} (TEMPORAL_ADDRESS)`, reach);
    return { address: given, namespace, uiUrl: null };
  }
  if (!runs('temporal')) return { address: null, namespace, uiUrl: null };
  const uiPort = options.throwaway ? null : ports.temporalUi;
  const uiUrl = uiPort === null ? null : `http://127.0.0.1:${uiPort}`;
  const describe = () => `Temporal on 127.0.0.1:${ports.temporal}${uiUrl === null ? '' : `, UI ${uiUrl}`}`;
  await step(print, describe, async () => {
    const { path: cli } = await resolveTemporalCli({ print, signal });
    const databaseFile = options.throwaway ? null : join(stateDir, 'temporal.db');
    const place = { port: ports.temporal, uiPort, databaseFile, namespace };
    await supervisor.start(temporalServerSpec({ cli, ...place, stage: STAGES.temporal }));
  });
  return { address: `127.0.0.1:${ports.temporal}`, namespace, uiUrl };
}

async function startSandbox(context: StackContext, port: number, apiUrl: string | null): Promise<SandboxFacts> {
  const { print, runs, supervisor, stateDir, entries, secrets, options } = context;
  if (!runs('sandbox')) return { url: null, providers: {}, env: {} };
  const url = `http://127.0.0.1:${port}`;
  const place = ['--port', String(port), '--state-dir', join(stateDir, 'sandbox')];
  const webhooks = apiUrl === null ? [] : ['--webhook-base', `${apiUrl}/api/v1/webhooks`];
  const args = [...place, '--admin-token', secrets.sandboxAdminToken, '--retry-scale', '0.05', ...webhooks];
  return await step(
    print,
    () => `provider sandbox on ${url}`,
    async () => {
      await supervisor.start({
        name: 'sandbox',
        stage: STAGES.sandbox,
        ...nodeCommand(entries.sandbox, args, { ...process.env, ...options.env }),
        isReady: becomes('the provider sandbox', `${url}/_sandbox/health`),
      });
      return { url, ...(await fetchSandboxConfig(url, secrets.sandboxAdminToken)) };
    },
  );
}

function childEnvironment(
  { options, secrets, stateDir }: StackContext,
  known: { databaseUrl: string | null; temporal: TemporalFacts; sandbox: SandboxFacts; apiUrl: string | null },
): Record<string, string | undefined> {
  const { databaseUrl, temporal, sandbox, apiUrl } = known;
  return {
    ...withoutProviderSettings(process.env, Object.keys(sandbox.providers)),
    ENVIRONMENT: 'development',
    OUTBOUND_ALLOW_PRIVATE: 'true', // apps on this machine hear of events
    ENCRYPTION_KEYS: process.env['ENCRYPTION_KEYS'] ?? secrets.encryptionKeys,
    PLINTO_KEYS_FILE: join(stateDir, 'keys.json'),
    ...(databaseUrl === null ? {} : { DATABASE_URL: databaseUrl }),
    ...(temporal.address === null ? {} : { TEMPORAL_ADDRESS: temporal.address }),
    TEMPORAL_NAMESPACE: temporal.namespace,
    ...(apiUrl === null ? {} : { PUBLIC_URL: apiUrl, PORT: new URL(apiUrl).port }),
    ...(sandbox.url === null ? {} : { SANDBOX_URL: sandbox.url, SANDBOX_ADMIN_TOKEN: secrets.sandboxAdminToken }),
    ...sandbox.env,
    ...options.env,
  };
}

async function seed(
  { options, print, runs, supervisor, entries }: StackContext,
  env: NodeJS.ProcessEnv,
): Promise<Keys> {
  if (!(options.seed ?? runs('api')) || !existsSync(entries.seed)) return NO_KEYS;
  const run = () => supervisor.run({ name: 'seed', ...nodeCommand(entries.seed, [], env) });
  return parseKeys((await step(print, () => 'catalogue seeded', run)).at(-1) ?? '');
}

function parseKeys(line: string): Keys {
  const answer: unknown = JSON.parse(line);
  if (!isRecord(answer)) throw new Error('the seed did not answer with its keys');
  return {
    organization_id: stringAt(answer, 'organization_id'),
    secret_key: stringAt(answer, 'secret_key'),
    publishable_key: stringAt(answer, 'publishable_key'),
    ops_key: stringAt(answer, 'ops_key'),
  };
}

function startApplication(context: StackContext, env: NodeJS.ProcessEnv, apiUrl: string | null, port: number) {
  const { print, runs, supervisor, entries } = context;
  const specs: Record<'api' | 'worker' | 'relay', { label: string; isReady?: ChildSpec['isReady'] }> = {
    api: { label: `API on 127.0.0.1:${port}`, isReady: becomes('the API', `${apiUrl}/healthz`) },
    worker: { label: 'worker polls', ...(apiUrl && { isReady: becomes('the worker', `${apiUrl}/readyz`) }) },
    relay: { label: 'relay' },
  };
  const names = (['api', 'worker', 'relay'] as const).filter(runs);
  return names.map((name) => {
    const { label, isReady } = specs[name];
    const command = nodeCommand(entries[name], [], env);
    const spec: ChildSpec = { name, stage: STAGES[name], ...command, ...(isReady === undefined ? {} : { isReady }) };
    return step(
      print,
      () => label,
      () => supervisor.start(spec),
    );
  });
}

function becomes(what: string, url: string): NonNullable<ChildSpec['isReady']> {
  return ({ signal }) => waitUntil(() => answersOk(url), { what: `${what} (${url})`, signal });
}

function nodeCommand(script: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  return { command: process.execPath, args: [script, ...args], env };
}
