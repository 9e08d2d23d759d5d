import { parseArgs } from 'node:util';
import { loadConfig } from '../src/config.ts';
import { openCredentials, sealCredentials } from '../src/crypto/account-credentials.ts';
import { openEndpointSecrets, sealEndpointSecrets } from '../src/crypto/endpoint-secrets.ts';
import { createKeyRing } from '../src/crypto/key-ring.ts';
import { openLicenseKey, sealLicenseKey } from '../src/crypto/license-key.ts';
import { OutboundEndpointEntity } from '../src/db/entities/outbound.ts';
import { LicenseKeyEntity } from '../src/db/entities/benefit.ts';
import { ProviderAccountEntity } from '../src/db/entities/project.ts';
import { ProviderEventEntity } from '../src/db/entities/records.ts';
import { openOrm } from '../src/db/orm.ts';

const usage = `node deploy/rotate-encryption-keys.ts

Seals everything that is encrypted at rest (provider accounts, secrets of webhook endpoints,
license keys, webhook bodies) anew with the first of ENCRYPTION_KEYS. Exports of customer data are gone within a day by
themselves: keep the old key that long.
1. Put the new key in front: ENCRYPTION_KEYS=new:…,old:…, and restart API, worker and relay.
2. Run this, with the same environment. It may be repeated, and interrupted.
3. Remove the old key, and restart again.`;

const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h', default: false } } });
const loaded = loadConfig(process.env);
if (values.help || !('config' in loaded) || loaded.config.encryptionKeys === null) {
  console.error(values.help ? usage : `DATABASE_URL and ENCRYPTION_KEYS must be set.\n\n${usage}`);
  process.exit(values.help ? 0 : 2);
}
const { encryptionKeys, databaseUrl } = loaded.config;
const ring = createKeyRing(encryptionKeys);
const orm = await openOrm(databaseUrl, { poolSize: 2 });
const accounts = await sealAccounts();
console.log(`provider accounts: ${accounts} sealed anew`);
const endpoints = await sealEndpoints();
console.log(`webhook endpoints: ${endpoints} sealed anew`);
const licenses = await sealLicenses();
console.log(`license keys: ${licenses} sealed anew`);
const bodies = await sealBodies();
console.log(`webhook bodies: ${bodies} sealed anew`);
await orm.close();

/** The version grows, so that every process reads them again; the credentials stay the same. */
async function sealAccounts(): Promise<number> {
  const em = orm.em.fork();
  const rows = await em.find(ProviderAccountEntity, {});
  for (const row of rows) {
    em.assign(row, {
      credentials: sealCredentials(ring, row, openCredentials(ring, row, row.credentials)),
      version: row.version + 1,
    });
  }
  await em.flush();
  return rows.length;
}

async function sealEndpoints(): Promise<number> {
  const em = orm.em.fork();
  const rows = await em.find(OutboundEndpointEntity, { deletedAt: null }, { populate: ['secrets'] });
  let count = 0;
  for (const row of rows) {
    const secrets = sealEndpointSecrets(ring, row, openEndpointSecrets(ring, row, row.secrets));
    // One that is rotated meanwhile is sealed with the new key already.
    count += await em.nativeUpdate(OutboundEndpointEntity, { id: row.id, secrets: row.secrets }, { secrets });
  }
  return count;
}

async function sealLicenses(): Promise<number> {
  let count = 0;
  for (let after = ''; ;) {
    const em = orm.em.fork();
    const wanted = { id: { $gt: after }, keySealed: { $ne: null } };
    const rows = await em.find(LicenseKeyEntity, wanted, { orderBy: { id: 'asc' }, limit: 500 });
    const last = rows.at(-1);
    if (!last) return count;
    for (const row of rows) {
      if (row.keySealed === null) continue;
      const key = openLicenseKey(ring, row.grantId, row.keySealed);
      em.assign(row, { keySealed: sealLicenseKey(ring, row.grantId, key) });
    }
    await em.flush();
    count += rows.length;
    after = last.id;
  }
}

async function sealBodies(): Promise<number> {
  let count = 0;
  for (let after = ''; ;) {
    const em = orm.em.fork();
    const rows = await em.find(
      ProviderEventEntity,
      { id: { $gt: after }, body: { $ne: null } },
      { populate: ['body'], orderBy: { id: 'asc' }, limit: 500 },
    );
    const last = rows.at(-1);
    if (!last) return count;
    for (const row of rows) if (row.body !== null) em.assign(row, { body: ring.encrypt(ring.decrypt(row.body)) });
    await em.flush();
    count += rows.length;
    after = last.id;
    console.log(`… ${count} webhook bodies`);
  }
}
