import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { hashSecret, mintKey } from '../api/keys.ts';
import { loadConfig } from '../config.ts';
import { OrganizationEntity } from '../db/entities/organization.ts';
import { ApiKeyEntity, ProjectEntity } from '../db/entities/project.ts';
import { newId } from '../db/new-id.ts';
import { openOrm, type Db } from '../db/orm.ts';
import { createProviderDirectory } from '../providers/directory.ts';
import { seedCatalogue } from './seed-catalogue.ts';

/**
 * Fills a development database: the project `default`, an organization, three keys and the catalogue, pushed to every
 * configured provider. Safe to run again. Prints the keys as one JSON line; keeps them in `PLINTO_KEYS_FILE`, for the
 * database has only their hashes.
 */
const keysSchema = z.object({ secret_key: z.string(), publishable_key: z.string(), ops_key: z.string() });
type Keys = z.output<typeof keysSchema>;

const projectId = 'default';
const organizationId = 'org_demo';

const loaded = loadConfig(process.env);
if (!('config' in loaded)) throw new Error('the environment is not complete: start this by npm start');
if (loaded.config.environment === 'production') throw new Error('development keys have no place in production');
const orm = await openOrm(loaded.config.databaseUrl, { poolSize: 4 });
await seedProject(orm.em.fork());
const keys = await keepKeys(orm.em.fork(), process.env['PLINTO_KEYS_FILE']);
const providers = createProviderDirectory({
  env: process.env,
  http: () => ({ timeoutMs: 8_000 }),
  loadAccounts: () => Promise.resolve([]),
});
await seedCatalogue(orm.em.fork(), providers, projectId);
await orm.close();
console.log(JSON.stringify({ organization_id: organizationId, ...keys }));

async function seedProject(em: Db): Promise<void> {
  const now = new Date();
  await em.upsert(
    ProjectEntity,
    {
      id: projectId,
      name: 'Default',
      defaultCurrency: 'USD',
      defaultSuccessUrl: 'https://app.example/billing/success?checkout={CHECKOUT_ID}',
      defaultCancelUrl: 'https://app.example/billing',
      defaultPhone: '+525555555555',
      allowedOrigins: ['https://app.example', 'http://localhost:*', 'http://127.0.0.1:*'],
      routingPolicy: 'merchant-of-record',
      lifecyclePolicy: {},
      createdAt: now,
      updatedAt: now,
    },
    { onConflictAction: 'ignore' },
  );
  await em.upsert(
    OrganizationEntity,
    {
      projectId,
      live: false,
      id: organizationId,
      name: 'Demo Organization',
      email: 'demo@example.com',
      phone: null,
      country: null,
      preferredProvider: null,
      metadata: {},
      createdAt: now,
      updatedAt: now,
    },
    { onConflictAction: 'ignore' },
  );
}

async function keepKeys(em: Db, file: string | undefined): Promise<Keys> {
  const kept = file === undefined ? null : await readFile(file, 'utf8').catch(() => null);
  const keys = kept === null ? newKeys() : keysSchema.parse(JSON.parse(kept));
  if (kept === null && file !== undefined) await writeFile(file, JSON.stringify(keys, null, 2), { mode: 0o600 });
  const write = ['billing:read', 'billing:write', 'usage:write'];
  await keepKey(em, 'Development secret key', 'secret', keys.secret_key, write);
  await keepKey(em, 'Development browser key', 'publishable', keys.publishable_key, []);
  await keepKey(em, 'Development operator key', 'secret', keys.ops_key, [...write, 'ops:read', 'ops:write']);
  return keys;
}

function newKeys(): Keys {
  return {
    secret_key: mintKey('secret', false).key,
    publishable_key: mintKey('publishable', false).key,
    ops_key: mintKey('secret', false).key,
  };
}

async function keepKey(
  em: Db,
  name: string,
  kind: 'secret' | 'publishable',
  key: string,
  scopes: string[],
): Promise<void> {
  const keyHash = hashSecret(key);
  if (await em.findOne(ApiKeyEntity, { keyHash })) return;
  em.create(
    ApiKeyEntity,
    { id: newId('key'), projectId, live: false, kind, name, keyHash, scopes, revokedAt: null },
    { persist: true },
  );
  await em.flush();
}
