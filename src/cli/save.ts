import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CliFailure, exitCodes, usageFailure } from './failure.ts';
import type { Session } from './session.ts';

export interface Saved {
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
}

/**
 * Puts what is downloaded into a new file, for its owner alone: such files hold customers' data. A file that is there is
 * left as it is, and half a file is taken away again.
 *
 * @throws {CliFailure} `usage`: the file exists, or cannot be made; `download_cut_off`
 */
export async function saveTo(path: string, response: Response): Promise<Saved> {
  const hash = createHash('sha256');
  let bytes = 0;
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  const isOpen = await new Promise<NodeJS.ErrnoException | true>((resolve) => {
    file.once('open', () => resolve(true)).once('error', resolve);
  });
  if (isOpen !== true) {
    const detail = isOpen.code === 'EEXIST' ? `${path} is there already.` : `${path} cannot be made: ${isOpen.message}`;
    throw usageFailure(detail, isOpen.code === 'EEXIST' ? 'Name another file, or move this one away.' : null);
  }
  try {
    await pipeline(
      chunksOf(response),
      async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          bytes += chunk.byteLength;
          yield chunk;
        }
      },
      file,
    );
  } catch (error) {
    await rm(path, { force: true });
    throw new CliFailure({
      ...{ exitCode: exitCodes.unreachable, code: 'download_cut_off', fix: 'Try again.' },
      detail: `The download was cut off: ${error instanceof Error ? error.message : String(error)}`,
    });
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** Into `out`, or as it comes to standard output. */
export async function saveOrPrint(session: Session, out: string | undefined, response: Response): Promise<void> {
  if (out === undefined) {
    session.terminal.out(await response.text());
    return;
  }
  const saved = await saveTo(out, response);
  session.print({ file: out, ...saved }, () => `${out}  ${saved.bytes} bytes  sha256 ${saved.sha256}`);
}

function chunksOf({ body }: Response): Readable {
  return body === null ? Readable.from([]) : Readable.fromWeb(body);
}
