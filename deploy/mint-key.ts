import { parseArgs } from 'node:util';
import { hashSecret, mintKey, scopes as allScopes } from '../src/api/keys.ts';
import { ApiKeyEntity, ProjectEntity } from '../src/db/entities/project.ts';
import { newId } from '../src/db/new-id.ts';
import { recordAudit } from '../src/db/queries/audit.ts';
import { openOrm } from '../src/db/orm.ts';

const usage = `node deploy/mint-key.ts --name "Backend" [--live] [--publishable] [--scopes billing:read,billing:write]

Makes an API key of the project "default" (and the project, where it is missing) in the database of DATABASE_URL.
The key is printed once; the database has only its hash. Scopes: ${allScopes.join(', ')}.`;

const { values } = parseArgs({
  options: {
    name: { type: 'string' },
    live: { type: 'boolean', default: false },
    publishable: { type: 'boolean', default: false },
    scopes: { type: 'string', default: 'billing:read,billing:write,usage:write' },
    help: { type: 'boolean', short: 'h' },
  },
});
const databaseUrl = process.env['DATABASE_URL'];
const scopes = values.publishable ? [] : values.scopes.split(',');
const unknown = scopes.filter((scope) => !allScopes.some((known) => known === scope));
if (values.help || !values.name || !databaseUrl || unknown.length > 0) {
  console.error(unknown.length > 0 ? `Unknown scopes: ${unknown.join(', ')}\n\n${usage}` : usage);
  process.exit(values.help ? 0 : 2);
}

const projectId = 'default';
const kind = values.publishable ? 'publishable' : 'secret';
const { key } = mintKey(kind, values.live);
const orm = await openOrm(databaseUrl, { poolSize: 1 });
const em = orm.em.fork();
if ((await em.findOne(ProjectEntity, { id: projectId })) === null) {
  const project = { id: projectId, name: 'Default', defaultCurrency: 'USD', routingPolicy: 'merchant-of-record' };
  const nothing = {
    defaultSuccessUrl: null,
    defaultCancelUrl: null,
    defaultPhone: null,
    allowedOrigins: [],
    lifecyclePolicy: {},
  };
  em.create(ProjectEntity, { ...project, ...nothing }, { persist: true });
  await em.flush();
}
const { name, live } = values;
const id = newId('key');
em.create(
  ApiKeyEntity,
  { id, projectId, live, kind, name, keyHash: hashSecret(key), scopes, revokedAt: null },
  { persist: true },
);
recordAudit(em, {
  ...{ projectId, live, actor: 'deploy/mint-key', action: 'api_key.created', entityKind: 'api_key', entityId: id },
  after: { kind, scopes, revoked_at: null },
});
await em.flush();
await orm.close();
console.log(key);
