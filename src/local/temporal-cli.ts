import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runBuildStep } from './build-step.ts';
import { type Attempt, cacheDir, type Found, resolveExecutable, type ResolveOptions } from './executable-ways.ts';
import { findOnPath, isExecutableFile } from './find-on-path.ts';
import { downloadFromSdk, SDK_VERSION } from './sdk-download.ts';

/** The last version that `go install` accepts: later ones replace modules in their go.mod. */
const GO_VERSION = '1.5.1';
const PACKAGE = 'github.com/temporalio/cli/cmd/temporal';

/** Finds the `temporal` program, which carries the development server and its UI, or gets one. */
export async function resolveTemporalCli(options: ResolveOptions = {}): Promise<Found> {
  const { env = process.env } = options;
  const built = join(cacheDir(env), `temporal-cli-${GO_VERSION}`);
  const downloaded = join(cacheDir(env), `temporal-cli-sdk-${SDK_VERSION}`, 'temporal');
  return await resolveExecutable('The Temporal development server', [
    { name: 'environment', description: 'TEMPORAL_CLI_PATH', attempt: () => fromEnvironment(env) },
    { name: 'path', description: '`temporal` on PATH (https://docs.temporal.io/cli)', attempt: () => fromPath(env) },
    {
      name: 'cache',
      description: `the project's cache, ${cacheDir(env)}`,
      attempt: () => fromCache([join(built, 'temporal'), downloaded]),
    },
    { name: 'download', description: 'a download', attempt: () => downloadFromSdk('cli', downloaded, options) },
    { name: 'build', description: 'a build with Go', attempt: () => buildWithGo(built, options) },
    {
      name: 'environment',
      description: 'TEMPORAL_ADDRESS, a server that already runs',
      attempt: () => ({ reason: 'not set' }),
    },
  ]);
}

function fromEnvironment(env: NodeJS.ProcessEnv): Attempt {
  const path = env['TEMPORAL_CLI_PATH'];
  if (path === undefined || path === '') return { reason: 'not set' };
  if (!isExecutableFile(path)) throw new Error(`TEMPORAL_CLI_PATH names ${path}, which is no executable file`);
  return { path };
}

function fromPath(env: NodeJS.ProcessEnv): Attempt {
  const path = findOnPath('temporal', env);
  return path === null ? { reason: 'not there' } : { path };
}

export function fromCache(candidates: readonly string[]): Attempt {
  const path = candidates.find(isExecutableFile);
  return path === undefined ? { reason: 'empty' } : { path };
}

async function buildWithGo(target: string, options: ResolveOptions): Promise<Attempt> {
  const { env = process.env, print, signal } = options;
  const go = findOnPath('go', env);
  if (go === null) return { reason: '`go` is not on PATH' };
  const aside = `${target}.${process.pid}.partial`;
  mkdirSync(aside, { recursive: true });
  const version = `github.com/temporalio/cli/temporalcli.Version=${GO_VERSION}`;
  const reason = await runBuildStep({
    command: go,
    args: ['install', '-ldflags', `-s -w -X ${version}`, `${PACKAGE}@v${GO_VERSION}`],
    env: { ...env, GOBIN: aside },
    cwd: aside,
    signal,
    print,
    announcement: `building the Temporal CLI ${GO_VERSION} with Go, once: this takes 5 to 6 minutes`,
  });
  try {
    if (reason !== null) return { reason };
    // Two launchers may have built at once: the first one's is as good.
    if (!existsSync(target)) renameSync(aside, target);
    return { path: join(target, 'temporal') };
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}
