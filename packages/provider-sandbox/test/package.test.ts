import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url));
const NAME = 'plinto-provider-sandbox';
const SCOPED = '@plinto/provider-sandbox';

let project: string;
let command: string;

/** What `npm install` of the packed file would leave, without a registry. */
beforeAll(async () => {
  project = realpathSync(mkdtempSync(join(tmpdir(), 'sandbox-package-')));
  const { stdout } = await run('npm', ['pack', '--json', '--silent', '--pack-destination', project], { cwd: PACKAGE });
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf('['))) as { filename: string }[];
  const target = join(project, 'node_modules', '@plinto', 'provider-sandbox');
  mkdirSync(target, { recursive: true });
  await run('tar', ['-xzf', join(project, String(packed?.filename)), '-C', target, '--strip-components', '1']);
  for (const dependency of ['express', 'zod'])
    symlinkSync(join(MODULES, dependency), join(project, 'node_modules', dependency));
  command = join(target, 'bin', `${NAME}.mjs`);
}, 120_000);
afterAll(() => {
  rmSync(project, { recursive: true, force: true });
});

describe('the packed package', () => {
  it('prints its help', async () => {
    const { stdout } = await run(process.execPath, [command, '--help'], { cwd: project });
    expect(stdout).toContain('--state-dir');
  });

  it('starts and answers', async () => {
    const child = spawn(process.execPath, [command, '--port', '0'], {
      cwd: project,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const line = await new Promise<string>((resolve) => {
      child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
      child.stderr.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    });
    const url = /http:\/\/[\d.:]+/.exec(line)?.[0] ?? '';
    expect(await (await fetch(`${url}/_sandbox/health`)).json()).toMatchObject({ status: 'ok' });
    expect((await fetch(`${url}/v1/customers`)).status).toBe(401);
    child.kill('SIGTERM');
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0);
  });

  it('is imported by its name, with types', async () => {
    const script = `import { startSandbox } from '${SCOPED}'; const s = await startSandbox(); console.log(s.createAccount({ name: 'x' }).name); await s.close();`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: project });
    expect(stdout.trim()).toBe('x');
    expect(realpathSync(join(command, '..', '..', 'dist', 'index.d.ts'))).toContain('index.d.ts');
  });
});
