import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

export type JsonRecord = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function stringAt(record: JsonRecord, key: string): string | null {
  const value = record[key];
  return typeof value === 'string' ? value : null;
}

export function numberAt(record: JsonRecord, key: string): number | null {
  const value = record[key];
  return typeof value === 'number' ? value : null;
}

/** @returns null for a file that is missing or was cut off: the launcher's files can all be made again. */
export function readJsonFile(path: string): JsonRecord | null {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

/** Written aside and renamed, so that a reader sees the old content or the new, never half; for its owner alone. */
export function writeJsonFile(path: string, value: object): void {
  const aside = `${path}.${process.pid}.tmp`;
  writeFileSync(aside, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  chmodSync(aside, 0o600);
  renameSync(aside, path);
}

export function removeFile(path: string): void {
  rmSync(path, { force: true });
}
