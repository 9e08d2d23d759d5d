import { execFile } from 'node:child_process';
import { createWriteStream, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { Attempt, ResolveOptions } from './executable-ways.ts';
import { isExecutableFile } from './find-on-path.ts';
import { isRecord, stringAt } from './json-file.ts';

/** The service the Temporal SDKs themselves fetch their test servers from, asked as the TypeScript SDK asks it. */
const SERVICE = 'https://temporal.download';
export const SDK_VERSION = '1.24.0';
const ANSWER_TIMEOUT_MS = 4_000;
const DOWNLOAD_TIMEOUT_MS = 180_000;

export type Artifact = 'cli' | 'temporal-test-server';

/** Downloads a program into `target`. Without a network it gives up within seconds. */
export async function downloadFromSdk(artifact: Artifact, target: string, options: ResolveOptions): Promise<Attempt> {
  const { env = process.env, print, signal, answerTimeoutMs = ANSWER_TIMEOUT_MS } = options;
  try {
    const archive = await askForArchive(artifact, env['PLINTO_TEMPORAL_DOWNLOAD_URL'] ?? SERVICE, answerTimeoutMs);
    print?.(`… downloading ${artifact === 'cli' ? 'the Temporal CLI' : "Temporal's test server"}`);
    await fetchAndUnpack(archive, target, answerTimeoutMs, signal);
    return { path: target };
  } catch (error) {
    return { reason: `no answer from the download service (${reasonOf(error)})` };
  }
}

interface Archive {
  readonly url: string;
  readonly file: string;
}

async function askForArchive(artifact: Artifact, service: string, timeoutMs: number): Promise<Archive> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const query = new URLSearchParams({
    arch,
    platform,
    format: 'tar.gz',
    'sdk-name': 'sdk-typescript',
    'sdk-version': SDK_VERSION,
  });
  const response = await fetch(`${service}/${artifact}/default?${query.toString()}`, {
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const answer: unknown = await response.json();
  const url = isRecord(answer) ? stringAt(answer, 'archiveUrl') : null;
  const file = isRecord(answer) ? stringAt(answer, 'fileToExtract') : null;
  if (url === null || file === null) throw new Error('unexpected answer');
  return { url, file };
}

async function fetchAndUnpack(
  archive: Archive,
  target: string,
  answerTimeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const aside = `${dirname(target)}.${process.pid}.partial`;
  mkdirSync(aside, { recursive: true });
  try {
    const tooLate = AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS);
    const response = await firstBytes(
      archive.url,
      answerTimeoutMs,
      signal ? AbortSignal.any([signal, tooLate]) : tooLate,
    );
    const packed = join(aside, 'archive.tar.gz');
    await pipeline(Readable.from(response), createWriteStream(packed));
    await promisify(execFile)('tar', ['-xzf', packed, '-C', aside]);
    const unpacked = join(aside, archive.file);
    if (!isExecutableFile(unpacked)) throw new Error(`${archive.file} is not in the archive`);
    mkdirSync(dirname(target), { recursive: true });
    renameSync(unpacked, target);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

/** The archive may take minutes, but its first byte may not: behind some firewalls only that part hangs. */
async function firstBytes(
  url: string,
  answerTimeoutMs: number,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), answerTimeoutMs);
  const response = await fetch(url, { signal: AbortSignal.any([signal, patience.signal]) });
  clearTimeout(timer);
  if (!response.ok || response.body === null) throw new Error(`HTTP ${response.status}`);
  return response.body;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
