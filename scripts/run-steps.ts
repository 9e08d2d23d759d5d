import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';

export interface Step {
  readonly name: string;
  /** A command line of the project's own tools. */
  readonly command: readonly [string, ...string[]];
  /** Shown while it runs, not only when it fails: for a step that may take minutes and says why. */
  readonly live?: boolean;
}

interface Result {
  readonly step: Step;
  readonly ok: boolean;
  readonly ms: number;
  readonly output: string;
}

export const STATIC_STEPS: readonly Step[] = [
  {
    name: 'format',
    command: ['prettier', '--check', '--cache', '--cache-strategy', 'content', '--log-level', 'warn', '.'],
  },
  { name: 'lint', command: ['oxlint', '--type-aware'] },
  { name: 'types', command: ['tsc'] },
  { name: 'unused', command: ['knip', '--cache'] },
  { name: 'unused in production', command: ['knip', '--production', '--cache'] },
];
export const SERVERS_STEP: Step = { name: 'servers', command: ['node', 'scripts/ensure-servers.ts'], live: true };

const root = join(import.meta.dirname, '..');
const env = { ...process.env, PATH: [join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter) };

/** Runs groups one after the other, the steps of a group two at a time; a failure does not keep the rest from running. */
export async function runSteps(groups: readonly (readonly Step[])[]): Promise<void> {
  const startedMs = Date.now();
  const results: Result[] = [];
  for (const group of groups) {
    const waiting = [...group];
    const lane = async () => {
      for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
        const result = await runStep(step);
        results.push(result);
        console.log(`${line(result)}${summary(result)}`);
      }
    };
    await Promise.all([lane(), lane()]);
  }
  const failed = results.filter((result) => !result.ok);
  for (const { step, output } of failed)
    console.log(`\n── ${step.name}: ${step.command.join(' ')}\n${output.trimEnd()}`);
  const total = seconds(Date.now() - startedMs);
  console.log(
    failed.length === 0 ? `\nAll passed in ${total}` : `\nFailed: ${failed.map(nameOf).join(', ')} (${total})`,
  );
  process.exitCode = failed.length === 0 ? 0 : 1;
}

function runStep(step: Step): Promise<Result> {
  const startedMs = Date.now();
  const [command, ...args] = step.command;
  return new Promise((resolve) => {
    const chunks: string[] = [];
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        chunks.push(chunk);
        if (step.live) process.stdout.write(chunk);
      });
    }
    const done = (ok: boolean) => resolve({ step, ok, ms: Date.now() - startedMs, output: chunks.join('') });
    child.once('error', (error) => {
      chunks.push(error.message);
      done(false);
    });
    child.once('close', (code) => done(code === 0));
  });
}

function line({ step, ok, ms }: Result): string {
  return `${ok ? '✓' : '✗'} ${step.name.padEnd(22)} ${seconds(ms).padStart(8)}`;
}

/** The test runner's own count, when there is one. */
function summary({ output }: Result): string {
  const plain = output.replaceAll(new RegExp(String.raw`\u001b\[[0-9;]*m`, 'g'), '');
  const count = /^ +Tests +(.+)$/m.exec(plain)?.[1];
  return count === undefined ? '' : `   ${count}`;
}

const nameOf = ({ step }: Result) => step.name;
const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
