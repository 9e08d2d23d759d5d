import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { firstMessage } from '../load/run-load.ts';

export interface BareServer {
  readonly origin: string;
  readonly secret: string;
  stop(): Promise<void>;
}

/** A bare Express process on the same PostgreSQL, in a schema of its own that goes with it. */
export async function startBareServer(databaseUrl: string): Promise<BareServer> {
  const secret = randomBytes(24).toString('hex');
  return { ...(await startBare('server', databaseUrl, { BENCH_SECRET: secret })), secret };
}

export type BareReader = Omit<BareServer, 'secret'>;

/** A bare Express process that reads one row of the same PostgreSQL. */
export function startBareReader(databaseUrl: string): Promise<BareReader> {
  return startBare('reader', databaseUrl);
}

/** A bare Express process that inserts one event into a table of the same shape. */
export function startBareIngest(databaseUrl: string): Promise<BareReader> {
  return startBare('ingest', databaseUrl);
}

async function startBare(name: string, databaseUrl: string, more: NodeJS.ProcessEnv = {}): Promise<BareReader> {
  const env = { ...process.env, NODE_ENV: 'production', BENCH_DATABASE_URL: databaseUrl, ...more };
  const child = fork(join(import.meta.dirname, `bare-${name}.ts`), [], { env });
  const port = await firstMessage(child, `the bare ${name}`);
  return { origin: `http://127.0.0.1:${String(port)}`, stop: () => stop(child) };
}

export interface EmptyWorker {
  readonly taskQueue: string;
  stop(): Promise<void>;
}

/** A worker process for the empty workflow, on a queue of its own at the same Temporal. */
export async function startEmptyWorker(address: string, namespace: string): Promise<EmptyWorker> {
  const taskQueue = 'bench-floor';
  const env = {
    ...process.env,
    BENCH_TEMPORAL_ADDRESS: address,
    BENCH_TEMPORAL_NAMESPACE: namespace,
    BENCH_TASK_QUEUE: taskQueue,
  };
  const child = fork(join(import.meta.dirname, 'empty-worker.ts'), [], { env });
  await firstMessage(child, 'the empty worker');
  return { taskQueue, stop: () => stop(child) };
}

export interface IdleWorker extends EmptyWorker {
  /** How many of its workflows have been nudged so far. */
  heard(): Promise<number>;
}

/** A worker process for idle workflows, on a queue of its own at the same Temporal. */
export async function startIdleWorker(address: string, namespace: string): Promise<IdleWorker> {
  const taskQueue = 'bench-idle';
  const env = {
    ...process.env,
    BENCH_TEMPORAL_ADDRESS: address,
    BENCH_TEMPORAL_NAMESPACE: namespace,
    BENCH_TASK_QUEUE: taskQueue,
  };
  const child = fork(join(import.meta.dirname, 'idle-worker.ts'), [], { env });
  await firstMessage(child, 'the idle worker');
  return {
    taskQueue,
    stop: () => stop(child),
    async heard() {
      const answered = new Promise<unknown>((resolve) => child.once('message', resolve));
      child.send('how many?');
      return Number(await answered);
    },
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await exited;
  clearTimeout(late);
}
