import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runBuildStep } from './build-step.ts';
import { type Attempt, cacheDir, resolveExecutable, type ResolveOptions } from './executable-ways.ts';
import { findOnPath, isExecutableFile } from './find-on-path.ts';

/** The version that docker-compose.yml runs. */
const VERSION = '1.31.2';
const PACKAGES = ['cmd/server', 'cmd/tools/sql'].map((path) => `go.temporal.io/server/${path}@v${VERSION}`);

export interface TemporalBinaries {
  /** The production server: all its services in one process. */
  readonly server: string;
  /** Makes and upgrades its databases; carries the schema. */
  readonly sql: string;
}

/** Finds the production server and its schema tool in the project's cache, or builds them there with Go. */
export async function resolveTemporalBinaries(options: ResolveOptions = {}): Promise<TemporalBinaries> {
  const dir = join(cacheDir(options.env ?? process.env), `temporal-server-${VERSION}`);
  const binaries = { server: join(dir, 'server'), sql: join(dir, 'sql') };
  const isThere = () => isExecutableFile(binaries.server) && isExecutableFile(binaries.sql);
  await resolveExecutable(`The Temporal server ${VERSION}`, [
    {
      name: 'cache',
      description: `the project's cache, ${dir}`,
      attempt: () => (isThere() ? { path: dir } : { reason: 'empty' }),
    },
    { name: 'build', description: 'a build with Go', attempt: () => buildWithGo(dir, options) },
    {
      name: 'environment',
      description: 'containers instead: docker compose up',
      attempt: () => ({ reason: 'yours to start' }),
    },
  ]);
  return binaries;
}

async function buildWithGo(target: string, { env = process.env, print, signal }: ResolveOptions): Promise<Attempt> {
  const go = findOnPath('go', env);
  if (go === null) return { reason: '`go` is not on PATH' };
  const aside = `${target}.${process.pid}.partial`;
  mkdirSync(aside, { recursive: true });
  const reason = await runBuildStep({
    command: go,
    args: ['install', '-ldflags', '-s -w', ...PACKAGES],
    env: { ...env, GOBIN: aside },
    cwd: aside,
    signal,
    print,
    announcement: `building the Temporal server ${VERSION} with Go, once: this takes about 10 minutes`,
  });
  try {
    if (reason !== null) return { reason };
    // Two launchers may have built at once: the first one's is as good.
    if (!existsSync(target)) renameSync(aside, target);
    return { path: target };
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}
