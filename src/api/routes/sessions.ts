import { Router } from 'express';
import { recordAudit } from '../../db/queries/audit.ts';
import { addSession } from '../../db/queries/keys.ts';
import { ensureOrganization } from '../../db/queries/organizations.ts';
import { refuseMethod } from '../answer.ts';
import { authorizeFor, callerOf, type Need } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { mintSessionToken } from '../keys.ts';
import { createSessionBody } from '../schemas/organization.ts';
import { parseInput } from '../schemas/parse.ts';

const write: Need = { scope: 'billing:write', permission: null };

/** Sessions are not kept by idempotency key: the token would be stored in clear. A repeat is another session. */
export function createSessionRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/billing/sessions')
    .post(async (request, response) => {
      const caller = callerOf(request);
      const body = parseInput(createSessionBody, request.body ?? {});
      const { projectId, live } = caller;
      authorizeFor(caller, write, body.organization_id, 'organization_not_found');
      const em = deps.orm.em.fork();
      await ensureOrganization(em, { projectId, live, id: body.organization_id });
      const { token, hash } = mintSessionToken();
      const expiresAt = new Date(Date.now() + body.expires_in * 1_000);
      const permissions = [...new Set(body.permissions)];
      const whose = { organizationId: body.organization_id, userId: body.user_id };
      addSession(em, { tokenHash: hash, ...whose, permissions, expiresAt, projectId, live });
      recordAudit(em, {
        projectId,
        live,
        actor: caller.actor,
        action: 'session.created',
        entityKind: 'organization',
        entityId: body.organization_id,
        detail: `permissions: ${permissions.join(', ')}; ${body.expires_in} s`,
        after: { permissions, expires_at: expiresAt.toISOString() },
      });
      await em.flush();
      response.status(201).json({ session_token: token, expires_at: expiresAt.toISOString() });
    })
    .all(refuseMethod('POST'));
  return router;
}
