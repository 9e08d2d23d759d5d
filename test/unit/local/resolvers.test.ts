import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { resolveTemporalCli } from '../../../src/local/temporal-cli.ts';
import { resolveTimeSkippingServer } from '../../../src/local/temporal-test-server.ts';
import { tempDir } from './temp-dir.ts';

function anExecutable(path: string, script = 'exit 0'): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A machine with nothing on PATH, an empty cache and no network. */
function aBareMachine() {
  const dir = tempDir();
  const bin = join(dir, 'bin');
  const cache = join(dir, 'cache');
  mkdirSync(bin);
  const env = { PATH: bin, PLINTO_CACHE_DIR: cache, PLINTO_TEMPORAL_DOWNLOAD_URL: 'http://127.0.0.1:9' };
  return { dir, bin, cache, env };
}

test('prefers the named CLI, then PATH, then the cache', async () => {
  const { dir, bin, cache, env } = aBareMachine();
  const named = anExecutable(join(dir, 'mine'));
  const onPath = anExecutable(join(bin, 'temporal'));
  const cached = anExecutable(join(cache, 'temporal-cli-1.5.1', 'temporal'));
  const all = { ...env, TEMPORAL_CLI_PATH: named };
  expect(await resolveTemporalCli({ env: all })).toEqual({ path: named, way: 'environment' });
  expect(await resolveTemporalCli({ env })).toEqual({ path: onPath, way: 'path' });
  expect(await resolveTemporalCli({ env: { ...env, PATH: '/nowhere' } })).toEqual({ path: cached, way: 'cache' });
});

test('refuses a named CLI that is no executable file', async () => {
  const { env } = aBareMachine();
  await expect(resolveTemporalCli({ env: { ...env, TEMPORAL_CLI_PATH: '/nowhere' } })).rejects.toThrow(
    'TEMPORAL_CLI_PATH',
  );
});

test('builds the CLI with Go into the cache when nothing else is there, and finds it the next time', async () => {
  const { bin, cache, env } = aBareMachine();
  anExecutable(
    join(bin, 'go'),
    'case "$*" in install*temporal@v1.5.1) echo "#!/bin/sh" > "$GOBIN/temporal"; /bin/chmod +x "$GOBIN/temporal";; esac',
  );
  const lines: string[] = [];
  const path = join(cache, 'temporal-cli-1.5.1', 'temporal');
  expect(await resolveTemporalCli({ env, print: (line) => lines.push(line) })).toEqual({ path, way: 'build' });
  expect(lines).toEqual([expect.stringContaining('5 to 6 minutes')]);
  expect(await resolveTemporalCli({ env })).toEqual({ path, way: 'cache' });
});

test('names every way when there is none', async () => {
  const { bin, env } = aBareMachine();
  anExecutable(join(bin, 'go'), 'echo "no such module" >&2; exit 1');
  const attempt = resolveTemporalCli({ env });
  for (const way of ['TEMPORAL_CLI_PATH', 'PATH', 'cache', 'download', 'no such module', 'TEMPORAL_ADDRESS']) {
    await expect(attempt).rejects.toThrow(way);
  }
});

test('gives up on a download service that does not answer', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  onTestFinished(() => silent.closeAllConnections());
  onTestFinished(() => void silent.close());
  const address = silent.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { env } = aBareMachine();
  const url = `http://127.0.0.1:${port}`;
  const attempt = resolveTemporalCli({ env: { ...env, PLINTO_TEMPORAL_DOWNLOAD_URL: url }, answerTimeoutMs: 100 });
  await expect(attempt).rejects.toThrow('no answer from the download service');
});

test('wraps the cached jars of the test server so that the shell becomes Java', async () => {
  const { bin, cache, env } = aBareMachine();
  anExecutable(join(bin, 'java'));
  const jar = join(cache, 'temporal-test-server-1.38.0', 'lib', 'server.jar');
  mkdirSync(dirname(jar), { recursive: true });
  writeFileSync(jar, '');
  const { path, way } = await resolveTimeSkippingServer({ env });
  expect(way).toBe('cache');
  expect(readFileSync(path, 'utf8')).toMatch(
    /^#!\/bin\/sh\nexec '.*java' .*io\.temporal\.testserver\.TestServer "\$@"\n$/,
  );
});

test('fetches the test server with Maven when nothing else is there', async () => {
  const { bin, env } = aBareMachine();
  anExecutable(join(bin, 'java'));
  anExecutable(
    join(bin, 'mvn'),
    'for a in "$@"; do case "$a" in -DoutputDirectory=*) d="${a#*=}"; /bin/mkdir -p "$d"; : > "$d/x.jar";; esac; done',
  );
  expect(await resolveTimeSkippingServer({ env })).toMatchObject({ way: 'build' });
  expect(await resolveTimeSkippingServer({ env })).toMatchObject({ way: 'cache' });
});
