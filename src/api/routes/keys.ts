import { Router } from 'express';
import type { ApiKey } from '../../db/entities/project.ts';
import { isId, newId } from '../../db/new-id.ts';
import { recordAudit } from '../../db/queries/audit.ts';
import { addApiKey, findOwnApiKey, listApiKeys } from '../../db/queries/keys.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import { decodeIdCursor, toPage } from '../cursor.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import { mintKey } from '../keys.ts';
import { presentApiKey } from '../../present/project.ts';
import { parseInput } from '../schemas/parse.ts';
import { createKeyBody, listKeysQuery } from '../schemas/project.ts';
import { findManaged, operator, readOps, writeOps } from './managed-project.ts';

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
    .post(async (request, response) => {
      const caller = operator(request, writeOps);
      const body = parseInput(createKeyBody, request.body ?? {});
      const em = deps.orm.em.fork();
      const project = await findManaged(em, caller, body.project_id ?? caller.projectId);
      const { key, hash } = mintKey(body.kind, caller.live);
      const row = await em.transactional(async (tx) => {
        const made = addApiKey(tx, {
          ...{ id: newId('key'), projectId: project.id, live: caller.live },
          ...{ kind: body.kind, name: body.name, keyHash: hash, scopes: body.scopes, revokedAt: null },
        });
        recordAudit(tx, {
          ...{ projectId: project.id, live: caller.live, actor: caller.actor, action: 'api_key.created' },
          ...{ entityKind: 'api_key', entityId: made.id, detail: `${body.kind} ${body.scopes.join(' ')}`.trim() },
          after: audited(made),
        });
        return made;
      });
      response.status(201).json({ ...presentApiKey(row), key });
    })
    .all(refuseMethod('GET', 'POST'));
  router
    .route('/ops/keys/:id')
    .delete(async (request, response) => {
      const caller = operator(request, writeOps);
      const em = deps.orm.em.fork();
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
      response.json(presentApiKey(row));
    })
    .all(refuseMethod('DELETE'));
  return router;
}

/** For the log: what the key may do, not what people call it. */
function audited({ kind, scopes, revokedAt }: ApiKey) {
  return { kind, scopes: [...scopes], revoked_at: revokedAt?.toISOString() ?? null };
}
