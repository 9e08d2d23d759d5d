import { CliFailure, exitCodes } from './failure.ts';
import { textAt, type Json } from './json.ts';
import type { Session } from './session.ts';

/** How far a long piece of work is. */
export interface Progress {
  /** 0 to 1; null: nobody knows yet. */
  readonly share: number | null;
  /** In a few words. */
  readonly text: string;
}

/** Work that goes on at the server, and how it is read. */
export interface Work {
  /** In a sentence: "the reconciliation". */
  readonly noun: string;
  /** The command that watches it again. */
  readonly again: string;
  /** The command that stops it, where one does. */
  readonly stop: string | null;
  read(): Promise<Json>;
  progress(state: Json): Progress;
  /** null: it goes on. */
  end(state: Json): 'good' | 'bad' | null;
}

const everyMs = 1_000;
/** How long an API may be away while its work goes on elsewhere. */
const patienceMs = 120_000;

/**
 * Follows work to its end. It only reads: the work is the server's, and Ctrl-C ends the watching alone.
 *
 * @returns how it stands at its end; the caller prints it.
 * @throws {CliFailure} `interrupted`, and `unreachable` after two minutes without an answer
 */
export async function watch(session: Session, work: Work): Promise<Json> {
  const display = await openDisplay(session);
  try {
    for (let silentSince: number | null = null; ;) {
      if (session.terminal.interrupted.aborted) throw left(work);
      try {
        const state = await work.read();
        silentSince = null;
        display.show(work.progress(state));
        if (work.end(state) !== null) return state;
      } catch (error) {
        if (session.terminal.interrupted.aborted) throw left(work);
        silentSince ??= Date.now();
        if (!isPassing(error) || Date.now() - silentSince > patienceMs) throw error;
        display.show({ share: null, text: 'the API does not answer; trying again' });
      }
      await session.terminal.sleep(everyMs);
    }
  } finally {
    display.close();
  }
}

/** Work that ended badly makes the command fail, after its state has been printed. */
export function failIfBad(work: Pick<Work, 'noun' | 'end'>, state: Json): void {
  if (work.end(state) !== 'bad') return;
  const code = textAt(state, 'failure.code') ?? textAt(state, 'status') ?? 'failed';
  throw new CliFailure({
    ...{ exitCode: exitCodes.failed, code, detail: `${capital(work.noun)} did not go well: ${code}.` },
    fix: textAt(state, 'why'),
  });
}

function isPassing(error: unknown): boolean {
  return error instanceof CliFailure && (error.exitCode === exitCodes.unreachable || error.code === 'rate_limited');
}

function left({ noun, again, stop }: Work): CliFailure {
  return new CliFailure({
    ...{ exitCode: exitCodes.interrupted, code: 'interrupted' },
    detail: `You no longer watch; ${noun} goes on at the server.`,
    fix: `Watch again: ${again}${stop === null ? '' : `\nStop it: ${stop}`}`,
  });
}

interface Display {
  show(progress: Progress): void;
  close(): void;
}

/** A bar where a person looks, a line per change in a log, nothing with `--json`. */
async function openDisplay(session: Session): Promise<Display> {
  if (session.isJson) return { show: () => undefined, close: () => undefined };
  return session.terminal.drawsBars ? drawBar() : writeLines(session);
}

async function drawBar(): Promise<Display> {
  // Loaded where it is needed, as most of the time nobody watches.
  const { default: cliProgress } = await import('cli-progress');
  const bar = new cliProgress.SingleBar(
    {
      ...{ format: '{bar} {shown}  {text}', barsize: 30, hideCursor: true, linewrap: false },
      // Ctrl-C is ours.
      ...{ gracefulExit: false, clearOnComplete: true },
    },
    cliProgress.Presets.shades_classic,
  );
  let isOpen = false;
  let value = 0;
  return {
    show({ share, text }) {
      value = share === null ? value : Math.round(1_000 * share);
      const shown = share === null ? '  … ' : `${String(Math.floor(100 * share)).padStart(3)}%`;
      if (isOpen) bar.update(value, { text, shown });
      else bar.start(1_000, value, { text, shown });
      isOpen = true;
    },
    close: () => bar.stop(),
  };
}

function writeLines(session: Session): Display {
  let before = '';
  return {
    show({ share, text }) {
      const line = share === null ? text : `${Math.floor(100 * share)} %  ${text}`;
      if (line !== before) session.note(line);
      before = line;
    },
    close: () => undefined,
  };
}

const capital = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
