import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createSupervisor, type ChildSpec, type SupervisorOptions } from '../../../src/local/supervisor.ts';
import { identifyProcess } from '../../../src/local/processes.ts';
import { waitUntil } from '../../../src/local/wait-until.ts';
import { fixture } from './fixture-stack.ts';
import { tempDir } from './temp-dir.ts';

function aSupervisor(options: Partial<SupervisorOptions> = {}) {
  const dir = tempDir();
  const journal = join(dir, 'journal');
  const lines: string[] = [];
  const supervisor = createSupervisor({
    logDir: join(dir, 'logs'),
    print: (line) => lines.push(line),
    firstDelayMs: 20,
    ...options,
  });
  onTestFinished(() => supervisor.stop());
  const child = (name: string, stage = 0, manner = ''): ChildSpec => ({
    name,
    stage,
    command: process.execPath,
    args: [fixture('long-lived.ts'), journal, name, manner],
    isReady: ({ signal, log }) => waitUntil(() => log.stdout().includes('ready'), { what: name, signal, everyMs: 10 }),
  });
  return { supervisor, lines, dir, child, journal: () => readFileSync(journal, 'utf8').trim().split('\n') };
}

test('restarts a child that was killed, and says so', async () => {
  const { supervisor, lines, child, journal } = aSupervisor();
  await supervisor.start(child('worker'));
  const before = supervisor.records()[0]?.identity.pid;
  supervisor.kill('worker', 'SIGKILL');
  await vi.waitFor(() => expect(lines.at(-1)).toMatch(/^✓ worker is back/), 5_000);
  expect(lines[0]).toBe('worker exited (SIGKILL), restarting in 0.0 s');
  expect(supervisor.records()[0]?.identity.pid).not.toBe(before);
  expect(journal()).toEqual(['worker up', 'worker up']);
});

test('waits twice as long before each further restart', async () => {
  const { supervisor, lines } = aSupervisor({ firstDelayMs: 100 });
  await supervisor.start({
    name: 'relay',
    stage: 0,
    command: process.execPath,
    args: ['-e', 'setTimeout(process.exit, 400, 3)'],
  });
  const delay = (line: string) => /restarting in (.*) s/.exec(line)?.[1];
  await vi.waitFor(() => expect(lines.map(delay).filter(Boolean).slice(0, 3)).toEqual(['0.1', '0.2', '0.4']), 5_000);
  expect(lines[0]).toContain('relay exited (exit code 3)');
});

test('ends the highest stage first', async () => {
  const { supervisor, child, journal } = aSupervisor();
  await Promise.all([supervisor.start(child('store', 0)), supervisor.start(child('api', 2))]);
  await supervisor.start(child('worker', 1));
  await supervisor.stop();
  expect(journal().slice(3)).toEqual(['api down', 'worker down', 'store down']);
  expect(supervisor.records()).toEqual([]);
});

test('kills a child that does not end when asked', async () => {
  const { supervisor, child } = aSupervisor({ graceMs: 100 });
  await supervisor.start(child('stubborn', 0, 'stubborn'));
  const pid = supervisor.records()[0]?.identity.pid ?? 0;
  await supervisor.stop();
  expect(identifyProcess(pid)).toBeNull();
});

test('names the reason and the last lines when a child ends before it is ready', async () => {
  const { supervisor, child } = aSupervisor();
  const broken = { ...child('api'), args: ['-e', 'console.error("DATABASE_URL is required"); process.exit(1)'] };
  await expect(supervisor.start(broken)).rejects.toThrow(/api ended \(exit code 1\)[\s\S]*DATABASE_URL is required/);
});

test('answers the output of a task, and rejects when it fails', async () => {
  const { supervisor } = aSupervisor();
  const task = (code: string) => ({ name: 'task', command: process.execPath, args: ['-e', code] });
  await expect(supervisor.run(task('console.log("one\\ntwo")'))).resolves.toEqual(['one', 'two']);
  await expect(supervisor.run(task('process.exit(2)'))).rejects.toThrow('task ended (exit code 2)');
});

test('shows warnings and stderr with a prefix, and keeps the rest in the log', async () => {
  const { supervisor, lines, dir } = aSupervisor();
  const info = JSON.stringify({ level: 30, msg: 'quiet' });
  const warning = JSON.stringify({ level: 40, msg: 'loud', err: { message: 'because' } });
  const code = `console.log(${JSON.stringify(info)}); console.log(${JSON.stringify(warning)}); console.error('oops')`;
  await supervisor.run({ name: 'api', command: process.execPath, args: ['-e', code] });
  expect(lines.toSorted()).toEqual(['api      │ loud: because', 'api      │ oops']);
  await vi.waitFor(() => expect(readFileSync(join(dir, 'logs', 'api.log'), 'utf8')).toContain('quiet'));
});
