import { Router } from 'express';
import type { ApiKey } from '../../db/entities/project.ts';
import { isId } from '../../db/new-id.ts';
import { recordAudit } from '../../db/queries/audit.ts';
import { addApiKey, findOwnApiKey, listApiKeys } from '../../db/queries/keys.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import { decodeIdCursor, toPage } from '../cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import type { Answer } from '../idempotency.ts';
import { mintKey } from '../keys.ts';
import { presentApiKey } from '../../present/project.ts';
import { parseInput } from '../schemas/parse.ts';
import { createKeyBody, listKeysQuery } from '../schemas/project.ts';
import { findManaged, operator, readOps } from './managed-project.ts';
import { operateOnce, type Operating } from './operate-once.ts';

/** A project's API keys. Their mode is the caller's: a test key makes no live ones. */
export function createKeyRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/ops/keys')
    .get(async (request, response) => {
      const caller = operator(request, readOps);
      const { limit, cursor, project_id } = parseInput(listKeysQuery, request.query);
      const em = deps.orm.em.fork();
      const project = await findManaged(em, caller, project_id ?? caller.projectId);
      const owner = { projectId: project.id, live: caller.live };
      const rows = await listApiKeys(em, owner, { before: decodeIdCursor(cursor), limit });
      response.json(toPage(rows, limit, (row) => [row.id], presentApiKey));
    })
    .post(operateOnce(deps, 'key', create))
    .all(refuseMethod('GET', 'POST'));
  router
    .route('/ops/keys/:id')
    .delete(operateOnce(deps, 'key', revoke))
    .all(refuseMethod('DELETE'));
  return router;
}

/** The key is shown once: a repeat is answered without it. */
async function create({ em, caller, body: sent, id }: Operating): Promise<Answer> {
  const body = parseInput(createKeyBody, sent);
  const project = await findManaged(em, caller, body.project_id ?? caller.projectId);
  const known = await findOwnApiKey(em, id);
  if (known) return { status: 201, body: { ...presentApiKey(known), key: null } };
  const { key, hash } = mintKey(body.kind, caller.live);
  const row = await em.transactional(async (tx) => {
    const made = addApiKey(tx, {
      ...{ id, projectId: project.id, live: caller.live },
      ...{ kind: body.kind, name: body.name, keyHash: hash, scopes: body.scopes, revokedAt: null },
    });
    recordAudit(tx, {
      ...{ projectId: project.id, live: caller.live, actor: caller.actor, action: 'api_key.created' },
      ...{ entityKind: 'api_key', entityId: made.id, detail: `${body.kind} ${body.scopes.join(' ')}`.trim() },
      after: audited(made),
    });
    return made;
  });
  const shown = presentApiKey(row);
  return { status: 201, body: { ...shown, key }, kept: { ...shown, key: null } };
}

async function revoke({ em, caller, request }: Operating): Promise<Answer> {
  const id = pathParam(request, 'id');
  const row = isId('key', id) ? await findOwnApiKey(em, id) : null;
  if (!row || row.live !== caller.live) throw refusal('key_not_found', 'No key of yours has this id.');
  await findManaged(em, caller, row.projectId);
  if (row.revokedAt === null)
    await em.transactional(async (tx) => {
      const before = audited(row);
      tx.assign(row, { revokedAt: new Date() });
      recordAudit(tx, {
        ...{ projectId: row.projectId, live: row.live, actor: caller.actor, action: 'api_key.revoked' },
        ...{ entityKind: 'api_key', entityId: row.id, before, after: audited(row) },
      });
    });
  return { status: 200, body: presentApiKey(row) };
}

/** For the log: what the key may do, not what people call it. */
function audited({ kind, scopes, revokedAt }: ApiKey) {
  return { kind, scopes: [...scopes], revoked_at: revokedAt?.toISOString() ?? null };
}
