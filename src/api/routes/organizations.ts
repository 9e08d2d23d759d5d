import { Router } from 'express';
import type { Organization } from '../../db/entities/organization.ts';
import { recordAudit } from '../../db/queries/audit.ts';
import { ensureOrganization, findOrganization } from '../../db/queries/organizations.ts';
import type { Db } from '../../db/orm.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import { authorizeFor, callerOf, type Caller, type Need } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal, refusal } from '../error-codes.ts';
import { organizationId } from '../schemas/common.ts';
import { putOrganizationBody, type OrganizationAnswer, type PutOrganizationBody } from '../schemas/organization.ts';
import { parseInput } from '../schemas/parse.ts';

const read: Need = { scope: 'billing:read', permission: null };
const write: Need = { scope: 'billing:write', permission: null };

export function createOrganizationRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route('/billing/organizations/:id')
    .get(async (request, response) => {
      const caller = callerOf(request);
      const id = pathParam(request, 'id');
      authorizeFor(caller, read, id, 'organization_not_found');
      const row = await findOrganization(deps.orm.em.fork(), { projectId: caller.projectId, live: caller.live, id });
      if (!row) throw refusal('organization_not_found', 'No organization has this id.');
      response.json(present(row));
    })
    .put(async (request, response) => {
      const caller = callerOf(request);
      const id = pathParam(request, 'id');
      authorizeFor(caller, write, id, 'organization_not_found');
      if (!organizationId.safeParse(id).success) throw refusal('organization_not_found', 'This is no organization id.');
      const body = parseInput(putOrganizationBody, request.body ?? {});
      if (body.preferred_provider && !deps.providers.ids().includes(body.preferred_provider))
        throw fieldRefusal('validation_failed', '/preferred_provider', 'No provider has this id.');
      response.json(present(await putOrganization(deps.orm.em.fork(), caller, id, body)));
    })
    .all(refuseMethod('GET', 'PUT'));
  return router;
}

/** The log names the fields that changed; of their values only those that are no personal data. */
async function putOrganization(em: Db, caller: Caller, id: string, body: PutOrganizationBody): Promise<Organization> {
  const row = await ensureOrganization(em, { projectId: caller.projectId, live: caller.live, id });
  return em.transactional(async (tx) => {
    const before = audited(row);
    tx.assign(row, {
      ...(body.name !== undefined && { name: body.name }),
      ...(body.email !== undefined && { email: body.email }),
      ...(body.phone !== undefined && { phone: body.phone }),
      ...(body.country !== undefined && { country: body.country }),
      ...(body.preferred_provider !== undefined && { preferredProvider: body.preferred_provider }),
      ...(body.metadata !== undefined && { metadata: body.metadata }),
    });
    recordAudit(tx, {
      projectId: caller.projectId,
      live: caller.live,
      actor: caller.actor,
      action: 'organization.updated',
      entityKind: 'organization',
      entityId: id,
      detail: `fields: ${Object.keys(body).join(', ') || 'none'}`,
      before,
      after: audited(row),
    });
    return row;
  });
}

function audited({ country, preferredProvider }: Organization) {
  return { country, preferred_provider: preferredProvider };
}

function present(row: Organization): OrganizationAnswer {
  return {
    id: row.id,
    name: row.name,
    email: row.email,
    phone: row.phone,
    country: row.country,
    preferred_provider: row.preferredProvider,
    metadata: row.metadata,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}
