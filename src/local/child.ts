import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { ChildLog } from './child-log.ts';
import { identifyProcess, type ProcessIdentity } from './processes.ts';

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: string;
}

export interface RunningChild {
  readonly identity: ProcessIdentity | null;
  readonly startedMs: number;
  /** Resolves, never rejects, when the process has ended and its last lines were read. */
  readonly exited: Promise<Exit>;
  exit(): Exit | null;
}

/**
 * Starts a process in its own process group, so that a terminal's Ctrl-C reaches the launcher alone and the launcher
 * decides the order of ending.
 */
export function spawnChild(command: Command, log: ChildLog): RunningChild {
  const child = spawn(command.command, command.args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: command.env ?? process.env,
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    ...(command.uid === undefined ? {} : { uid: command.uid }),
    ...(command.gid === undefined ? {} : { gid: command.gid }),
  });
  createInterface({ input: child.stdout }).on('line', (line) => log.line(line, 'stdout'));
  createInterface({ input: child.stderr }).on('line', (line) => log.line(line, 'stderr'));

  let exit: Exit | null = null;
  const exited = new Promise<Exit>((resolve) => {
    child.once('error', (error) => {
      exit = { code: null, signal: null, error: error.message };
      resolve(exit);
    });
    child.once('exit', (code, signal) => {
      const ended: Exit = { code, signal };
      exit = ended;
      // A grandchild may hold the pipes open: wait for the last lines, but not for ever.
      const timer = setTimeout(() => resolve(ended), 200);
      child.once('close', () => {
        clearTimeout(timer);
        resolve(ended);
      });
    });
  });
  return {
    identity: child.pid === undefined ? null : identifyProcess(child.pid),
    startedMs: Date.now(),
    exited,
    exit: () => exit,
  };
}

export function describeExit(exit: Exit): string {
  return exit.error ?? exit.signal ?? `exit code ${exit.code}`;
}
