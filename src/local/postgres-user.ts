import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { findOnPath } from './find-on-path.ts';

/** PostgreSQL refuses to run as root: then its commands run as the system user `postgres`. */
export interface PostgresUser {
  readonly uid: number;
  readonly gid: number;
}

const NAME = 'postgres';
const ADD_USER = [
  ['groupadd', '--system', '--force', NAME],
  ['useradd', '--system', '--no-create-home', '--gid', NAME, NAME],
] as const;

/** @returns null when the current user will do. Creates the system user if root has none to run as. */
export function findPostgresUser(): PostgresUser | null {
  if (process.getuid?.() !== 0) return null;
  const found = lookUp();
  if (found !== null) return found;
  try {
    for (const [command, ...args] of ADD_USER) execFileSync(command, args, { stdio: 'pipe' });
  } catch (cause) {
    throw new Error('PostgreSQL does not run as root, and no user "postgres" could be added for it', { cause });
  }
  const created = lookUp();
  if (created === null) throw new Error('the system user "postgres" was added but cannot be found');
  return created;
}

function lookUp(): PostgresUser | null {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${NAME}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? null : { uid: Number(uid), gid: Number(gid) };
}

export interface UserCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * The command as that user. Below a folder closed to other users (a checkout in root's home) the user may not even
 * reach the program, so it keeps the one capability that lets it pass; `setpriv` replaces itself, so the process id
 * stays that of PostgreSQL.
 */
export function asPostgresUser(
  user: PostgresUser | null,
  command: string,
  args: readonly string[],
  dir: string,
): UserCommand {
  if (user === null) return { command, args };
  if (isOpenToAll(dirname(command)) && isOpenToAll(dir)) return { command, args, ...user };
  const setpriv = findOnPath('setpriv');
  if (setpriv === null) return { command, args, ...user };
  const become = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
  const pass = ['--securebits=+no_setuid_fixup', '--inh-caps=+dac_override', '--ambient-caps=+dac_override'];
  return { command: setpriv, args: [...become, ...pass, command, ...args] };
}

function isOpenToAll(dir: string): boolean {
  const parent = dirname(dir);
  return (statSync(dir).mode & 0o001) !== 0 && (parent === dir || isOpenToAll(parent));
}
