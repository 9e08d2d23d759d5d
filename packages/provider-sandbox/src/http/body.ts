import type { IncomingMessage } from 'node:http';

const MAX_BYTES = 10 * 1024 * 1024;

/** Reads the whole body; above 10 MiB the rest is dropped and one byte too many is kept, which callers refuse. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    if (size <= MAX_BYTES) chunks.push(bytes);
    size += bytes.length;
  }
  return Buffer.concat(chunks);
}

export const isTooLarge = (body: Buffer): boolean => body.length > MAX_BYTES;
