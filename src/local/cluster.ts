import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Print } from './child-log.ts';
import { resolveTemporalBinaries } from './cluster-binaries.ts';
import { keepTemporalSchema, temporalClusterSpec } from './cluster-temporal.ts';
import { createPortChooser } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { loadSecrets } from './secrets.ts';
import { startStack } from './stack.ts';
import { DEFAULT_ENTRIES, stateDirFrom, wantedPort } from './stack-options.ts';
import { acquireStateLock, endLeftovers } from './state-lock.ts';
import { formatSeconds, step } from './steps.ts';
import { createSupervisor, type Supervisor } from './supervisor.ts';

const usage = `npm run start:cluster [-- --verbose] [-- --workers 2]

The same processes as docker compose, without containers: PostgreSQL, the production Temporal server on it (512 history
shards), the provider sandbox, the API, two workers and the relay. Ctrl-C ends everything in order; twice, at once.

  --workers   how many worker processes (2)
  --verbose   show every line of every child (they are always kept in .plinto/cluster)
  --help      this text

The Temporal server is built with Go at the first start, which takes about 10 minutes, and kept in PLINTO_CACHE_DIR
(~/.cache/plinto-billing). It has no UI of its own: docker compose has one.
Ports, the next free one if taken: PORT 8000, SANDBOX_PORT 8010, TEMPORAL_PORT 7233, POSTGRES_PORT 5433.
State is kept in .plinto/cluster; npm run reset empties it..`;

/** npm passes a terminal's Ctrl-C on, although the terminal has already delivered it: one press, two signals. */
const SAME_PRESS_MS = 500;
const NAMESPACE = 'default';

const { values } = parseArgs({
  options: {
    verbose: { type: 'boolean', default: false },
    workers: { type: 'string', default: '2' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) console.log(usage);
else process.exitCode = await main({ verbose: values.verbose, workers: Number(values.workers) });

interface Options {
  readonly verbose: boolean;
  readonly workers: number;
}

async function main(options: Options): Promise<number> {
  if (!Number.isInteger(options.workers) || options.workers < 1) {
    console.error('--workers must be a whole number from 1');
    return 1;
  }
  process.umask(0o077);
  const halt = new AbortController();
  const isOver = listenForTheEnd(halt);
  const stateDir = join(stateDirFrom(process.env), 'cluster');
  const print: Print = (line) => console.log(line);
  const startedMs = Date.now();
  const servers = openServers(join(stateDir, 'servers'), options.verbose, print);
  if (servers === null) {
    console.error(`Another cluster runs in ${stateDir}; end it with Ctrl-C in its terminal.`);
    return 1;
  }
  const abort = () => void servers.supervisor.stop();
  halt.signal.addEventListener('abort', abort, { once: true });
  try {
    await endLeftovers(servers.dir, print);
    const env = await startServers(servers, print, halt.signal);
    halt.signal.removeEventListener('abort', abort);
    // The stack takes servers of others by their names in the environment.
    Object.assign(process.env, env);
    const processes = ['sandbox', 'worker', 'relay', 'api'] as const;
    const ports = { temporalUi: 0, temporal: 0, postgres: 0 };
    const stack = await startStack({
      stateDir,
      processes,
      ports,
      print,
      verbose: options.verbose,
      signal: halt.signal,
    });
    const more = createSupervisor({ logDir: join(stateDir, 'logs'), print, verbose: options.verbose });
    try {
      await startMoreWorkers(more, options.workers, stack.env, print);
      const { api_url, secret_key, sandbox_url, temporal_address } = stack.devFile();
      console.log(
        `\nReady in ${formatSeconds(Date.now() - startedMs)}: API ${api_url}, sandbox ${sandbox_url}, Temporal ${temporal_address}`,
      );
      console.log(`Secret key ${secret_key}; the rest is in ${join(stateDir, 'dev.json')}. Ctrl-C ends everything.\n`);
      await isOver;
    } finally {
      await more.stop();
      await stack.stop();
    }
    return 0;
  } catch (error) {
    if (halt.signal.aborted) return 0;
    console.error(`\n✗ ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    await servers.supervisor.stop();
    servers.release();
    console.log('✓ everything has ended');
  }
}

function listenForTheEnd(halt: AbortController): Promise<void> {
  let pressedMs = 0;
  return new Promise((resolve) => {
    const press = () => {
      if (pressedMs === 0) {
        pressedMs = Date.now();
        console.log('\nEnding (Ctrl-C again: at once) …');
        halt.abort();
        resolve();
      } else if (Date.now() - pressedMs > SAME_PRESS_MS) {
        process.exit(130);
      }
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, press);
  });
}

interface Servers {
  readonly dir: string;
  readonly supervisor: Supervisor;
  release(): void;
}

/** PostgreSQL and Temporal have a supervisor and a lock of their own: they start before the stack and end after it. */
function openServers(dir: string, verbose: boolean, print: Print): Servers | null {
  mkdirSync(dir, { recursive: true });
  const lock = acquireStateLock(dir);
  if (lock === null) return null;
  const onChange = (records: Parameters<typeof lock.record>[0]) => lock.record(records);
  const supervisor = createSupervisor({ logDir: join(dir, 'logs'), print, verbose, onChange });
  const force = () => supervisor.force();
  process.once('exit', force);
  return {
    dir,
    supervisor,
    release() {
      process.off('exit', force);
      lock.release();
    },
  };
}

/** @returns where they are, under the names that every process of ours reads. */
async function startServers({ dir, supervisor }: Servers, print: Print, signal: AbortSignal) {
  const choosePort = createPortChooser(print);
  const postgresPort = await choosePort('PostgreSQL', wantedPort('postgres', {}, process.env));
  const port = await choosePort('Temporal', wantedPort('temporal', {}, process.env));
  const binaries = await resolveTemporalBinaries({ print, signal });
  const { postgresPassword: password } = loadSecrets(dir);
  const place = {
    dataDir: join(dir, 'postgres'),
    port: postgresPort,
    password,
    database: 'plinto',
    stage: 0,
    fsync: true,
  };
  const databaseUrl = await step(
    print,
    () => `PostgreSQL 18 on 127.0.0.1:${postgresPort}`,
    () => startPostgres(supervisor, place),
  );
  const postgres = new URL(databaseUrl);
  await step(
    print,
    () => "Temporal's databases",
    () => keepTemporalSchema(supervisor, binaries.sql, postgres),
  );
  const spec = await temporalClusterSpec({ binaries, postgres, port, namespace: NAMESPACE, stage: 1, choosePort });
  await step(
    print,
    () => `Temporal (production server) on 127.0.0.1:${port}`,
    () => supervisor.start(spec),
  );
  return { DATABASE_URL: databaseUrl, TEMPORAL_ADDRESS: `127.0.0.1:${port}`, TEMPORAL_NAMESPACE: NAMESPACE };
}

/** The stack has one worker; the others are its equals. */
async function startMoreWorkers(
  supervisor: Supervisor,
  workers: number,
  env: Readonly<Record<string, string | undefined>>,
  print: Print,
): Promise<void> {
  for (let number = 2; number <= workers; number += 1) {
    const spec = { name: `worker-${number}`, stage: 2, command: process.execPath, args: [DEFAULT_ENTRIES.worker], env };
    await step(
      print,
      () => `worker ${number} of ${workers}`,
      () => supervisor.start(spec),
    );
  }
}
