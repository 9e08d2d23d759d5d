import { createWriteStream, existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';

type OutputStream = 'stdout' | 'stderr';
export type Print = (line: string) => void;
/** Which lines of a child deserve the terminal: null hides one, a string shows it (perhaps shortened). */
export type LineFilter = (line: string, stream: OutputStream) => string | null;

export interface ChildLog {
  readonly path: string;
  line(line: string, stream: OutputStream): void;
  /** Forgets the lines of the process before: what `stdout` answers belongs to the one that starts now. */
  begin(): void;
  /** The newest lines of stdout, for a greeting to wait for or an answer to read. */
  stdout(): readonly string[];
  tail(): readonly string[];
  close(): void;
}

const WARN = 40;
const PROBLEMS: readonly unknown[] = ['warn', 'error', 'fatal'];
const PREFIX_WIDTH = 8;
const KEPT_LINES = 200;

/** Warnings and worse of a JSON logger; everything written to stderr. */
export const showProblems: LineFilter = (line, stream) => {
  if (!line.startsWith('{')) return stream === 'stderr' ? line : null;
  const entry = parseLogEntry(line);
  if (entry === null) return stream === 'stderr' ? line : null;
  return entry.isProblem ? entry.text : null;
};

function parseLogEntry(line: string): { isProblem: boolean; text: string } | null {
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== 'object' || entry === null || !('level' in entry)) return null;
    const message = 'msg' in entry && typeof entry.msg === 'string' ? entry.msg : line;
    const error = 'err' in entry && typeof entry.err === 'object' && entry.err !== null ? entry.err : {};
    const cause = 'message' in error && typeof error.message === 'string' ? error.message : null;
    const text = cause === null || cause === message ? message : `${message}: ${cause}`;
    const { level } = entry;
    return { isProblem: typeof level === 'number' ? level >= WARN : PROBLEMS.includes(level), text };
  } catch {
    return null;
  }
}

export interface ChildLogOptions {
  readonly dir: string;
  readonly name: string;
  readonly print: Print;
  readonly show: LineFilter;
  readonly isMuted: () => boolean;
}

/** Keeps a child's whole output in `<name>.log` (the run before it in `<name>.previous.log`), shows what matters. */
export function openChildLog({ dir, name, print, show, isMuted }: ChildLogOptions): ChildLog {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, `${name}.log`);
  if (existsSync(path)) renameSync(path, join(dir, `${name}.previous.log`));
  const file = createWriteStream(path, { flags: 'a' });
  const tail: string[] = [];
  const stdout: string[] = [];
  const keep = (kept: string[], line: string) => {
    kept.push(line);
    if (kept.length > KEPT_LINES) kept.shift();
  };
  return {
    path,
    line(line, stream) {
      if (!file.writableEnded) file.write(`${line}\n`);
      keep(tail, line);
      if (stream === 'stdout') keep(stdout, line);
      const shown = isMuted() ? null : show(line, stream);
      if (shown !== null) print(`${name.padEnd(PREFIX_WIDTH)} │ ${shown}`);
    },
    begin() {
      stdout.length = 0;
    },
    stdout: () => stdout,
    tail: () => tail.slice(-20),
    close: () => file.end(),
  };
}
