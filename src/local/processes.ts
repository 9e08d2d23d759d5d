import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process id alone may be recycled; together with the start time it names one process for ever. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startedAt: string;
}

/** @returns null when no such process runs (a zombie does not run). */
export function identifyProcess(pid: number): ProcessIdentity | null {
  const startedAt = process.platform === 'linux' ? startTimeFromProc(pid) : startTimeFromPs(pid);
  return startedAt === null ? null : { pid, startedAt };
}

export function isRunning(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startedAt === identity.startedAt;
}

/** Fields 3 (state) and 22 (start time in ticks since boot) of proc(5); the command before them may contain spaces. */
function startTimeFromProc(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

function startTimeFromPs(pid: number): string | null {
  try {
    const output = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    const [state = 'Z', ...started] = output.split(/\s+/);
    return state.startsWith('Z') || started.length === 0 ? null : started.join(' ');
  } catch {
    return null;
  }
}

/** Sends a signal; a process that is already gone is not an error. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already, which is all a signal could have wanted.
  }
}

/** Ends a child that leads its own process group, with everything it started. */
export function killGroup(pid: number): void {
  sendSignal(-pid, 'SIGKILL');
}

/** Ends a process that an earlier launcher left behind: politely, then by force. */
export async function endProcess(identity: ProcessIdentity, signal: NodeJS.Signals, graceMs = 5_000): Promise<void> {
  if (!isRunning(identity)) return;
  sendSignal(identity.pid, signal);
  const deadline = Date.now() + graceMs;
  while (isRunning(identity)) {
    if (Date.now() > deadline) killGroup(identity.pid);
    if (Date.now() > deadline + 2_000) throw new Error(`process ${identity.pid} does not end; stop it by hand`);
    await sleep(20);
  }
}
