import { linkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Print } from './child-log.ts';
import { isRecord, numberAt, readJsonFile, removeFile, stringAt, writeJsonFile } from './json-file.ts';
import { endProcess, identifyProcess, isRunning, type ProcessIdentity } from './processes.ts';
import type { ChildRecord } from './supervisor.ts';

export interface StateLock {
  /** Remembers the children on disk, so that the next launcher can end them if this one is killed. */
  record(children: readonly ChildRecord[]): void;
  release(): void;
}

const lockFile = (stateDir: string) => join(stateDir, 'launcher.json');
const childrenFile = (stateDir: string) => join(stateDir, 'children.json');

/** @returns the launcher that owns the directory now, or null when none does (any more). */
export function findOwner(stateDir: string): ProcessIdentity | null {
  const owner = parseIdentity(readJsonFile(lockFile(stateDir)));
  return owner !== null && isRunning(owner) ? owner : null;
}

/** @returns null when another launcher is alive and owns the directory. */
export function acquireStateLock(stateDir: string): StateLock | null {
  const path = lockFile(stateDir);
  const self = identifyProcess(process.pid);
  if (self === null) throw new Error('this process cannot be identified');
  const aside = `${path}.${process.pid}`;
  writeFileSync(aside, JSON.stringify(self), { mode: 0o600 });
  try {
    if (!tryLink(aside, path)) {
      if (findOwner(stateDir) !== null) return null;
      removeFile(path);
      if (!tryLink(aside, path)) return null;
    }
  } finally {
    removeFile(aside);
  }
  return {
    record: (children) => writeJsonFile(childrenFile(stateDir), { children }),
    release() {
      removeFile(childrenFile(stateDir));
      removeFile(path);
    },
  };
}

/** A hard link appears with its content or fails because the name exists: no moment of an empty lock. */
function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch {
    return false;
  }
}

/** Ends what a launcher that was killed left running. A recycled process id is never touched. */
export async function endLeftovers(stateDir: string, print: Print): Promise<void> {
  const left = readChildren(stateDir).filter((child) => isRunning(child.identity));
  if (left.length > 0) {
    print(`! an earlier launcher was killed: ending what it left (${left.map((child) => child.name).join(', ')})`);
    const stages = [...new Set(left.map((child) => child.stage))].sort((a, b) => b - a);
    for (const stage of stages) {
      const together = left.filter((child) => child.stage === stage);
      await Promise.all(together.map((child) => endProcess(child.identity, child.stopSignal)));
    }
  }
  removeFile(childrenFile(stateDir));
}

function readChildren(stateDir: string): ChildRecord[] {
  const children = readJsonFile(childrenFile(stateDir))?.['children'];
  return Array.isArray(children) ? children.flatMap(parseChild) : [];
}

function parseChild(value: unknown): ChildRecord[] {
  if (!isRecord(value)) return [];
  const name = stringAt(value, 'name');
  const stage = numberAt(value, 'stage');
  const identity = parseIdentity(value['identity']);
  if (name === null || stage === null || identity === null) return [];
  return [{ name, stage, identity, stopSignal: value['stopSignal'] === 'SIGINT' ? 'SIGINT' : 'SIGTERM' }];
}

function parseIdentity(value: unknown): ProcessIdentity | null {
  if (!isRecord(value)) return null;
  const pid = numberAt(value, 'pid');
  const startedAt = stringAt(value, 'startedAt');
  return pid === null || startedAt === null ? null : { pid, startedAt };
}
