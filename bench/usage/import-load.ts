import { Readable } from 'node:stream';
import { request } from 'undici';
import { usageBody } from '../load/usage-body.ts';
import type { Target } from '../stack/target.ts';
import { organizationCount } from './prepare.ts';

const linesPerChunk = 200;

export interface Imported {
  readonly accepted: number;
  readonly rejected: number;
  readonly elapsedMs: number;
}

/** Streams so many events by one import, made while they are sent, and reads its progress to the end. */
export async function importLoad(
  target: Target,
  input: { readonly run: string; readonly events: number },
): Promise<Imported> {
  const startMs = performance.now();
  const answer = await request(`${target.api_url}/api/v1/billing/usage/import`, {
    method: 'POST',
    headers: { authorization: `Bearer ${target.secret_key}`, 'content-type': 'application/x-ndjson' },
    body: Readable.from(chunks(input), { objectMode: false }),
    headersTimeout: 60_000,
    bodyTimeout: 60_000,
  });
  let tail = '';
  for await (const chunk of answer.body) tail = (tail + String(chunk)).slice(-1_000);
  const last = JSON.parse(tail.trim().split('\n').at(-1) ?? '{}') as Imported & { readonly done?: boolean };
  if (last.done !== true) throw new Error(`the import ended with ${tail.slice(-300)}`);
  return { accepted: last.accepted, rejected: last.rejected, elapsedMs: performance.now() - startMs };
}

async function* chunks({ run, events }: { readonly run: string; readonly events: number }): AsyncGenerator<string> {
  for (let index = 0; index < events; index += linesPerChunk) {
    const nowMs = Date.now();
    const count = Math.min(linesPerChunk, events - index);
    const lines = Array.from({ length: count }, (_, place) =>
      usageBody({ run, series: 'import', index: index + place, batch: 1, organizations: organizationCount, nowMs }),
    );
    yield `${lines.join('\n')}\n`;
  }
}
