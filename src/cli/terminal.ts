import { styleText } from 'node:util';

export type Paint = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Where a command is run: all that it sees of the process around it. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  /** Columns; null where no person reads. */
  readonly width: number | null;
  /** A person can be asked. */
  readonly isInteractive: boolean;
  /** Bars can be drawn on standard error. */
  readonly drawsBars: boolean;
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal;
  out(text: string): void;
  err(text: string): void;
  paint(format: Paint, text: string): string;
  readInput(): Promise<string>;
  /** Asks on standard error; rejects when it is interrupted. */
  agree(question: string): Promise<boolean>;
  sleep(ms: number): Promise<void>;
}

/** The real one. Its `interrupted` is aborted at the first Ctrl-C; at the second the process ends as any other. */
export function openTerminal(home: string): Terminal {
  const { stdin, stdout, stderr, env } = process;
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());
  for (const stream of [stdout, stderr]) stream.on('error', leaveWhenNobodyReads);
  const interrupted = interruption.signal;
  return {
    ...{ env, home, interrupted, cwd: process.cwd() },
    width: stdout.isTTY ? stdout.columns : null,
    isInteractive: stdin.isTTY && stderr.isTTY,
    drawsBars: stderr.isTTY,
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    paint: (format, text) => styleText(format, text, { stream: stdout }),
    async readInput() {
      const parts: Uint8Array[] = [];
      for await (const part of stdin) if (part instanceof Uint8Array) parts.push(part);
      return Buffer.concat(parts).toString('utf8');
    },
    async agree(question) {
      // Loaded where it is needed: most commands ask nothing.
      const { default: confirm } = await import('@inquirer/confirm');
      return confirm({ message: question, default: false }, { output: stderr, signal: interrupted });
    },
    sleep: (ms) =>
      new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          interrupted.removeEventListener('abort', done);
          resolve();
        };
        const timer = setTimeout(done, ms);
        interrupted.addEventListener('abort', done);
        if (interrupted.aborted) done();
      }),
  };
}

/** `… | head` closes the pipe when it has seen enough. */
function leaveWhenNobodyReads(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
}
