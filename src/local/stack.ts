import { chmodSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bringUp, type StackContext, type StackFacts } from './bring-up.ts';
import { type DevFile, readApiUrl, removeDevFile, writeDevFile } from './dev-file.ts';
import { createPortChooser } from './ports.ts';
import { loadSecrets } from './secrets.ts';
import { DEFAULT_ENTRIES, PROCESS_NAMES, type ProcessName, type StackOptions } from './stack-options.ts';
import { acquireStateLock, endLeftovers, type StateLock } from './state-lock.ts';
import { createSupervisor, type Supervisor } from './supervisor.ts';

export interface Stack {
  /** As `.plinto/dev.json` has it now, with the process ids of this moment. */
  devFile(): DevFile;
  /** The environment the children run in: a test's own clients connect with it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  kill(name: ProcessName, signal: NodeJS.Signals): void;
  stop(): Promise<void>;
  /** Ends everything at once, when a polite end takes too long. */
  force(): void;
}

export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';
  /** null while the other launcher is still starting. */
  readonly apiUrl: string | null;
  constructor(stateDir: string, apiUrl: string | null) {
    super(`${stateDir} is in use by a launcher that ${apiUrl === null ? 'is starting' : `serves ${apiUrl}`}`);
    this.apiUrl = apiUrl;
  }
}

/**
 * Starts the whole system, or the chosen part of it, and resolves once it is ready. Everything it keeps is below
 * `stateDir`, so stacks in different directories do not meet.
 *
 * @throws {AlreadyRunningError}
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const stateDir = prepareStateDir(options.stateDir);
  const lock = acquireStateLock(stateDir);
  if (lock === null) throw new AlreadyRunningError(stateDir, readApiUrl(stateDir));
  try {
    return await startOwned(options, stateDir, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function startOwned(options: StackOptions, stateDir: string, lock: StateLock): Promise<Stack> {
  const { print = () => undefined, processes = PROCESS_NAMES, verbose = false } = options;
  removeDevFile(stateDir);
  await endLeftovers(stateDir, print);

  let facts: StackFacts | null = null;
  const supervisor = createSupervisor({
    logDir: join(stateDir, 'logs'),
    print,
    verbose,
    ...(options.maxRestartDelayMs === undefined ? {} : { maxDelayMs: options.maxRestartDelayMs }),
    onChange: (records) => {
      try {
        lock.record(records);
        if (facts !== null && !over.signal.aborted) writeDevFile(stateDir, toDevFile(facts, supervisor));
      } catch (error) {
        // A full disk or a deleted directory must not keep the children from being watched and ended.
        print(`✗ ${stateDir} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
      }
    },
  });
  const over = new AbortController();
  // Whatever ends this process, a bug included, must not leave servers behind.
  const force = () => supervisor.force();
  process.once('exit', force);
  const stop = async () => {
    over.abort();
    removeDevFile(stateDir);
    await supervisor.stop();
    process.off('exit', force);
    lock.release();
  };
  const abort = () => void stop();
  options.signal?.addEventListener('abort', abort, { once: true });

  const context: StackContext = {
    options,
    stateDir,
    print,
    supervisor,
    signal: over.signal,
    runs: (name) => processes.includes(name),
    entries: { ...DEFAULT_ENTRIES, ...options.entries },
    choosePort: createPortChooser(print),
    secrets: loadSecrets(stateDir),
  };
  try {
    facts = await bringUp(context);
  } catch (error) {
    await stop();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', abort);
  }
  const ready = facts;
  const devFile = () => toDevFile(ready, supervisor);
  writeDevFile(stateDir, devFile());
  return {
    devFile,
    env: ready.env,
    kill: (name, signal) => supervisor.kill(name, signal),
    stop,
    force,
  };
}

/** As root, PostgreSQL's own user has to pass through; nobody may look inside. */
function prepareStateDir(given: string): string {
  const stateDir = resolve(given);
  mkdirSync(stateDir, { recursive: true });
  chmodSync(stateDir, process.getuid?.() === 0 ? 0o711 : 0o700);
  return stateDir;
}

function toDevFile(facts: StackFacts, supervisor: Supervisor): DevFile {
  const children = Object.fromEntries(supervisor.records().map(({ name, identity }) => [name, identity.pid]));
  return { ...facts.dev, pid: process.pid, children };
}
