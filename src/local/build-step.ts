import { spawn } from 'node:child_process';
import type { Print } from './child-log.ts';
import { formatSeconds } from './steps.ts';

export interface BuildStep {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly signal?: AbortSignal | undefined;
  /** Said once before it starts: what is made, and how long that takes. */
  readonly announcement: string;
  readonly print?: Print | undefined;
}

const TICK_MS = 30_000;

/** Runs a long build with a sign of life every half minute. @returns null on success, else the reason. */
export async function runBuildStep(build: BuildStep): Promise<string | null> {
  const { command, args, env, cwd, signal, announcement, print = () => undefined } = build;
  const startedMs = Date.now();
  print(`… ${announcement}`);
  const ticker = setInterval(() => print(`… still at it (${formatSeconds(Date.now() - startedMs)})`), TICK_MS);
  try {
    const lines: string[] = [];
    const code = await new Promise<number | string>((resolve) => {
      const child = spawn(command, args, { env, cwd, signal, stdio: ['ignore', 'pipe', 'pipe'] });
      const read = (chunk: Buffer) => lines.push(...chunk.toString('utf8').split('\n'));
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.once('error', (error) => resolve(error.message));
      child.once('close', (exitCode, exitSignal) => resolve(exitCode ?? exitSignal ?? 'killed'));
    });
    if (code === 0) return null;
    const said = lines.filter((line) => line.trim() !== '').slice(-3);
    return [`failed (${code})`, ...said.map((line) => `      ${line}`)].join('\n');
  } finally {
    clearInterval(ticker);
  }
}
