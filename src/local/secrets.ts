import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readJsonFile, stringAt, writeJsonFile } from './json-file.ts';

/** Made once and kept in the state directory: what was written with them must stay readable. */
export interface LocalSecrets {
  readonly postgresPassword: string;
  readonly sandboxAdminToken: string;
  /** The key ring's only entry: `<key id>:<32 bytes in base64>`. */
  readonly encryptionKeys: string;
}

export function loadSecrets(stateDir: string): LocalSecrets {
  const path = join(stateDir, 'secrets.json');
  const kept = readJsonFile(path) ?? {};
  const secrets: LocalSecrets = {
    postgresPassword: stringAt(kept, 'postgresPassword') ?? randomBytes(18).toString('base64url'),
    sandboxAdminToken: stringAt(kept, 'sandboxAdminToken') ?? `sbx_${randomBytes(18).toString('base64url')}`,
    encryptionKeys: stringAt(kept, 'encryptionKeys') ?? `k1:${randomBytes(32).toString('base64')}`,
  };
  writeJsonFile(path, secrets);
  return secrets;
}
