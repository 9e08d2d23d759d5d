import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runBuildStep } from './build-step.ts';
import { type Attempt, cacheDir, type Found, resolveExecutable, type ResolveOptions } from './executable-ways.ts';
import { findOnPath, isExecutableFile } from './find-on-path.ts';
import { downloadFromSdk, SDK_VERSION } from './sdk-download.ts';
import { fromCache } from './temporal-cli.ts';

const VERSION = '1.38.0';
const MAIN_CLASS = 'io.temporal.testserver.TestServer';

/**
 * Finds the server that skips time for workflow tests, or gets one.
 *
 * @returns a path for `TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path } } })`
 */
export async function resolveTimeSkippingServer(options: ResolveOptions = {}): Promise<Found> {
  const { env = process.env } = options;
  const folder = join(cacheDir(env), `temporal-test-server-${VERSION}`);
  const downloaded = join(cacheDir(env), `temporal-test-server-sdk-${SDK_VERSION}`, 'temporal-test-server');
  return await resolveExecutable("Temporal's time-skipping test server", [
    { name: 'environment', description: 'TEMPORAL_TEST_SERVER_PATH', attempt: () => fromEnvironment(env) },
    {
      name: 'cache',
      description: `the project's cache, ${cacheDir(env)}`,
      attempt: () => fromJars(folder, env) ?? fromCache([downloaded]),
    },
    {
      name: 'download',
      description: 'a download',
      attempt: () => downloadFromSdk('temporal-test-server', downloaded, options),
    },
    { name: 'build', description: 'Maven and Java 8 or newer', attempt: () => fetchWithMaven(folder, options) },
  ]);
}

function fromEnvironment(env: NodeJS.ProcessEnv): Attempt {
  const path = env['TEMPORAL_TEST_SERVER_PATH'];
  if (path === undefined || path === '') return { reason: 'not set' };
  if (!isExecutableFile(path)) throw new Error(`TEMPORAL_TEST_SERVER_PATH names ${path}, which is no executable file`);
  return { path };
}

function fromJars(folder: string, env: NodeJS.ProcessEnv): Attempt | null {
  const lib = join(folder, 'lib');
  if (!existsSync(lib) || !readdirSync(lib).some((file) => file.endsWith('.jar'))) return null;
  const java = findJava(env);
  return java === null ? { reason: 'it has the jars, but there is no `java`' } : { path: writeLauncher(folder, java) };
}

function findJava(env: NodeJS.ProcessEnv): string | null {
  const home = env['JAVA_HOME'];
  const inHome = home === undefined ? null : join(home, 'bin', 'java');
  return inHome !== null && isExecutableFile(inHome) ? inHome : findOnPath('java', env);
}

/** The SDK ends only the process it started, so the shell must become Java; the flags make a short life start fast. */
function writeLauncher(folder: string, java: string): string {
  const path = join(folder, 'temporal-test-server');
  const flags = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx384m -Xshare:auto';
  const script = `#!/bin/sh\nexec '${java}' ${flags} -cp '${join(folder, 'lib')}/*' ${MAIN_CLASS} "$@"\n`;
  const aside = `${path}.${process.pid}.tmp`;
  writeFileSync(aside, script);
  chmodSync(aside, 0o755);
  renameSync(aside, path);
  return path;
}

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>plinto</groupId><artifactId>temporal-test-server</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>io.temporal</groupId><artifactId>temporal-test-server</artifactId><version>${VERSION}</version></dependency>
  </dependencies>
</project>
`;

async function fetchWithMaven(folder: string, options: ResolveOptions): Promise<Attempt> {
  const { env = process.env, print, signal } = options;
  const maven = findOnPath('mvn', env);
  const java = findJava(env);
  if (maven === null || java === null) return { reason: `\`${maven === null ? 'mvn' : 'java'}\` is not on PATH` };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'pom.xml'), POM);
  const aside = join(folder, `lib.${process.pid}.partial`);
  const output = [`-DoutputDirectory=${aside}`, '-DincludeScope=runtime'];
  const reason = await runBuildStep({
    command: maven,
    args: ['-q', '-B', 'dependency:copy-dependencies', ...output],
    env,
    cwd: folder,
    signal,
    print,
    announcement: "fetching Temporal's test server with Maven, once: this takes about half a minute",
  });
  try {
    if (reason !== null) return { reason };
    const lib = join(folder, 'lib');
    if (!existsSync(lib)) renameSync(aside, lib);
    return { path: writeLauncher(folder, java) };
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}
