import { mayHoldCardNumber } from '../card-scan.ts';
import type { Caller } from '../caller.ts';
import type { EventFault } from './event-fault.ts';
import { tooLarge } from './read-event.ts';
import { parse } from './read-request.ts';
import { splitLines, type Line } from './split-lines.ts';
import type { TakeIn } from './take-in-events.ts';

/** How far an import is; everything counted here is committed. */
export interface ImportProgress {
  /** Number of the last line that was dealt with. */
  readonly lines: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
}

export interface RejectedLine {
  readonly line: number;
  readonly code: string;
  readonly detail: string;
}

const linesPerCommit = 1_000;
/** An event has at most 16 KiB; escapes may make its text longer. */
const maxLineBytes = 64 * 1024;

/**
 * Takes in a stream of events, one JSON object a line, a thousand of them per commit. The next thousand is read only when
 * the one before is committed and told, so that a sender faster than the database is held up.
 *
 * @yields after each commit: the lines that were rejected, and how far it is.
 */
export async function* importEvents(input: {
  readonly takeIn: TakeIn;
  readonly caller: Caller;
  readonly organizationId: string | null;
  readonly idempotencyKey: string | null;
  readonly chunks: AsyncIterable<Buffer>;
}): AsyncGenerator<{ readonly rejected: readonly RejectedLine[]; readonly progress: ImportProgress }, void, void> {
  let progress: ImportProgress = { lines: 0, accepted: 0, duplicates: 0, rejected: 0 };
  let waiting: Line[] = [];

  async function takeLines() {
    const lines = waiting;
    waiting = [];
    const texts = lines.map(({ bytes }) => bytes && bytes.toString('utf8'));
    const isSuspect = texts.some((text) => text !== null && mayHoldCardNumber(text));
    const { caller, organizationId, idempotencyKey } = input;
    const taken = await input.takeIn({
      ...{ caller, organizationId, idempotencyKey, firstIndex: lines[0]?.number ?? 0 },
      sent: {
        events: texts.map((text) => readLine(text, isSuspect)),
        isSuspect,
        translate: (one) => (one instanceof BadLine ? { fault: one.fault } : { event: one }),
        tell: (fault) => fault,
      },
    });
    const rejected = taken.rejected.map(({ index, code, detail }) => ({
      line: lines[index]?.number ?? 0,
      code,
      detail,
    }));
    progress = {
      lines: lines.at(-1)?.number ?? progress.lines,
      accepted: progress.accepted + taken.accepted,
      duplicates: progress.duplicates + taken.duplicates,
      rejected: progress.rejected + rejected.length,
    };
    return { rejected, progress };
  }

  for await (const lines of splitLines(input.chunks, maxLineBytes))
    for (const line of lines) {
      waiting.push(line);
      if (waiting.length === linesPerCommit) yield await takeLines();
    }
  if (waiting.length > 0 || progress.lines === 0) yield await takeLines();
}

/** A line that holds no event at all. */
class BadLine {
  readonly fault: EventFault;

  constructor(fault: EventFault) {
    this.fault = fault;
  }
}

function readLine(text: string | null, isSuspect: boolean): unknown {
  if (text === null) return new BadLine(tooLarge);
  try {
    return parse(text, isSuspect);
  } catch {
    return new BadLine({ code: 'invalid_json', pointer: '', detail: 'The line is not JSON.' });
  }
}
