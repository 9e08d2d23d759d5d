import { join } from 'node:path';
import { type JsonRecord, readJsonFile, removeFile, writeJsonFile } from './json-file.ts';

/** What `.plinto/dev.json` tells scripts, tests and the demo about the running stack; null for what does not run. */
export interface DevFile {
  readonly api_url: string | null;
  readonly organization_id: string | null;
  readonly secret_key: string | null;
  readonly publishable_key: string | null;
  readonly ops_key: string | null;
  readonly sandbox_url: string | null;
  readonly sandbox_admin_token: string | null;
  readonly temporal_address: string | null;
  readonly temporal_namespace: string;
  readonly temporal_ui_url: string | null;
  readonly demo_url: string | null;
  readonly database_url: string | null;
  readonly pid: number;
  readonly children: Readonly<Record<string, number>>;
  readonly providers: Readonly<Record<string, JsonRecord>>;
}

const devFilePath = (stateDir: string) => join(stateDir, 'dev.json');

export function writeDevFile(stateDir: string, content: DevFile): void {
  writeJsonFile(devFilePath(stateDir), content);
}

export function removeDevFile(stateDir: string): void {
  removeFile(devFilePath(stateDir));
}

export function readApiUrl(stateDir: string): string | null {
  const url = readJsonFile(devFilePath(stateDir))?.['api_url'];
  return typeof url === 'string' ? url : null;
}
