import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { identifyProcess } from '../../../src/local/processes.ts';
import { isRecord, readJsonFile } from '../../../src/local/json-file.ts';
import { AlreadyRunningError } from '../../../src/local/stack.ts';
import { fixture, startFixtureStack } from './fixture-stack.ts';
import { tempDir } from './temp-dir.ts';

async function aStack(dir = tempDir()) {
  const journal = join(dir, 'journal');
  const lines: string[] = [];
  const stack = await startFixtureStack(dir, journal, { print: (line) => lines.push(line) });
  onTestFinished(() => stack.stop());
  return { stack, dir, journal, lines };
}

function recordedPids(dir: string): number[] {
  const children = readJsonFile(join(dir, 'dev.json'))?.['children'];
  return isRecord(children) ? Object.values(children).filter((pid) => typeof pid === 'number') : [];
}

test('writes dev.json for its owner alone once ready, and removes it at the end', async () => {
  const { stack, dir } = await aStack();
  const path = join(dir, 'dev.json');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readJsonFile(path)).toMatchObject({
    organization_id: 'org_demo',
    secret_key: 'sk_test_1',
    demo_url: null,
    pid: process.pid,
    providers: { acme: { base_url: 'http://acme.test', api_key: 'key' } },
  });
  expect(Object.keys(stack.devFile().children).toSorted()).toEqual(['api', 'relay', 'sandbox', 'worker']);
  const pids = recordedPids(dir);
  await stack.stop();
  expect(existsSync(path)).toBe(false);
  expect(pids.map(identifyProcess)).toEqual([null, null, null, null]);
});

test("gives the children the sandbox's settings and none of a provider's from the shell", async () => {
  vi.stubEnv('ACME_LEFT_OVER', 'a real key');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { stack } = await aStack();
  const apiUrl = stack.devFile().api_url ?? '';
  const seen: unknown = await (await fetch(apiUrl)).json();
  expect(seen).toMatchObject({ ENVIRONMENT: 'development', PUBLIC_URL: apiUrl, ACME_API_KEY: 'from-sandbox' });
  expect(seen).not.toHaveProperty('ACME_LEFT_OVER');
});

test('keeps the process ids in dev.json up to date when a child is restarted', async () => {
  const { stack, dir } = await aStack();
  const before = stack.devFile().children['worker'];
  stack.kill('worker', 'SIGKILL');
  await vi.waitFor(
    () => {
      const children = readJsonFile(join(dir, 'dev.json'))?.['children'];
      expect(isRecord(children) ? children['worker'] : null).toSatisfy(
        (pid) => typeof pid === 'number' && pid !== before,
      );
    },
    { timeout: 5_000 },
  );
});

test('refuses a directory that a live launcher owns', async () => {
  const { stack, dir, journal } = await aStack();
  const second = startFixtureStack(dir, journal);
  await expect(second).rejects.toThrow(AlreadyRunningError);
  await expect(second).rejects.toMatchObject({ apiUrl: stack.devFile().api_url });
});

test('ends what a killed launcher left, but never a process that only has the same id', async () => {
  const dir = tempDir();
  const journal = join(dir, 'journal');
  const launcher = spawn(process.execPath, [fixture('launcher.ts'), dir, journal], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(launcher.stdout, 'data');
  const left = recordedPids(dir);
  launcher.kill('SIGKILL');
  await once(launcher, 'exit');
  expect(left.map((pid) => identifyProcess(pid) !== null)).toEqual([true, true, true, true]);

  const bystander = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)']);
  onTestFinished(() => void bystander.kill('SIGKILL'));
  const path = join(dir, 'children.json');
  const kept = JSON.parse(readFileSync(path, 'utf8')) as { children: readonly unknown[] };
  const recycled = { name: 'old', stage: 9, stopSignal: 'SIGTERM', identity: { pid: bystander.pid, startedAt: '1' } };
  writeFileSync(path, JSON.stringify({ children: [...kept.children, recycled] }));

  const { lines } = await aStack(dir);
  expect(lines[0]).toMatch(/an earlier launcher was killed: ending what it left/);
  expect(left.map(identifyProcess)).toEqual([null, null, null, null]);
  expect(bystander.exitCode).toBeNull();
  expect(identifyProcess(bystander.pid ?? 0)).not.toBeNull();
});

test('ends what has started when another part cannot start', async () => {
  const dir = tempDir();
  const entries = { sandbox: fixture('sandbox.ts'), api: fixture('seed.ts'), seed: fixture('seed.ts') };
  const start = startFixtureStack(dir, join(dir, 'journal'), { processes: ['sandbox', 'api'], entries });
  await expect(start).rejects.toThrow(/api ended \(exit code 0\)/);
  expect(existsSync(join(dir, 'launcher.json'))).toBe(false);
  expect(existsSync(join(dir, 'dev.json'))).toBe(false);
});
