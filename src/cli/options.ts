import { readFileSync } from 'node:fs';
import { InvalidArgumentError, type Command } from 'commander';
import { usageFailure } from './failure.ts';
import { isObject, parseJson, type JsonObject } from './json.ts';
import type { Terminal } from './terminal.ts';

/** A whole number from 1 on. */
export function count(text: string): number {
  const read = Number(text);
  if (/^\d{1,9}$/.test(text) && read > 0) return read;
  throw new InvalidArgumentError('It is a whole number from 1 on.');
}

/** From 0 to 1. */
export function fraction(text: string): number {
  const read = Number(text);
  if (text.trim() !== '' && read >= 0 && read <= 1) return read;
  throw new InvalidArgumentError('It is a share from 0 to 1, like 0.05.');
}

/** `a,b,c` */
export function words(text: string): readonly string[] {
  const read = text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  if (read.length > 0) return read;
  throw new InvalidArgumentError('It is one word or several with commas between.');
}

export function counts(text: string): readonly number[] {
  return words(text).map(count);
}

/** For options that may come again and again. */
export function gather(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** An instant, with its zone, or a date, which means midnight in UTC. */
export function instant(text: string): string {
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const isInstant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text);
  const at = Date.parse(text);
  if ((isDate || isInstant) && !Number.isNaN(at)) return new Date(at).toISOString();
  throw new InvalidArgumentError('It is a date or an instant with its zone, like 2026-11-22 or 2026-11-22T18:00:00Z.');
}

export interface ListOptions {
  readonly limit: number;
  readonly all?: boolean;
  readonly cursor?: string;
}

/** The options of every list. */
export function listing(command: Command): Command {
  return command
    .option('--limit <n>', 'how many', count, 20)
    .option('--all', 'all of them, page by page')
    .option('--cursor <cursor>', 'go on where an earlier list ended (its next_cursor)');
}

/**
 * What a file holds, or standard input for `-`.
 *
 * @throws {CliFailure} `usage`
 */
export async function readFileOrInput(path: string, terminal: Terminal): Promise<string> {
  if (path === '-') return terminal.readInput();
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw usageFailure(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** @throws {CliFailure} `usage`: no such file, or no object in it */
export async function readJsonObject(path: string, terminal: Terminal): Promise<JsonObject> {
  const read = parseJson(await readFileOrInput(path, terminal));
  if (isObject(read)) return read;
  throw usageFailure(`${path} holds no JSON object.`);
}
