import { setTimeout as sleep } from 'node:timers/promises';
import { type ChildLog, type LineFilter, openChildLog, type Print, showProblems } from './child-log.ts';
import { type Command, describeExit, type Exit, type RunningChild, spawnChild } from './child.ts';
import { killGroup, type ProcessIdentity, sendSignal } from './processes.ts';
import { formatSeconds } from './steps.ts';

interface ReadyContext {
  readonly signal: AbortSignal;
  readonly log: ChildLog;
}

export interface ChildSpec extends Command {
  readonly name: string;
  /** Ending goes from the highest stage to the lowest; children of one stage end together. */
  readonly stage: number;
  readonly stopSignal?: NodeJS.Signals;
  /** What ends it at once yet cleanly, where SIGKILL would leave a mess. */
  readonly forceSignal?: NodeJS.Signals;
  readonly isReady?: (context: ReadyContext) => Promise<void>;
  readonly show?: LineFilter;
}

export interface ChildRecord {
  readonly name: string;
  readonly stage: number;
  readonly stopSignal: NodeJS.Signals;
  readonly identity: ProcessIdentity;
}

export interface SupervisorOptions {
  readonly logDir: string;
  readonly print: Print;
  readonly verbose?: boolean;
  /** Called synchronously whenever a process appears or disappears. */
  readonly onChange?: (records: readonly ChildRecord[]) => void;
  readonly firstDelayMs?: number;
  readonly maxDelayMs?: number;
  readonly graceMs?: number;
}

export interface Supervisor {
  /** Starts a process that must stay up; resolves once it is ready, rejects if it ends before. */
  start(spec: ChildSpec): Promise<void>;
  /** Runs a process to its end; resolves to the lines of its stdout, rejects if it fails. */
  run(task: Command & { readonly name: string }): Promise<readonly string[]>;
  records(): readonly ChildRecord[];
  kill(name: string, signal: NodeJS.Signals): void;
  stop(): Promise<void>;
  /** Ends everything now, without waiting. */
  force(): void;
}

interface Child {
  readonly spec: ChildSpec;
  readonly log: ChildLog;
  readonly held: string[];
  isUp: boolean;
  running: RunningChild | null;
  failures: number;
}

const RESET_AFTER_MS = 30_000;
const SETTLE_MS = 300;
const TASK_STAGE = 99;

export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { logDir, print, verbose = false, firstDelayMs = 500, maxDelayMs = 30_000, graceMs = 10_000 } = options;
  const children = new Map<string, Child>();
  const halt = new AbortController();
  let stopped: Promise<void> | null = null;

  const records = () => [...children.values()].flatMap(recordOf);
  const changed = () => options.onChange?.(records());

  function add(spec: ChildSpec): Child {
    if (halt.signal.aborted) throw new Error(`${spec.name} was not started: everything is ending`);
    const show: LineFilter = verbose ? (line) => line : (spec.show ?? showProblems);
    const isMuted = () => halt.signal.aborted && !verbose;
    // Until it is up its lines wait: if it fails, the error tells them, once.
    const held: string[] = [];
    const say = (line: string) => (child.isUp || verbose ? print(line) : void held.push(line));
    const log = openChildLog({ dir: logDir, name: spec.name, print: say, show, isMuted });
    const child: Child = { spec, log, held, isUp: false, running: null, failures: 0 };
    children.set(spec.name, child);
    return child;
  }

  function isUpNow(child: Child): void {
    child.isUp = true;
    child.held.splice(0).forEach(print);
  }

  function launch(child: Child): RunningChild {
    child.log.begin();
    const running = spawnChild(child.spec, child.log);
    child.running = running;
    changed();
    void running.exited.then(() => {
      if (child.running === running) child.running = null;
      changed();
    });
    return running;
  }

  async function start(spec: ChildSpec): Promise<void> {
    const child = add(spec);
    const running = launch(child);
    const exit = await readyOrExit(child, running, halt.signal);
    if (exit !== null) {
      children.delete(spec.name);
      child.log.close();
      throw startError(child, exit);
    }
    isUpNow(child);
    void running.exited.then((ended) => restart(child, running, ended));
  }

  async function restart(child: Child, dead: RunningChild, exit: Exit): Promise<void> {
    if (halt.signal.aborted) return;
    if (Date.now() - dead.startedMs > RESET_AFTER_MS) child.failures = 0;
    const delayMs = Math.min(firstDelayMs * 2 ** child.failures, maxDelayMs);
    child.failures += 1;
    print(`${child.spec.name} exited (${describeExit(exit)}), restarting in ${formatSeconds(delayMs)}`);
    await sleep(delayMs, undefined, { signal: halt.signal }).catch(() => undefined);
    if (halt.signal.aborted) return;
    const running = launch(child);
    void running.exited.then((ended) => restart(child, running, ended));
    const failed = await readyOrExit(child, running, halt.signal).catch(() => running.exit());
    if (failed === null && !halt.signal.aborted) {
      print(`✓ ${child.spec.name} is back   ${formatSeconds(Date.now() - running.startedMs)}`);
    }
  }

  async function run(task: Command & { readonly name: string }): Promise<readonly string[]> {
    const child = add({ ...task, stage: TASK_STAGE });
    const exit = await launch(child).exited;
    children.delete(task.name);
    child.log.close();
    changed();
    if (exit.code !== 0) throw startError(child, exit);
    isUpNow(child);
    return child.log.stdout();
  }

  async function stopAll(): Promise<void> {
    halt.abort();
    const stages = [...new Set([...children.values()].map((child) => child.spec.stage))].sort((a, b) => b - a);
    for (const stage of stages) {
      const together = [...children.values()].filter((child) => child.spec.stage === stage);
      await Promise.all(together.map((child) => stopChild(child, graceMs)));
    }
  }

  return {
    start,
    run,
    records,
    kill(name, signal) {
      const pid = children.get(name)?.running?.identity?.pid;
      if (pid === undefined) throw new Error(`${name} is not running`);
      sendSignal(pid, signal);
    },
    stop: () => (stopped ??= stopAll()),
    force() {
      halt.abort();
      for (const child of children.values()) endNow(child);
    },
  };
}

function recordOf({ spec, running }: Child): ChildRecord[] {
  const identity = running?.identity ?? null;
  if (identity === null) return [];
  return [{ name: spec.name, stage: spec.stage, stopSignal: spec.stopSignal ?? 'SIGTERM', identity }];
}

async function readyOrExit(child: Child, running: RunningChild, halted: AbortSignal): Promise<Exit | null> {
  const { isReady } = child.spec;
  // Nothing to ask: it counts as up when it has not ended right away.
  if (isReady === undefined) return await Promise.race([sleep(SETTLE_MS, null), running.exited]);
  const over = new AbortController();
  const signal = AbortSignal.any([halted, over.signal]);
  try {
    const ready = isReady({ signal, log: child.log }).then(() => null);
    return await Promise.race([ready, running.exited]);
  } finally {
    over.abort();
  }
}

async function stopChild(child: Child, graceMs: number): Promise<void> {
  const { running, spec, log } = child;
  if (running?.identity && running.exit() === null) {
    sendSignal(running.identity.pid, spec.stopSignal ?? 'SIGTERM');
    const late = setTimeout(() => endNow(child), graceMs);
    await running.exited;
    clearTimeout(late);
  }
  log.close();
}

function endNow({ running, spec }: Child): void {
  if (!running?.identity || running.exit() !== null) return;
  if (spec.forceSignal === undefined) killGroup(running.identity.pid);
  else sendSignal(running.identity.pid, spec.forceSignal);
}

function startError(child: Child, exit: Exit): Error {
  const lines = child.log.tail().map((line) => `    ${line}`);
  return new Error(
    [`${child.spec.name} ended (${describeExit(exit)}); ${child.log.path} ends with`, ...lines].join('\n'),
  );
}
