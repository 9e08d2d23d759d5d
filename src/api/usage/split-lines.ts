/** A line of a stream, by its number from 1; null: longer than allowed, and skipped. */
export interface Line {
  readonly number: number;
  readonly bytes: Buffer | null;
}

const newline = 10;

/**
 * Cuts a stream into its lines, blank ones left out. It holds one line and one chunk at a time, whatever comes.
 *
 * @yields the lines that each chunk completes.
 */
export async function* splitLines(
  chunks: AsyncIterable<Buffer>,
  maxLineBytes: number,
): AsyncGenerator<readonly Line[], void, void> {
  let begun: Buffer[] = [];
  let begunBytes = 0;
  let number = 0;

  function complete(end: Buffer): Line | null {
    number += 1;
    const isTooLong = begunBytes + end.length > maxLineBytes;
    const bytes = isTooLong ? null : begun.length === 0 ? end : Buffer.concat([...begun, end]);
    begun = [];
    begunBytes = 0;
    return bytes !== null && isBlank(bytes) ? null : { number, bytes };
  }

  for await (const chunk of chunks) {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      const line = complete(chunk.subarray(start, end));
      if (line !== null) lines.push(line);
      start = end + 1;
    }
    const rest = chunk.subarray(start);
    begunBytes += rest.length;
    // What is too long already is counted and forgotten.
    if (begunBytes > maxLineBytes) begun = [];
    else if (rest.length > 0) begun.push(rest);
    if (lines.length > 0) yield lines;
  }
  const last = begunBytes > 0 ? complete(Buffer.alloc(0)) : null;
  if (last !== null) yield [last];
}

function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte !== 32 && byte !== 9 && byte !== 13) return false;
  return true;
}
