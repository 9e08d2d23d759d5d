import { Router, type Request } from 'express';
import { openCredentials, sealCredentials, type AccountCredentials } from '../../crypto/account-credentials.ts';
import type { ProviderAccountRow } from '../../db/entities/project.ts';
import { recordAudit } from '../../db/queries/audit.ts';
import {
  countInUse,
  findProviderAccount,
  listProviderAccounts,
  putProviderAccount,
} from '../../db/queries/provider-accounts.ts';
import type { Db } from '../../db/orm.ts';
import type { AccountKey } from '../../domain/provider-account.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import type { Caller, Need } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import type { Answer } from '../idempotency.ts';
import { presentProviderAccount, webhookUrl } from '../../present/project.ts';
import { checkCredentials, rotated } from '../provider-credentials.ts';
import { requireKeyRing } from '../require-key-ring.ts';
import { parseInput } from '../schemas/parse.ts';
import { connectWebhookBody, credentialsBody } from '../schemas/project.ts';
import { managedProject, readOps, writeOps } from './managed-project.ts';
import { operateOnce, type Operating } from './operate-once.ts';

const path = '/ops/projects/:project/accounts';

/** A project's own accounts at the providers, in the caller's mode. Values go in and never come out again. */
export function createProviderAccountRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route(path)
    .get(async (request, response) => {
      const em = deps.orm.em.fork();
      const { caller, project } = await managedProject(em, request, readOps);
      const rows = (await listProviderAccounts(em, project.id)).filter((row) => row.live === caller.live);
      const data = rows.map((row) => presentProviderAccount(row, deps.settings.publicUrl));
      response.json({ data, next_cursor: null });
    })
    .all(refuseMethod('GET'));
  router
    .route(`${path}/:provider`)
    .put(async (request, response) => {
      const em = deps.orm.em.fork();
      const { caller, key, row } = await accountIn(deps, em, request, writeOps);
      const { credentials } = parseInput(credentialsBody, request.body ?? {});
      const kept = await keep(deps, em, caller, key, row, credentials, row ? 'replaced' : 'created');
      response.status(row ? 200 : 201).json(kept);
    })
    .delete(operateOnce(deps, 'job', (operating) => remove(deps, operating)))
    .all(refuseMethod('PUT', 'DELETE'));
  router
    .route(`${path}/:provider/rotate`)
    .post(operateOnce(deps, 'job', (operating) => rotate(deps, operating)))
    .all(refuseMethod('POST'));
  addActions(router, deps);
  return router;
}

/** What a worker does at the provider while a person waits. */
function addActions(router: Router, deps: ApiDeps): void {
  router
    .route(`${path}/:provider/test`)
    .post(operateOnce(deps, 'job', (operating) => check(deps, operating)))
    .all(refuseMethod('POST'));
  router
    .route(`${path}/:provider/webhook`)
    .post(operateOnce(deps, 'job', (operating) => connect(deps, operating)))
    .all(refuseMethod('POST'));
}

async function remove(deps: ApiDeps, { em, request }: Operating): Promise<Answer> {
  const { caller, key, row } = await accountIn(deps, em, request, writeOps);
  if (!row) throw missing();
  const inUse = await countInUse(em, key);
  if (inUse > 0)
    throw refusal('provider_account_in_use', 'Open checkouts or live subscriptions still need this account.', {
      details: { in_use: inUse },
    });
  await em.transactional(async (tx) => {
    tx.remove(row);
    audit(tx, caller, key, 'removed', { before: audited(row), after: null });
  });
  await deps.providers.reload(key.projectId);
  return { status: 204, body: null };
}

async function rotate(deps: ApiDeps, { em, request, body }: Operating): Promise<Answer> {
  const { caller, key, row } = await accountIn(deps, em, request, writeOps);
  if (!row) throw missing();
  const { credentials } = parseInput(credentialsBody, body);
  const before = openCredentials(requireKeyRing(deps), key, row.credentials);
  const after = rotated(deps.providers.credentials(key.provider), before, credentials);
  return { status: 200, body: await keep(deps, em, caller, key, row, after, 'rotated') };
}

async function check(deps: ApiDeps, { em, request }: Operating): Promise<Answer> {
  const { key } = await accountIn(deps, em, request, writeOps);
  if ((await deps.providers.account(key.projectId, key.live, key.provider)) === null) throw missing();
  const { error, providerAccountId, name } = await asked(deps.temporal.checkProviderAccount(key));
  return { status: 200, body: { ok: error === null, provider_account_id: providerAccountId, name, why: error } };
}

async function connect(deps: ApiDeps, { em, request, body }: Operating): Promise<Answer> {
  const { caller, key, row } = await accountIn(deps, em, request, writeOps);
  if (!row) throw missing();
  parseInput(connectWebhookBody, body);
  const url = webhookUrl(deps.settings.publicUrl, key.projectId, key.provider);
  if (!deps.providers.operations(key.provider).includes('webhookEndpoints.create'))
    throw refusal('not_supported_by_provider', 'Register the address by hand at this provider.', {
      details: { webhook_url: url },
    });
  await asked(deps.temporal.connectProviderWebhook({ ...key, url, actor: caller.actor }));
  await deps.providers.reload(key.projectId);
  const fresh = await findProviderAccount(em.fork(), key);
  return { status: 200, body: presentProviderAccount(fresh ?? row, deps.settings.publicUrl) };
}

interface AccountInPath {
  readonly caller: Caller;
  readonly key: AccountKey;
  readonly row: ProviderAccountRow | null;
}

/** @throws {BillingError} `project_not_found`, `provider_not_found`, `insufficient_scope` */
async function accountIn(deps: ApiDeps, em: Db, request: Request, need: Need): Promise<AccountInPath> {
  const { caller, project } = await managedProject(em, request, need);
  const provider = pathParam(request, 'provider');
  if (!deps.providers.ids().includes(provider)) throw refusal('provider_not_found', 'No provider has this id.');
  const key = { projectId: project.id, live: caller.live, provider };
  return { caller, key, row: await findProviderAccount(em, key) };
}

async function keep(
  deps: ApiDeps,
  em: Db,
  caller: Caller,
  key: AccountKey,
  before: ProviderAccountRow | null,
  credentials: AccountCredentials,
  act: string,
) {
  const { isProduction, publicUrl } = deps.settings;
  checkCredentials(deps.providers, key, credentials, { isProduction });
  const sealed = sealCredentials(requireKeyRing(deps), key, credentials);
  const row = await em.transactional(async (tx) => {
    const credentialKeys = Object.keys(credentials).toSorted();
    const old = before && audited(before);
    const put = putProviderAccount(tx, key, before, { credentials: sealed, credentialKeys });
    audit(tx, caller, key, act, {
      detail: `keys: ${credentialKeys.join(', ')}`,
      ...(old && { before: old }),
      after: audited(put),
    });
    return put;
  });
  await deps.providers.reload(key.projectId);
  return presentProviderAccount(row, publicUrl);
}

/** Temporal away or the worker too slow: nothing is lost, the person asks again. */
async function asked<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw refusal('unavailable', 'No worker answered in time. Repeat the request.', { retryAfterMs: 2_000, cause });
  }
}

function missing() {
  return refusal('provider_account_not_found', 'The project has no account of its own at this provider.');
}

/** Which credentials there are, never what they are. */
function audited({ credentialKeys, version }: ProviderAccountRow) {
  return { credentials: [...credentialKeys], version };
}

function audit(
  em: Db,
  caller: Caller,
  key: AccountKey,
  act: string,
  more: { readonly detail?: string; readonly before?: object; readonly after?: object | null },
): void {
  recordAudit(em, {
    ...{ projectId: key.projectId, live: key.live, actor: caller.actor, action: `provider_account.${act}` },
    ...{ entityKind: 'provider_account', entityId: key.provider },
    ...more,
  });
}
