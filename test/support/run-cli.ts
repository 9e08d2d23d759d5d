import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const cliPath = fileURLToPath(new URL('../../bin/plinto-billing.mjs', import.meta.url));

export interface CliRun {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What is typed, or piped in. */
  readonly input?: string;
  readonly cwd?: string;
  /** Another copy of it. */
  readonly program?: string;
  /** Called at each piece of standard error. */
  readonly onErr?: (child: ChildProcessWithoutNullStreams, soFar: string) => void;
}

/** The command line as operators run it: another process, no terminal, nothing of this one's environment. */
export function runCli(words: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const child = spawn(process.execPath, [options.program ?? cliPath, ...words], {
    cwd: options.cwd ?? '/',
    env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...options.env },
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (part: Buffer) => void (out += part.toString()));
  child.stderr.on('data', (part: Buffer) => {
    err += part.toString();
    options.onErr?.(child, err);
  });
  child.stdin.end(options.input ?? '');
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}
